"""The code says what the house says:
no words that mean anything, no unfinished places, sentences for tests.
"""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.rooms import ROOT

FORBIDDEN = {
    "utils",
    "util",
    "helpers",
    "helper",
    "manager",
    "common",
    "base",
    "misc",
    "data",
    "info",
}
# A folder of sheets for the demo holds data and nothing else; the address that others are relative
# to is called a base.
FOLDERS_OF_DATA = {"data"}
NAMES_OF_THE_TRADE = {"base_url"}
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK|raise NotImplementedError|placeholder|stub)\b")
LONGEST_FILE = 480
LONGEST_FUNCTION = 85
# Lists what is there: the tables of a release are one long sentence.
LISTS = {"kit_schema.py"}
BRITISH = re.compile(
    # Behind a dot stands somebody else's name.
    r"(?<!\.)\b(colour|behaviour|favour|honour|organis\w+|recognis\w+|normalis\w+|cancell(?:ed|ing)|catalogue|licence|centre|grey)\b"
)


def sources() -> list[Path]:
    """Every Python file of ours."""
    folders = ("services", "gateway", "deploy", "tests", "tools")
    return sorted(
        path
        for folder in folders
        for path in (ROOT / folder).rglob("*.py")
        if not {"node_modules", "__pycache__"} & set(path.parts)
    )


def product() -> list[Path]:
    """Without tests, benches and migrations."""
    return [
        path for path in sources() if not {"tests", "versions"} & set(path.relative_to(ROOT).parts)
    ]


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.fixture(scope="module")
def trees() -> dict[Path, ast.Module]:
    return {path: ast.parse(path.read_text("utf-8")) for path in sources()}


def test_every_module_says_in_one_sentence_what_lives_in_it(trees: dict[Path, ast.Module]):
    found = []
    for path in product():
        docstring = ast.get_docstring(trees[path])
        if path.name == "__init__.py" and not path.read_text("utf-8").strip():
            continue
        if not docstring or not docstring.partition("\n\n")[0].rstrip().endswith((".", ":")):
            found.append(named(path))

    assert not found, "\n".join(found)


def test_no_file_is_longer_than_a_reader_s_patience():
    found = [
        f"{named(path)}: {length}"
        for path in sources()
        if (length := len(path.read_text("utf-8").splitlines())) > LONGEST_FILE
    ]

    assert not found, "\n".join(found)


def test_no_function_is_longer_than_a_page(trees: dict[Path, ast.Module]):
    found = [
        f"{named(path)}:{node.lineno} {node.name}: {length}"
        for path in product()
        if path.name not in LISTS
        for node in ast.walk(trees[path])
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (length := (node.end_lineno or 0) - node.lineno + 1) > LONGEST_FUNCTION
    ]

    assert not found, "\n".join(found)


def test_no_name_is_a_word_that_means_anything(trees: dict[Path, ast.Module]):
    found = []
    for path in product():
        parts = {*path.relative_to(ROOT).with_suffix("").parts[1:]} - FOLDERS_OF_DATA
        found += [
            f"{named(path)}: {part}" for part in parts if FORBIDDEN & set(part.lower().split("_"))
        ]
        for node in ast.walk(trees[path]):
            if (
                isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
                and node.name not in NAMES_OF_THE_TRADE
                and FORBIDDEN & set(node.name.lower().split("_"))
            ):
                found.append(f"{named(path)}:{node.lineno} {node.name}")
            # `...Data` is the kit's word for what an event carries.
            if isinstance(node, ast.ClassDef) and (FORBIDDEN - {"data"}) & set(words_of(node.name)):
                found.append(f"{named(path)}:{node.lineno} {node.name}")

    assert not found, "\n".join(found)


def words_of(name: str) -> list[str]:
    return [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z][a-z0-9]+|[a-z0-9]+", name)]


def test_nothing_is_left_unfinished():
    this = Path(__file__)
    found = [
        f"{named(path)}:{number}: {line.strip()[:80]}"
        for path in sources()
        if path != this
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if UNFINISHED.search(line) and "except" not in line
    ]

    assert not found, "\n".join(found)


def test_spelling_is_american():
    this = Path(__file__)
    found = [
        f"{named(path)}:{number}: {match[0]}"
        for path in product()
        if path != this
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if (match := BRITISH.search(line))
    ]

    assert not found, "\n".join(found)


def test_nothing_names_a_machine_s_folders_or_a_registry():
    places = re.compile(
        r"/(?:work|farm)/[a-z.]|--(?:extra-)?index-url|\"resolved\": *\"http|https?://[^"
        r" \"]*/simple\b"
    )
    this = Path(__file__)
    found = [
        f"{named(path)}:{number}"
        for path in committed()
        if path != this
        for number, line in enumerate(path.read_text("utf-8", errors="replace").splitlines(), 1)
        if places.search(line)
    ]

    assert not found, "\n".join(found)


def committed() -> Iterator[Path]:
    """The files that people read: sources, texts and configuration."""
    kinds = {
        ".py",
        ".md",
        ".toml",
        ".yaml",
        ".yml",
        ".json",
        ".txt",
        ".in",
        ".sh",
        ".sql",
        ".cfg",
        ".ini",
        "",
    }
    skipped = {
        ".git",
        ".venv",
        ".venv-clients",
        "node_modules",
        "__pycache__",
        ".guanxi",
        ".hypothesis",
        ".mypy_cache",
        ".ruff_cache",
        ".pytest_cache",
    }
    for path in ROOT.rglob("*"):
        if (
            path.is_file()
            and path.suffix in kinds
            and not skipped & set(path.parts)
            and path.stat().st_size < 1_000_000
        ):
            yield path


def test_test_files_have_names_of_their_own():
    names = Counter(path.name for path in sources() if path.name.startswith("test_"))

    assert [name for name, count in names.items() if count > 1] == []


def test_test_folders_are_no_packages():
    commands = {
        ROOT / "tests" / folder / "__init__.py"
        for folder in ("faults", "bench", "conformance", "clients")
    }
    found = [
        named(path)
        for path in sources()
        if path.name == "__init__.py" and "tests" in path.parts and path not in commands
    ]

    assert not found, "\n".join(found)


def test_every_test_can_fail(trees: dict[Path, ast.Module]):
    checks = re.compile(r"\bassert\b|raises|check|expect|verify|should|run_state_machine|fails")
    found = [
        f"{named(path)}:{node.lineno} {node.name}"
        for path in sources()
        if path.name.startswith("test_")
        for node in ast.walk(trees[path])
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
        and not checks.search(ast.unparse(node))
    ]

    assert not found, "\n".join(found)


def test_names_of_tests_are_sentences(trees: dict[Path, ast.Module]):
    found = [
        f"{named(path)}:{node.lineno} {node.name}"
        for path in sources()
        if path.name.startswith("test_")
        for node in trees[path].body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
        and node.name.count("_") < 3
    ]

    assert not found, "\n".join(found)


def test_nothing_prints_but_commands(trees: dict[Path, ast.Module]):
    commands = {
        "command.py",
        "__main__.py",
        "contracts.py",
        "environment.py",
        "revisions.py",
        "wheels.py",
        "frozen.py",
    }
    found = [
        f"{named(path)}:{node.lineno}"
        for path in product()
        if path.name not in commands and "bench" not in path.parts
        for node in ast.walk(trees[path])
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "print"
    ]

    assert not found, "\n".join(found)
