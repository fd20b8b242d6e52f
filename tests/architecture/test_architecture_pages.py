"""What pages point at is there, and the glossary's words are in use."""

import os
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
UNSEEN = frozenset({"node_modules", ".venv", ".git"})
LINK = re.compile(r"\]\(([^)#\s]+)[^)]*\)")
WRITTEN = re.compile(r"`([\w.-]+(?:/[\w.-]+)+\.(?:py|toml|json|yaml|sh|sql|md|in|txt))`")
WORD = re.compile(r"^\| (\w+) \| .+ \| `(\S+)` \|$", re.MULTILINE)
SLICES = re.compile(r"^\| `(\w+)` \| (.+ > .+) \|$", re.MULTILINE)


def pages() -> Iterator[Path]:
    for page in ROOT.rglob("*.md"):
        parts = page.relative_to(ROOT).parts
        if not UNSEEN & set(parts) and not any(part.startswith(".") for part in parts[:-1]):
            yield page


def test_no_link_of_a_page_leads_nowhere():
    dangling = [
        f"{page.relative_to(ROOT)}: {link}"
        for page in pages()
        for link in LINK.findall(page.read_text("utf-8"))
        if "://" not in link and not link.startswith("mailto:")
        if not (page.parent / link).exists()
    ]

    assert len(list(pages())) > 20
    assert dangling == []


def files() -> Iterator[str]:
    """The files and folders of the repository, from the root."""
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [each for each in folders if each not in UNSEEN]
        for name in (*folders, *names):
            yield "/" + (Path(folder) / name).relative_to(ROOT).as_posix()


def test_no_page_names_a_file_that_is_not_there():
    """A page may leave out the folders that it is about: `case/domain.py`."""
    there = tuple(files())

    dangling = [
        f"{page.relative_to(ROOT)}: {path}"
        for page in pages()
        for path in WRITTEN.findall(page.read_text("utf-8"))
        if not any(each.endswith(f"/{path}") for each in there)
    ]

    assert dangling == []


def test_each_word_of_the_glossary_is_in_use_where_it_says():
    found = WORD.findall((ROOT / "docs" / "glossary.md").read_text("utf-8"))
    there = tuple(files())

    unused = []
    for word, path in found:
        (place,) = (each for each in there if each.endswith(f"/{path}"))
        text = (ROOT / place.lstrip("/")).read_text("utf-8")
        if not re.search(rf"(?i)(?<![a-z]){word}", text):
            unused.append(f"{word}: {path}")

    assert len(found) > 20
    assert unused == []


def test_the_page_of_the_architecture_shows_the_slices_as_they_are_held():
    page = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    house = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]
    held = {
        contract["containers"][0]: [
            set(layer.split(" | ")) - {"__main__"} for layer in contract["layers"]
        ]
        for contract in house["contracts"]
        if contract["type"] == "layers" and len(contract["containers"]) == 1
    }

    drawn = {
        package: [set(layer.split(", ")) for layer in slices.split(" > ")]
        for package, slices in SLICES.findall(page)
    }

    assert len(drawn) == 5
    assert drawn == {package: [layer for layer in held[package] if layer] for package in drawn}
