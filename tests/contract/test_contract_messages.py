"""Every sentence that callers may read is in a catalog in Chinese too, with the same places;
no catalog holds what nobody says.
"""

import ast
import importlib
import inspect
import json
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from string import Formatter
from types import ModuleType

import pytest
from scoring.model.refusals import ModelRefused
from service_kit.web.problems import TITLES
from service_kit.words.errors import Fault, Refusal, first_sentence
from service_kit.words.messages import Messages
from service_kit.words.wording import EMPTY, PATTERNS, WORDING

PACKAGES = ("service_kit", "customer_profile", "complaints", "scoring", "contact_center", "gateway")
FIRST_CHINESE = "\u3000"
"""Ideographs and the punctuation that goes with them."""
CHECKERS = ("schemas", "words", "reading")
"""Modules whose plain ValueErrors become faults of a request or of a row."""
SAYING = (
    "said",
    "refused",
    "_refused",
    "Row",
    "RowRefused",
    "RowNotReadable",
    "UpstreamFailed",
    "AddressRefused",
    "_explained",
)
PLACES = {"Fault": 1, "RowRefused": 1, "UpstreamFailed": 1, "Row": 2, "_explained": 2}
"""Where the sentence is not the first thing that is given."""
LEFT_OUT = ("migrations", "__main__", "testing")


def modules_of(package: str) -> list[ModuleType]:
    root = importlib.import_module(package)
    names = [found.name for found in pkgutil.walk_packages(root.__path__, f"{package}.")]
    return [
        root,
        *(
            importlib.import_module(name)
            for name in names
            if not set(LEFT_OUT) & set(name.split("."))
        ),
    ]


def is_said_by(call: ast.Call, module: ModuleType) -> bool:
    """Whether the call's sentence goes to a caller:
    `said(...)`, a refusal, a fault, or a check of a schema.
    """
    name = call.func.id if isinstance(call.func, ast.Name) else ""
    made = getattr(module, name, None)
    if (
        name in SAYING
        or made is Fault
        or (name == "ValueError" and module.__name__.rpartition(".")[2] in CHECKERS)
    ):
        return True
    return inspect.isclass(made) and issubclass(made, (Refusal, ModelRefused))


def sentences_of(module: ModuleType) -> Iterator[tuple[int, object]]:
    """Line and sentence of every call that says one;
    what is put together on the spot is no text.
    """
    tree = ast.parse(Path(module.__file__ or "").read_text("utf-8"))
    for call in (
        node for node in ast.walk(tree) if isinstance(node, ast.Call) and is_said_by(node, module)
    ):
        place = PLACES.get(call.func.id if isinstance(call.func, ast.Name) else "", 0)
        if len(call.args) <= place:
            continue
        for argument in alternatives(call.args[place]):
            if isinstance(argument, ast.Constant):
                yield call.lineno, argument.value
            elif isinstance(argument, ast.Name) and isinstance(
                named := getattr(module, argument.id, None), str
            ):
                yield call.lineno, named
            elif not is_said_elsewhere(argument):
                yield call.lineno, None


def alternatives(argument: ast.expr) -> list[ast.expr]:
    if isinstance(argument, ast.BoolOp):
        return argument.values
    return [argument.body, argument.orelse] if isinstance(argument, ast.IfExp) else [argument]


def is_said_elsewhere(argument: ast.expr) -> bool:
    """A `said(...)` of its own, a variable, or what another error says:
    these are looked at where they are made.
    """
    if isinstance(argument, ast.Call):
        return isinstance(argument.func, ast.Name) and argument.func.id in ("said", "worded")
    return isinstance(argument, ast.Name) or (
        isinstance(argument, ast.Attribute)
        and argument.attr in ("detail", "description", "problem")
    )


def refusals_of(package: str) -> list[type[Refusal]]:
    found, pending = [], [Refusal]
    while pending:
        kind = pending.pop()
        pending.extend(kind.__subclasses__())
        found.append(kind)
    return [kind for kind in found if kind is not Refusal and is_ours(kind, package)]


def is_ours(kind: type[Refusal], package: str) -> bool:
    names = kind.__module__.split(".")
    return names[0] == package and not set(LEFT_OUT) & set(names)


def constants_of(module: ModuleType) -> Iterator[str]:
    for node in ast.walk(ast.parse(Path(module.__file__ or "").read_text("utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield " ".join(node.value.strip().split("\n\n")[0].split())


def catalog_of(package: str, language: str = "zh-CN") -> dict[str, str]:
    root = Path(importlib.import_module(package).__file__ or "").parent
    path = root / "languages" / f"{language}.json"
    return dict(json.loads(path.read_text("utf-8"))) if path.exists() else {}


def places(template: str) -> set[str]:
    """`{at}` and the `{at.year}` of another language are one place."""
    return {name.partition(".")[0] for _, name, _, _ in Formatter().parse(template) if name}


@pytest.mark.parametrize("package", PACKAGES)
def test_every_sentence_for_callers_is_there_in_chinese(package: str) -> None:
    known = {**catalog_of("service_kit"), **catalog_of(package)}
    missing: list[str] = []
    for module in modules_of(package):
        for line, sentence in sentences_of(module):
            if sentence is None:
                missing.append(
                    f"{module.__name__}:{line}: put together on the spot; write said(template, ...)"
                )
            elif sentence and sentence not in known:
                missing.append(f"{module.__name__}:{line}: {sentence}")
    missing += [
        f"{kind.__module__}: {first_sentence(kind)}"
        for kind in refusals_of(package)
        if first_sentence(kind) not in known
    ]

    assert not missing, "\n".join(missing)


def test_every_wording_of_a_fault_is_there_in_chinese() -> None:
    known = catalog_of("service_kit")

    assert [
        text
        for text in {*WORDING.values(), *PATTERNS.values(), *TITLES.values(), EMPTY}
        if text not in known
    ] == []


@pytest.mark.parametrize("package", PACKAGES)
def test_a_catalog_holds_what_is_said_and_in_chinese_with_the_same_places(package: str) -> None:
    told = {text for module in modules_of(package) for text in constants_of(module)} | set(
        TITLES.values()
    )
    catalog, labels = catalog_of(package), catalog_of(package, "en")
    english_of = {key: labels.get(key, key) for key in catalog}

    assert [key for key in catalog if key not in told and key not in labels] == []
    assert [key for key in labels if key not in catalog] == []
    assert [
        english for key, english in english_of.items() if places(english) != places(catalog[key])
    ] == []
    assert [
        english
        for english, chinese in catalog.items()
        if not any(letter >= FIRST_CHINESE for letter in chinese)
    ] == []


def test_no_two_packages_say_the_same_sentence_differently() -> None:
    shared = catalog_of("service_kit")

    assert [
        (package, text)
        for package in PACKAGES[1:]
        for text in catalog_of(package)
        if text in shared
    ] == []
    assert Messages().spoken("Not Found", "zh-CN") == shared["Not Found"]
