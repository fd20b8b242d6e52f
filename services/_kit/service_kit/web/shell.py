"""The ASGI wrap around a service's app:
request ids, traces, size limits, the last word on errors, one log line.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service_kit.process import traces
from service_kit.process.logs import RequestLog, logger
from service_kit.web.handlers import PROCESS_STOPS, SOMETHING_WRONG
from service_kit.web.wiring import KEY, Wiring
from service_kit.words.errors import TooLarge
from service_kit.words.identity import new_id
from service_kit.words.messages import said

log = logger(__name__)
QUIET = {"/livez", "/readyz", "/metrics"}
LONGEST_REQUEST_ID = 100


class Shell:
    """Wraps an app so that every answer, also those the framework gives as plain text,
    keeps the API's conventions.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        wiring: Wiring,
        largest_body: int,
        largest_upload: int,
        takes_upload: Callable[[Scope], bool],
        is_logging: bool = True,
    ) -> None:
        self._app = app
        self._takes_upload = takes_upload
        self._wiring = wiring
        self._metrics = wiring.metrics
        self._problems = wiring.problems
        self._largest_body = largest_body
        self._largest_upload = largest_upload
        self._requests = RequestLog(wiring.metrics.service) if is_logging else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope[KEY] = self._wiring
        exchange = _Exchange(scope, send)
        token = traces.current.set(exchange.traceparent)
        try:
            limited = self._limited(exchange, receive)
            await self._app(scope, limited, exchange.send)
        except TooLarge as refusal:
            await self._answer(exchange, refusal.status, refusal.detail)
        except asyncio.CancelledError:
            # The process stops and the request has had its time: the server would call it an error
            # of ours.
            await self._answer(exchange, 503, PROCESS_STOPS)
            raise
        except Exception:
            log.exception("unexpected error", request_id=exchange.request_id, path=scope["path"])
            await self._answer(exchange, 500, SOMETHING_WRONG)
        finally:
            traces.current.reset(token)
            self._finish(exchange)

    def _limited(self, exchange: "_Exchange", receive: Receive) -> Receive:
        headers = exchange.headers
        is_upload = headers.get(b"content-type", b"").startswith(
            b"multipart/"
        ) and self._takes_upload(exchange.scope)
        largest = self._largest_upload if is_upload else self._largest_body
        declared = headers.get(b"content-length", b"0")
        if declared.isdigit() and int(declared) > largest:
            raise TooLarge(said("the body may have up to {largest} bytes", largest=largest))
        return counted(receive, largest)

    async def _answer(self, exchange: "_Exchange", status: int, detail: str) -> None:
        if exchange.status:
            return
        response = self._problems.answer(exchange.scope, status, detail=detail)
        await response(exchange.scope, _nothing_more, exchange.send)

    def _finish(self, exchange: "_Exchange") -> None:
        seconds = time.perf_counter() - exchange.started
        scope = exchange.scope
        route = getattr(scope.get("route"), "path", "") or "-"
        self._metrics.answered(
            method=scope["method"], route=route, status=exchange.status, seconds=seconds
        )
        if self._requests is not None and scope["path"] not in QUIET:
            self._requests.write(
                method=scope["method"],
                route=route,
                status=exchange.status,
                milliseconds=round(seconds * 1000, 1),
                request_id=exchange.request_id,
                trace_id=traces.trace_id(exchange.traceparent),
            )


class _Exchange:
    """One request and what was answered to it."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self.started = time.perf_counter()
        self.scope = scope
        self.headers: dict[bytes, bytes] = dict(scope["headers"])
        self.status = 0
        self._send = send
        self.request_id = scope["guanxi.request_id"] = _request_id(
            self.headers.get(b"x-request-id")
        )
        parent = self.headers.get(b"traceparent", b"").decode("latin-1")
        self.traceparent = scope["guanxi.traceparent"] = traces.continued(parent)

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            present = {name.lower() for name, _ in message.get("headers", ())}
            added = [
                (b"x-request-id", self.request_id.encode()),
                (b"x-content-type-options", b"nosniff"),
            ]
            if b"cache-control" not in present:
                added.append((b"cache-control", b"no-store"))
            kept = [
                pair
                for pair in message.get("headers", ())
                if pair[0].lower() not in (b"x-request-id", b"x-content-type-options")
            ]
            message = {**message, "headers": [*kept, *added]}
        await self._send(message)


def counted(receive: Receive, largest: int) -> Callable[[], Any]:
    """The same body, refused with TooLarge when it turns out longer than it may be."""
    read = 0

    async def limited() -> Message:
        nonlocal read
        message = await receive()
        read += len(message.get("body", b""))
        if read > largest:
            raise TooLarge(said("the body may have up to {largest} bytes", largest=largest))
        return message

    return limited


async def _nothing_more() -> Message:
    return {"type": "http.disconnect"}


def _request_id(header: bytes | None) -> str:
    if header and len(header) <= LONGEST_REQUEST_ID and all(33 <= byte < 127 for byte in header):
        return header.decode("ascii")
    return str(new_id())
