"""The recipes of CONTRIBUTING name every file in which their example stands."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PRODUCT = ("services", "gateway", "deploy")
TEXTS = frozenset(
    {".py", ".json", ".toml", ".md", ".yaml", ".sh", ".sql", ".example", ".dockerignore"}
)
# Migrations are drafted, tests and benches follow, the demo is data.
BESIDE = frozenset({"tests", "migrations", "versions", "bench", "demo", "node_modules"})
RECIPE = re.compile(r"^### (.+)$", re.MULTILINE)
NAMED = re.compile(r"`([\w./-]+\.\w+|[\w./-]+/Dockerfile|\.dockerignore)`")


@dataclass(frozen=True)
class Example:
    """What the example of a recipe is known by, and below which folders it is looked for."""

    pattern: str
    folders: tuple[str, ...] = PRODUCT


EXAMPLES: Mapping[str, Example] = {
    "A move": Example(r"(?i)\b(move\.)?reopening\b", ("services/complaints/complaints",)),
    "A channel": Example(r'"fax"|\.FAX\b|"timeline\.contact\.voice"'),
    "An identifier type": Example(r"(?i)\bwechat\b|\bKEY = .*loyalty"),
    "A score": Example(r"\bp_alive\b", ("services/scoring",)),
    "A field": Example(r"\baccount_manager\b"),
    "An event and its reader": Example(
        r"\bTierChanged\b",
        ("services/scoring", "services/customer-profile", "services/contact-center"),
    ),
    "A setting": Example(r"(?i)\b(guanxi_)?compensation_days\b"),
    "A language": Example(r"", ("services", "gateway")),
    "A new slice": Example(r"\bnote_routes\b|complaints\.note\.|\bFORGET_NOTES\b|\bnote_table\("),
    "A new service": Example(r"contact[-_]center", (".",)),
}
# Where an example is spoken of and nothing has to be written.
SPOKEN_OF: Mapping[str, frozenset[str]] = {
    "A new slice": frozenset(
        {
            "services/_kit/README.md",
            "services/_kit/service_kit/store/notes.py",
            "services/customer-profile/customer_profile/customer/erasing.py",
            "services/customer-profile/customer_profile/tables.py",
        }
    ),
}


def recipes() -> Mapping[str, str]:
    page = (ROOT / "CONTRIBUTING.md").read_text("utf-8").partition("## Recipes")[2]
    parts = RECIPE.split(page)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


def named(recipe: str) -> set[str]:
    return {path for path in NAMED.findall(recipe) if (ROOT / path).is_file()}


def sources(folder: str) -> list[Path]:
    """The files below a folder that somebody writes; of the root those that stand in it."""
    if folder == ".":
        inner = [path for each in PRODUCT for path in sources(each)]
        return inner + [path for path in ROOT.iterdir() if path.is_file()]
    return [
        path
        for path in (ROOT / folder).rglob("*")
        if path.is_file()
        and not BESIDE & set(path.relative_to(ROOT).parts)
        and not any(part.startswith(".") for part in path.relative_to(ROOT).parts[:-1])
    ]


def standing(title: str) -> set[str]:
    """The files in which the example of a recipe stands."""
    example = EXAMPLES[title]
    pattern = re.compile(example.pattern)
    found = set()
    for path in (path for folder in example.folders for path in sources(folder)):
        is_text = path.suffix in TEXTS or path.name == ".dockerignore"
        if title == "A language":
            is_text = path.parent.name == "languages" and path.name == "zh-CN.json"
        if title == "A new service" and "contact-center" in path.parts:
            continue
        if is_text and pattern.search(path.read_text("utf-8")):
            found.add(path.relative_to(ROOT).as_posix())
    return found


def test_there_is_an_example_for_every_recipe():
    assert set(recipes()) - {"Rules that every change keeps"} == set(EXAMPLES)


@pytest.mark.parametrize("title", EXAMPLES)
def test_a_recipe_names_every_file_in_which_its_example_stands(title: str):
    found = standing(title)

    assert len(found) >= 3
    assert found - named(recipes()[title]) - SPOKEN_OF.get(title, frozenset()) == set()


@pytest.mark.parametrize("title", EXAMPLES)
def test_what_a_recipe_names_is_there(title: str):
    paths = {path for path in NAMED.findall(recipes()[title]) if "/" in path}

    assert len(paths) >= 3
    assert [path for path in sorted(paths) if not (ROOT / path).is_file()] == []
