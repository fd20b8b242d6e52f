"""One routing precedence: what the plan's dispatcher picks is what FastAPI's router picks, for every path of every contract."""

from collections.abc import Iterator
from itertools import product

from service_kit.web.dispatch import Dispatcher
from starlette.routing import Match

from tests.contract.asking import AN_ID
from tests.contract.rooms import Room, composed, operations

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")


def paths(room: Room) -> set[str]:
    """Every path with an id for each parameter, and with each fixed word that stands in its place elsewhere."""
    formats = [operation.path.split("/") for operation in operations(room.package)]
    words = {segment for segments in formats for segment in segments if segment and not segment.startswith("{")}
    return {"/".join(each) for segments in formats for each in _filled(segments, words)}


def _filled(segments: list[str], words: set[str]) -> Iterator[tuple[str, ...]]:
    last = max((at for at, segment in enumerate(segments) if segment.startswith("{")), default=-1)
    choices = [[AN_ID, "x"] + (sorted(words) if at == last else []) if each.startswith("{") else [each] for at, each in enumerate(segments)]
    return product(*choices)


def test_both_routers_pick_the_same_route(room: Room):
    service = composed(room.package)
    dispatcher = Dispatcher(service.api, service.routes)
    found = []
    for path, method in product(sorted(paths(room)), METHODS):
        scope = {"type": "http", "method": method, "path": path, "headers": [], "path_params": {}}
        by_plan = dispatcher.find(dict(scope))
        by_fastapi = next((route for route in service.api.router.routes if route.matches(dict(scope))[0] is Match.FULL), None)
        if by_plan is not by_fastapi:
            found.append(f"{method} {path}: {getattr(by_plan, 'path', None)} against {getattr(by_fastapi, 'path', None)}")

    assert not found, "\n".join(found[:20])


def test_no_two_operations_answer_one_path(room: Room):
    patterns = [f"{each.method} {each.route.path_regex.pattern}" for each in operations(room.package)]

    assert len(patterns) == len(set(patterns))
