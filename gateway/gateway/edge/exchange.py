"""One request on its way through the front door, with what was found out about it."""

import time

from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from gateway.edge.cors import Cors
from gateway.edge.request_body import BodyTooSlow
from gateway.limit.allowance import Verdict
from gateway.proxy.forward import AnswerBroken
from gateway.proxy.headers import RawHeaders, request_id_of, traceparent_of
from gateway.services import GATEWAY


class Exchange:
    """One request, what was found out about it,
    and the answer's headers that every layer leaves to the gateway.
    """

    __slots__ = (
        "_receive",
        "_send",
        "account",
        "added",
        "headers",
        "identity",
        "is_ambiguous",
        "is_observed",
        "request_id",
        "scope",
        "source",
        "started",
        "status",
        "target",
        "trace_id",
    )

    def __init__(self, scope: Scope, receive: Receive, send: Send, cors: Cors) -> None:
        self.started = time.perf_counter()
        # The scope is ours to change: the server keeps no use of it.
        self.scope = scope
        self._receive = receive
        self._send = send
        self.status = 0
        self.target = GATEWAY
        self.account = "-"
        self.source: str | None = None
        self.is_observed = False
        self.headers: dict[bytes, bytes] = dict(scope["headers"])
        # A caller that shows two credentials could be counted as one and served as the other.
        self.is_ambiguous = len(self.headers) != len(scope["headers"]) and _is_repeated(
            scope["headers"], b"authorization"
        )
        request_id = request_id_of(self.headers.get(b"x-request-id"))
        traceparent = traceparent_of(self.headers.get(b"traceparent"))
        self.request_id = scope["guanxi.request_id"] = request_id.decode()
        self.trace_id = traceparent[3:35].decode()
        self.identity: RawHeaders = [(b"x-request-id", request_id), (b"traceparent", traceparent)]
        self.added: RawHeaders = [(b"x-request-id", request_id), *cors.granted(scope["headers"])]

    @property
    def method(self) -> str:
        """The method, bounded in kinds: whatever is made up counts as one."""
        method: str = self.scope["method"]
        return (
            method
            if method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
            else "OTHER"
        )

    @property
    def receive(self) -> Receive:
        return self._receive

    def stand(self, verdict: Verdict) -> None:
        """How the client stands goes into the answer's headers."""
        if len(self.added) > 1:
            self.added = [pair for pair in self.added if not pair[0].startswith(b"ratelimit")]
        self.added += (
            (b"ratelimit-policy", verdict.policy_field),
            (b"ratelimit", verdict.state_field),
        )

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            kept = [pair for pair in message.get("headers", ()) if pair[0] != b"x-request-id"]
            if self.source is not None:
                kept = [
                    (name, self._led_back(value) if name == b"link" else value)
                    for name, value in kept
                ]
            if self.status == BodyTooSlow.status:
                # The rest of the body may come some day: nobody reads it.
                kept.append((b"connection", b"close"))
            message["headers"] = [*kept, *self.added]
        await self._send(message)

    def _led_back(self, link: bytes) -> bytes:
        """The link to the next page with the `source` that its service knows nothing of."""
        return link.replace(b"?", b"?source=%s&" % (self.source or "").encode(), 1)

    async def respond(self, response: Response) -> None:
        """Answer from here; when an answer has begun already, its connection is closed instead."""
        if self.status:
            raise AnswerBroken("the answer had begun")
        response.headers["Cache-Control"] = "no-store"
        await response(self.scope, self._receive, self.send)


def _is_repeated(headers: RawHeaders, name: bytes) -> bool:
    return sum(key == name for key, _ in headers) > 1
