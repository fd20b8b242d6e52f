"""Rules of the architecture that the code itself can be asked about."""

import ast
import re
from pathlib import Path

import pytest
from service_kit.web.routing import StrictRoute

from tests.contract.rooms import ROOT, Room, composed

CLOCKS = {"now", "utcnow", "today", "time", "monotonic", "time_ns"}
SQL_TEXT = re.compile(r"^\s*(SELECT|INSERT INTO|UPDATE|DELETE FROM|WITH)\s", re.IGNORECASE)
PARTS = ("pyproject.toml", "Dockerfile", "README.md")


def modules(room: Room, *names: str) -> list[Path]:
    return sorted(
        path
        for path in room.sources.rglob("*.py")
        if (not names or path.stem in names) and "versions" not in path.parts
    )


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def named(path: Path, node: ast.AST) -> str:
    return f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}"


def test_domains_and_use_cases_never_read_the_clock(own_room: Room):
    found = [
        named(path, node)
        for path in modules(own_room, "domain", "use_cases")
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in CLOCKS
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id in {"datetime", "date", "time"}
    ]

    assert not found, "\n".join(found)


def test_only_composition_roots_and_the_kit_read_the_clock_at_all(own_room: Room):
    """`datetime.now()` anywhere else is a moment that no test can choose."""
    found = [
        named(path, node)
        for path in modules(own_room)
        if "testing" not in path.with_suffix("").parts
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Attribute)
        and node.attr in {"now", "utcnow", "today"}
        and isinstance(node.value, ast.Name)
        and node.value.id in {"datetime", "date"}
    ]

    assert not found, "\n".join(found)


def test_domains_make_no_ids(own_room: Room):
    found = [
        named(path, node)
        for path in modules(own_room, "domain", "use_cases")
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in {"uuid4", "uuid7", "new_id"}
    ]

    assert not found, "\n".join(found)


def test_domains_know_no_any(own_room: Room):
    found = [
        named(path, node)
        for path in modules(own_room, "domain", "use_cases")
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Name) and node.id == "Any"
    ]

    assert not found, "\n".join(found)


def test_sql_is_written_in_core_not_in_text(own_room: Room):
    found = [
        named(path, node)
        for path in modules(own_room)
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and SQL_TEXT.match(node.value)
        and "\n" not in node.value.strip()[:20]
        and re.search(r"\b(FROM|INTO|SET|VALUES)\b", node.value)
    ]

    assert not found, "\n".join(found)


def test_nothing_is_caught_that_cannot_be_answered(own_room: Room):
    """`except Exception` and bare `except` belong to the kit's one handler and to
    workers that log and go on.
    """
    found = []
    for path in modules(own_room):
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.ExceptHandler) and (
                node.type is None
                or (isinstance(node.type, ast.Name) and node.type.id == "BaseException")
            ):
                reraises = any(isinstance(inner, ast.Raise) for inner in ast.walk(node))
                found += [] if reraises else [named(path, node)]
            if isinstance(node, ast.ExceptHandler) and all(
                isinstance(inner, ast.Pass) for inner in node.body
            ):
                found.append(f"{named(path, node)} passes")

    assert not found, "\n".join(found)


def test_every_route_says_who_may_call_and_answers_with_a_response(own_room: Room):
    routes = [
        route for route in composed(own_room.package).routes if isinstance(route, StrictRoute)
    ]

    assert routes
    # What FastAPI resolves itself costs more; streams and files need it.
    assert [
        route.path
        for route in routes
        if route.plan is None and not route.path.endswith(("/stream", "-imports"))
    ] == []


def test_every_ignore_names_its_code_and_its_reason(own_room: Room):
    found = []
    for path in modules(own_room):
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            if re.search(r"#\s*type:\s*ignore(?!\[)", line) or re.search(r"#\s*noqa(?!:)", line):
                found.append(f"{path.relative_to(ROOT)}:{number}")

    assert not found, "\n".join(found)


@pytest.mark.parametrize("part", PARTS)
def test_every_room_is_a_distribution_of_its_own(own_room: Room, part: str):
    assert (own_room.folder / part).is_file()


def test_every_room_is_in_the_project_s_lists(own_room: Room):
    configuration = (ROOT / "pyproject.toml").read_text("utf-8")

    assert f'"{own_room.sources.relative_to(ROOT)}"' in configuration
    assert configuration.count(f'"{own_room.package}"') >= 2


def test_no_service_names_a_neighbor_s_schema(own_room: Room):
    """No query crosses a schema: nothing is qualified with another one's name."""
    others = {"customer_profile", "complaints", "scoring", "contact_center", "gateway"} - {
        own_room.package
    }
    qualified = re.compile(rf'schema\s*=\s*"({"|".join(others)})"|search_path|dblink|postgres_fdw')
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in modules(own_room)
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if qualified.search(line)
    ]

    assert not found, "\n".join(found)


def test_phones_are_read_in_one_place():
    """A door with a rule of its own takes what the others do not find."""
    found = [
        named(path, node)
        for folder in ("services", "gateway", "deploy")
        for path in (ROOT / folder).rglob("*.py")
        if not {"versions", "tests", "node_modules"} & set(path.parts)
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Import | ast.ImportFrom)
        and any(
            name.partition(".")[0] == "phonenumbers"
            for name in (getattr(node, "module", None) or "", *(each.name for each in node.names))
        )
    ]

    assert [place.partition(":")[0] for place in found] == [
        "services/_kit/service_kit/words/phones.py"
    ]


def test_no_region_is_taken_for_granted():
    """Which country a phone without its code is of stands in one setting."""
    found = [
        named(path, argument)
        for folder in ("services", "gateway")
        for path in (ROOT / folder).rglob("*.py")
        if "tests" not in path.parts
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for argument, default in defaults_of(node.args)
        if argument.arg == "region" and default is not None
    ]

    assert not found, "\n".join(found)


def defaults_of(arguments: ast.arguments) -> list[tuple[ast.arg, ast.expr | None]]:
    """Every argument with its default, None where it has to be given."""
    placed = [*arguments.posonlyargs, *arguments.args]
    lacking: list[ast.expr | None] = [None] * (len(placed) - len(arguments.defaults))
    return [
        *zip(placed, [*lacking, *arguments.defaults], strict=True),
        *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True),
    ]


def test_a_composition_root_holds_no_measure_of_its_own(own_room: Room):
    """What an operator may change is a default in settings.py;
    what is fixed is a constant in the module that applies it.
    """
    (root,) = (path for path in modules(own_room, "app") if path.parent == own_room.sources)
    given = [
        keyword
        for node in ast.walk(parsed(root))
        if isinstance(node, ast.Call)
        for keyword in node.keywords
    ]
    found = [
        f"{keyword.arg}={keyword.value.value}"
        for keyword in given
        if isinstance(keyword.value, ast.Constant) and type(keyword.value.value) in {int, float}
    ]
    found += [
        named(root, node)
        for node in parsed(root).body
        if isinstance(node, ast.Assign | ast.AnnAssign)
        and isinstance(node.value, ast.Constant)
        and type(node.value.value) in {int, float}
    ]

    assert given
    assert found == []
