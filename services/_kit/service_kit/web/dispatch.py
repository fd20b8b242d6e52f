"""Finds the route of a request and runs it; everything that has no route goes on to FastAPI, which says why."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from service_kit.web.handlers import HANDLERS
from service_kit.web.routing import StrictRoute

FORESEEN = tuple(HANDLERS)


class Dispatcher:
    """Routes by method and number of path segments, so that a request is matched against a few patterns, not all.

    Strict routes are run without the middleware that FastAPI puts around every request: the Shell outside does that work.
    """

    def __init__(self, api: Any, routes: Sequence[Any]) -> None:
        self._api = api
        self._routes: defaultdict[tuple[str, int], list[StrictRoute]] = defaultdict(list)
        for route in routes:
            if isinstance(route, StrictRoute) and route.plan is not None:
                for method in route.methods or ():
                    self._routes[method, route.path.count("/")].append(route)
        for found in self._routes.values():
            found.sort(key=lambda route: route.path.count("{"))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        found = self._find(scope) if scope["type"] == "http" else None
        if found is None:
            await self._api(scope, receive, send)
            return
        response = await answered(found, Request(scope, receive))
        await response(scope, receive, send)

    def _find(self, scope: Scope) -> StrictRoute | None:
        path: str = scope["path"]
        for route in self._routes.get((scope["method"], path.count("/")), ()):
            match = route.path_regex.match(path)
            if match is not None:
                scope["path_params"] = match.groupdict()
                scope["route"] = route
                scope["app"] = self._api
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
