"""Every thin client asks for operations and fields that its neighbors' contracts have."""

import ast
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from guanxi_local.parts import PARTS
from service_kit.work.consumer import Consumer
from service_kit.work.news import Anything, families_of

from tests.contract.asking import leaves, resolved
from tests.contract.rooms import ROOT, Room, composed, referred, rooms

OPENAPI = ROOT / "openapi"
METHODS = {"get": "get", "post": "post"}
# Members that every answer may have, whatever its schema.
OF_PROBLEMS = {"status", "detail", "title", "type", "allowed_moves", "errors"}


@dataclass(frozen=True)
class Question:
    """One call of a neighbor, as it stands in the code."""

    method: str
    path: str
    params: frozenset[str]
    line: int


def clients() -> list[Path]:
    return sorted(
        path
        for room in rooms()
        for path in (room.sources / "clients").glob("*.py")
        if path.name != "__init__.py"
    )


def asked_services(path: Path) -> str:
    """A client's file is called like the service that it asks."""
    return path.stem.replace("_", "-")


@cache
def contract(service: str) -> Mapping[str, Any]:
    document: Mapping[str, Any] = json.loads((OPENAPI / f"{service}.json").read_text("utf-8"))
    return document


def questions(tree: ast.AST) -> Iterator[Question]:
    """Every `client.get("/v1/...")` and `client.post(...)`,
    with the names of its params where they are written out.
    """
    named = {
        target.id: node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(tree):
        if not (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in METHODS
            and node.args
        ):
            continue
        path = template(node.args[0])
        if path is None or not path.startswith("/v1/"):
            continue
        params = next((keyword.value for keyword in node.keywords if keyword.arg == "params"), None)
        params = named.get(params.id, params) if isinstance(params, ast.Name) else params
        names = (
            [key.value for key in params.keys if isinstance(key, ast.Constant)]
            if isinstance(params, ast.Dict)
            else []
        )
        yield Question(METHODS[node.func.attr], path, frozenset(map(str, names)), node.lineno)


def template(node: ast.expr) -> str | None:
    """A path with `{}` in the place of what is put in."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(
            str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values
        )
    return None


def operation_of(document: Mapping[str, Any], question: Question) -> Mapping[str, Any] | None:
    for path, item in document["paths"].items():
        if re.sub(r"\{\w+\}", "{}", path) == question.path and question.method in item:
            found: Mapping[str, Any] = item[question.method]
            return found
    return None


def read_names(tree: ast.AST) -> set[str]:
    """The names of members that a client reads: `answer["name"]` and `answer.get("name")`."""
    read = set()
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Subscript)
            and isinstance(node.slice, ast.Constant)
            and isinstance(node.slice.value, str)
        ):
            read.add(node.slice.value)
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == "get"
            and len(node.args) in (1, 2)
        ):
            first = node.args[0]
            if (
                isinstance(first, ast.Constant)
                and isinstance(first.value, str)
                and not first.value.startswith("/")
            ):
                read.add(first.value)
    return read


@pytest.mark.parametrize(
    "path", clients(), ids=lambda path: f"{path.parent.parent.name}-{path.stem}"
)
def test_a_client_asks_for_what_the_contract_has(path: Path):
    tree = ast.parse(path.read_text("utf-8"))
    document = contract(asked_services(path))
    asked = list(questions(tree))
    known: set[str] = set(OF_PROBLEMS)
    found = []
    for question in asked:
        operation = operation_of(document, question)
        if operation is None:
            found.append(
                f"line {question.line}: there is no {question.method.upper()} {question.path}"
            )
            continue
        parameters = {
            referred(parameter, document)["name"] for parameter in operation.get("parameters", ())
        }
        found += [
            f"line {question.line}: {question.path} has no parameter {name}"
            for name in question.params - parameters
        ]
        for status, answer in operation["responses"].items():
            if str(status).startswith("2"):
                for body in referred(answer, document).get("content", {}).values():
                    known |= set(leaves(resolved(body["schema"], document), document))
    found += [
        f"{name} is in no answer of {asked_services(path)}" for name in read_names(tree) - known
    ]

    assert asked, f"{path} asks nothing"
    assert not found, "\n".join(found)


def test_the_gateway_composes_what_services_have():
    """The overview asks several services at once; its paths are those of their contracts."""
    room: Room = next(room for room in rooms() if room.package == "gateway")
    paths = {
        question
        for source in (room.sources / "overview").glob("*.py")
        for question in re.findall(r'"(/v1/[a-z/{}_-]+)', source.read_text("utf-8"))
    }
    known = {
        re.sub(r"\{\w+\}", "{}", path)
        for name in OPENAPI.glob("*.json")
        for path in contract(name.stem)["paths"]
    }

    assert {re.sub(r"\{\w*\}", "{}", path) for path in paths} - known == set()


def followed() -> Iterator[tuple[str, str, list[str]]]:
    """Who follows whom for which families of events."""
    for room in rooms():
        for worker in composed(room.package).workers:
            # The gateway forwards all that there is, with a token that it makes for that.
            if isinstance(worker, Consumer) and Anything not in worker.reads:
                yield room.name, worker.source, sorted(families_of(worker.reads))


@pytest.mark.parametrize(("service", "source", "families"), list(followed()))
def test_who_follows_a_feed_names_families_that_it_has_and_may_read(
    service: str, source: str, families: list[str]
):
    """A family that is misspelled, or whose scope the service's client is not registered with,
    would be waited for without end.
    """
    needed: dict[str, set[str]] = {}
    for event, told in contract(source)["webhooks"].items():
        needed.setdefault(event.partition(".")[0], set()).update(told["post"]["x-scopes"])
    held = next(set(part.scopes) for part in PARTS if part.name == service)

    assert families
    assert set(families) <= set(needed)
    assert set().union(*(needed[family] for family in families)) <= held
