"""Cross-origin requests of browsers, from the origins that operations allows."""

from collections.abc import Sequence

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from service_kit.web.problems import Problems

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
EXPOSED = (
    "ETag",
    "Guanxi-Cursor",
    "Idempotency-Replayed",
    "Link",
    "Location",
    "Retry-After",
    "X-Request-Id",
)


class Cors(CORSMiddleware):
    """Starlette's own, but a preflight request is refused with a problem document too."""

    def __init__(self, app: ASGIApp, *, origins: Sequence[str], problems: Problems) -> None:
        super().__init__(
            app,
            allow_origins=origins,
            allow_methods=METHODS,
            allow_headers=("*",),
            expose_headers=EXPOSED,
        )
        self._problems = problems

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope) if scope["type"] == "http" else Headers()
        if scope.get("method") != "OPTIONS" or not {
            "origin",
            "access-control-request-method",
        } <= set(headers.keys()):
            await super().__call__(scope, receive, send)
            return
        response = self.preflight_response(headers)
        if response.status_code >= 400:
            detail = (
                "Requests of this origin, with this method or these headers, are not allowed to"
                " browsers."
            )
            response = self._problems.answer(
                scope, 403, detail=detail, headers={"Vary": response.headers["vary"]}
            )
        await response(scope, receive, send)
