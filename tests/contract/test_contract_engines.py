"""Two engines, one behavior: they pick the same route for every path of every contract, and answer
alike.

Here each operation is asked a few things of each. `make nightly` runs every sweep and the services'
own tests without the plan.
"""

from collections.abc import Iterator
from itertools import product
from typing import Any

from pydantic_core import to_json
from service_kit.web.dispatch import Dispatcher
from starlette.routing import Match

from tests.contract.asking import AN_ID, body_schema, path_of, query_of, sample
from tests.contract.rooms import Door, Operation, Room, composed, operations, running

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")


def paths(room: Room) -> set[str]:
    """Every path with an id for each parameter,
    and with each fixed word that stands in its place elsewhere.
    """
    formats = [operation.path.split("/") for operation in operations(room.package)]
    words = {
        segment
        for segments in formats
        for segment in segments
        if segment and not segment.startswith("{")
    }
    return {"/".join(each) for segments in formats for each in _filled(segments, words)}


def _filled(segments: list[str], words: set[str]) -> Iterator[tuple[str, ...]]:
    last = max((at for at, segment in enumerate(segments) if segment.startswith("{")), default=-1)
    choices = [
        [AN_ID, "x"] + (sorted(words) if at == last else []) if each.startswith("{") else [each]
        for at, each in enumerate(segments)
    ]
    return product(*choices)


def test_both_routers_pick_the_same_route(room: Room):
    service = composed(room.package)
    dispatcher = Dispatcher(service.api, service.routes)
    found = []
    for path, method in product(sorted(paths(room)), METHODS):
        scope = {"type": "http", "method": method, "path": path, "headers": [], "path_params": {}}
        by_plan = dispatcher.find(dict(scope))
        by_fastapi = next(
            (
                route
                for route in service.api.router.routes
                if route.matches(dict(scope))[0] is Match.FULL
            ),
            None,
        )
        if by_plan is not by_fastapi:
            found.append(
                f"{method} {path}: {getattr(by_plan, 'path', None)} against"
                f" {getattr(by_fastapi, 'path', None)}"
            )

    assert not found, "\n".join(found[:20])


def test_no_two_operations_answer_one_path(room: Room):
    patterns = [
        f"{each.method} {each.route.path_regex.pattern}" for each in operations(room.package)
    ]

    assert len(patterns) == len(set(patterns))


def asks(operation: Operation) -> Iterator[dict[str, Any]]:
    """What each engine is asked:
    what it has to refuse, parameters and bodies of wrong and of right shape.
    """
    query, path = query_of(operation), path_of(operation)
    yield {"path": path, "params": query, "who": "nobody"}
    yield {"path": path.replace(AN_ID, "x"), "params": query}
    for name, parameter in operation.parameters.items():
        if parameter["in"] == "query":
            yield {"path": path, "params": {**query, name: "?"}}
    if operation.reads_json:
        headers = {"Content-Type": str(operation.media_type)}
        bodies = (
            b"",
            b"{",
            b"[]",
            b'{"x": 1}',
            to_json(sample(body_schema(operation), operation.document)),
        )
        yield from (
            {"path": path, "params": query, "headers": headers, "content": body} for body in bodies
        )
    elif operation.media_type is None:
        yield {"path": path, "params": query}


async def answers(door: Door, room: Room) -> dict[str, object]:
    """What was answered to each ask:
    the status, the headers that say something of the route, and the problem.
    """
    found: dict[str, object] = {}
    for operation in operations(room.package):
        if operation.path.endswith("/stream"):
            continue
        for number, ask in enumerate(asks(operation)):
            answer = await door.request(operation.method, **ask)
            is_problem = answer.headers.get("content-type") == "application/problem+json"
            said = (
                {name: each for name, each in answer.json().items() if name != "instance"}
                if is_problem
                else answer.headers.get("etag")
            )
            found[f"{operation} {number} {ask}"] = (
                answer.status_code,
                answer.headers.get("content-type"),
                said,
            )
    return found


async def test_both_engines_answer_alike(room: Room, make_database):
    told = []
    for is_planned in (True, False):
        async with running(
            room, await make_database(room.migrations, room.package), route_plan=is_planned
        ) as door:
            told.append(await answers(door, room))

    by_plan, by_fastapi = told
    assert {
        asked: (answer, by_fastapi[asked])
        for asked, answer in by_plan.items()
        if answer != by_fastapi[asked]
    } == {}
