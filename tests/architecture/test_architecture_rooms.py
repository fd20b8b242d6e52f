"""The rooms of a slice: each kind of thing has one place, the same in every service."""

import ast
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WITHOUT_SLICES = {"service_kit", "guanxi_local"}
VIEWS, EVENTS, HEARD, ROUTES, STATEMENTS = "views", "events", "heard", "routes", "statements"
# Which files of a slice hold what; a folder's name stands before the file's where it must.
PLACES: Mapping[str, frozenset[str]] = {
    VIEWS: frozenset({"schemas.py"}),
    EVENTS: frozenset({"events.py"}),
    HEARD: frozenset({"heard.py"}),
    ROUTES: frozenset({"routes.py"}),
    STATEMENTS: frozenset({"store.py", "rows.py", "tables.py"}),
}
# What stands elsewhere, with the reason. A line that is not needed any longer fails the test.
ELSEWHERE: Mapping[tuple[str, str], str] = {
    (VIEWS, "complaints/case/views.py"): "what a case shows is as long as what its moves take",
    (VIEWS, "contact_center/contact/events.py"): "a member of an event",
    (VIEWS, "contact_center/words.py"): "skills are said alike by agents, queues and flows",
    (VIEWS, "scoring/survey/events.py"): "a member of an event",
    (ROUTES, "complaints/case/move_routes.py"): "thirteen moves beside the operations on cases",
    (ROUTES, "contact_center/app.py"): "routers of the kit that this service serves itself",
    (STATEMENTS, "complaints/case/due.py"): "finds due cases across tables, for a worker",
    (STATEMENTS, "complaints/case/letters.py"): "letters belong to the case and its store is full",
    (STATEMENTS, "complaints/case/search.py"): "a statement that is put together from filters",
    (STATEMENTS, "contact_center/contact/batch.py"): "the router writes many offers at once",
    (STATEMENTS, "contact_center/contact/consequences.py"): "each consequence of a contact's save",
    (STATEMENTS, "contact_center/contact/external.py"): "the index of numbers from outside",
    (STATEMENTS, "contact_center/contact/of_customer.py"): "what follows a customer's news",
    (STATEMENTS, "contact_center/customer/strangers.py"): "a worker's walk over contacts",
    (STATEMENTS, "contact_center/marks.py"): "marks are written by every slice that routing reads",
    (STATEMENTS, "contact_center/router/hints.py"): "NOTIFY, no table",
    (STATEMENTS, "customer_profile/care/birthdays.py"): "a worker's walk over customers",
    (STATEMENTS, "customer_profile/customer/erasing.py"): "what is emptied in every table",
    (STATEMENTS, "customer_profile/customer/listing.py"): "a statement put together from filters",
    (STATEMENTS, "customer_profile/customer/present.py"): "a condition that other slices join",
    (STATEMENTS, "customer_profile/news/handlers.py"): "one look whether the customer is there",
    (STATEMENTS, "customer_profile/stores.py"): "what the stores of all slices share",
    (STATEMENTS, "gateway/client/epochs.py"): "epochs are kept beside the clients for all parts",
    (STATEMENTS, "scoring/score_run/bulk_histories.py"): "COPY of histories, for a run",
    (STATEMENTS, "scoring/score_run/population.py"): "the customers of a run, chunk by chunk",
    (STATEMENTS, "scoring/unnested.py"): "a shape of statement that several stores use",
}


def packages() -> Iterator[Path]:
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["guanxi"]
    for package, folder in listed["packages"].items():
        if package not in WITHOUT_SLICES:
            yield ROOT / folder / package


def bases(tree: ast.Module) -> set[str]:
    return {
        base.id
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
        for base in node.bases
        if isinstance(base, ast.Name)
    }


def calls(tree: ast.Module) -> set[str]:
    return {
        node.func.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }


def imported(tree: ast.Module) -> set[str]:
    return {
        (node.module or "").partition(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
    }


HOLDS: Mapping[str, Callable[[ast.Module], bool]] = {
    VIEWS: lambda tree: bool({"Input", "Output"} & bases(tree)),
    EVENTS: lambda tree: "Event" in bases(tree),
    HEARD: lambda tree: "Heard" in bases(tree),
    ROUTES: lambda tree: "Router" in calls(tree),
    STATEMENTS: lambda tree: "sqlalchemy" in imported(tree),
}


@pytest.mark.parametrize("kind", PLACES)
def test_each_kind_of_thing_stands_in_its_room(kind: str):
    found = set()
    for package in packages():
        for path in package.rglob("*.py"):
            if "migrations" in path.parts or path.name in PLACES[kind]:
                continue
            if HOLDS[kind](ast.parse(path.read_text("utf-8"))):
                found.add((kind, path.relative_to(package.parent).as_posix()))

    assert found == {place for place in ELSEWHERE if place[0] == kind}
