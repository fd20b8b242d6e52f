"""Finds the route of a request and runs it;
everything that has no route goes on to FastAPI, which says why.
"""

from collections import defaultdict
from collections.abc import Sequence

from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from service_kit.web.handlers import HANDLERS
from service_kit.web.routing import StrictRoute

FORESEEN = tuple(HANDLERS)


def by_precedence(routes: Sequence[APIRoute]) -> list[APIRoute]:
    """The one order in which routes are tried, here and by FastAPI:
    a fixed path before one with a parameter in the same place.
    """
    return sorted(routes, key=lambda route: route.path.count("{"))


class Dispatcher:
    """Routes by method and number of path segments, so that a request is matched against a few
    patterns, not all.

    Planned routes are run without the middleware that FastAPI puts around every request: the Shell
    outside does that work.
    """

    def __init__(self, api: ASGIApp, routes: Sequence[APIRoute]) -> None:
        self._api = api
        self._routes: defaultdict[tuple[str, int], list[StrictRoute]] = defaultdict(list)
        for route in by_precedence(routes):
            assert isinstance(route, StrictRoute)
            for method in route.methods or ():
                self._routes[method, route.path.count("/")].append(route)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        found = self.find(scope) if scope["type"] == "http" else None
        if found is None or found.plan is None:
            await self._api(scope, receive, send)
            return
        scope["route"], scope["app"] = found, self._api
        response = await answered(found, Request(scope, receive))
        await response(scope, receive, send)

    def find(self, scope: Scope) -> StrictRoute | None:
        """The route of a request, whose path parameters are then in its scope."""
        path: str = scope["path"]
        for route in self._routes.get((scope["method"], path.count("/")), ()):
            match = route.path_regex.match(path)
            if match is not None:
                scope["path_params"] = match.groupdict()
                return route
        return None


async def answered(route: StrictRoute, request: Request) -> Response:
    """The route's answer, refusals included; what nobody foresaw rises to the Shell."""
    try:
        return await route.handler(request)
    except FORESEEN as error:
        for kind in type(error).__mro__:
            if kind in HANDLERS:
                handled: Response = await HANDLERS[kind](request, error)
                return handled
        raise
