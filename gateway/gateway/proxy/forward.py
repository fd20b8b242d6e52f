"""Passes one ASGI request to a service and its answer back, streaming both ways."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from typing import Any

from gateway.proxy.headers import GATEWAYS_OWN, REPLACED, RawHeaders, has_body, passed_on
from gateway.proxy.upstream import Answer, Body, Upstream, UpstreamFailed

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

SAFE = frozenset({"GET", "HEAD"})
RETRY_AFTER_SECONDS = 0.05
# Most answers are there sooner; only those that are not pay for a task that watches the caller.
WATCHED_AFTER_SECONDS = 0.05
# CORS is decided at the gateway, whatever a service thinks of it.
CORS_PREFIX = b"access-control-"


class CallerGone(Exception):
    """The caller closed the connection before the answer was complete."""


class AnswerBroken(Exception):
    """The service broke off after the answer had begun:
    the caller's connection must be closed, so that it is noticed.
    """


class _Watch:
    """Notices that the caller has gone, and then cancels the exchange,
    which closes the connection to the service.
    """

    def __init__(self, receive: Receive, is_body_read: bool) -> None:
        self._receive = receive
        self.is_body_read = is_body_read
        self.is_gone = False
        self._loop = asyncio.get_running_loop()
        self._exchange = asyncio.current_task()
        self._task: asyncio.Task[None] | None = None
        self._timer = self._loop.call_later(WATCHED_AFTER_SECONDS, self._begin)

    def _begin(self) -> None:
        if self.is_body_read:
            self._task = self._loop.create_task(self._watch())
        else:
            self._timer = self._loop.call_later(WATCHED_AFTER_SECONDS, self._begin)

    async def _watch(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self.is_gone = True
        if self._exchange is not None:
            self._exchange.cancel()

    def end(self) -> None:
        self._timer.cancel()
        if self._task is not None:
            self._task.cancel()

    def swallowed(self) -> bool:
        """Whether a cancellation was ours:
        the caller has gone, nobody else wants this task to end.
        """
        if self.is_gone and self._exchange is not None:
            self._exchange.uncancel()
        return self.is_gone


async def forward(
    scope: Scope,
    receive: Receive,
    send: Send,
    upstream: Upstream,
    *,
    target: str,
    added: RawHeaders,
    within: float,
) -> None:
    """One exchange; the service has `within` seconds for its answer once it has the body.

    Raises UpstreamFailed while nothing was answered yet, AnswerBroken afterwards, CallerGone when
    nobody waits for an answer, and whatever `receive` raises.
    """
    headers = passed_on(scope["headers"], REPLACED) + added
    body = await _first_of(scope, receive)
    watch = _Watch(receive, is_body_read=not isinstance(body, _Incoming))
    if isinstance(body, _Incoming):
        body.watch = watch
    try:
        answer = await _asked(upstream, scope["method"], target, headers, body, within=within)
        await _pass_back(answer, send)
    except asyncio.CancelledError:
        if watch.swallowed():
            raise CallerGone from None
        raise
    except UpstreamFailed:
        if isinstance(body, _Incoming) and body.failure is not None:
            raise body.failure from None
        raise
    finally:
        watch.end()


async def _asked(
    upstream: Upstream,
    method: str,
    target: str,
    headers: RawHeaders,
    body: Body | None,
    *,
    within: float,
) -> Answer:
    try:
        return await upstream.ask(method, target, headers, body, within=within)
    except UpstreamFailed as failure:
        if failure.reason != "unreachable" or method not in SAFE or body is not None:
            raise
    await asyncio.sleep(RETRY_AFTER_SECONDS)
    return await upstream.ask(method, target, headers, body, within=within)


async def _pass_back(answer: Answer, send: Send) -> None:
    try:
        headers = [
            item
            for item in passed_on(answer.headers, GATEWAYS_OWN)
            if not item[0].startswith(CORS_PREFIX)
        ]
        whole = answer.whole()
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        if whole is None:
            await _stream(answer, send)
        else:
            await send({"type": "http.response.body", "body": whole, "more_body": False})
    finally:
        answer.release()


async def _stream(answer: Answer, send: Send) -> None:
    try:
        async for chunk in answer.chunks():
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
    except UpstreamFailed as failure:
        raise AnswerBroken(str(failure)) from failure
    await send({"type": "http.response.body", "body": b"", "more_body": False})


class _Incoming:
    """A request body that is still arriving."""

    def __init__(self, first: bytes, receive: Receive) -> None:
        self._first = first
        self._receive = receive
        self.watch: _Watch | None = None
        # Why the body ended before its end: the connection to the service knows only that it did.
        self.failure: Exception | None = None

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._chunks()

    async def _chunks(self) -> AsyncIterator[bytes]:
        if self._first:
            yield self._first
        while True:
            try:
                message = await self._next()
            except Exception as error:
                self.failure = error
                raise
            if message.get("body"):
                yield message["body"]
            if not message.get("more_body"):
                break
        if self.watch is not None:
            self.watch.is_body_read = True

    async def _next(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.disconnect":
            raise CallerGone
        return message


async def _first_of(scope: Scope, receive: Receive) -> "bytes | _Incoming | None":
    """No body, a whole one, or one that streams."""
    if not has_body(scope["headers"]):
        return None
    message = await receive()
    if message["type"] == "http.disconnect":
        raise CallerGone
    if not message.get("more_body"):
        return bytes(message.get("body", b""))
    return _Incoming(message.get("body", b""), receive)
