"""Every error answer of every layer as application/problem+json (RFC 9457)."""

from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from pydantic_core import to_json
from starlette.responses import Response
from starlette.types import Scope

from service_kit.words.errors import Fault, Invalid, Refusal, escaped, problem_slug
from service_kit.words.messages import Messages
from service_kit.words.wording import worded

MEDIA_TYPE = "application/problem+json"
# As RFC 9110 and RFC 6585 name them; Python's own list changes its words from release to release.
TITLES = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    406: "Not Acceptable",
    408: "Request Timeout",
    409: "Conflict",
    410: "Gone",
    412: "Precondition Failed",
    413: "Content Too Large",
    415: "Unsupported Media Type",
    422: "Unprocessable Content",
    428: "Precondition Required",
    429: "Too Many Requests",
    431: "Request Header Fields Too Large",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}
# Kinds for statuses that no refusal of ours stands for: they come from the framework, the wrap
# around it, or the gateway's proxy.
KIND_BY_STATUS = {
    400: "malformed",
    401: "unauthenticated",
    403: "forbidden",
    404: "not-found",
    405: "method-not-allowed",
    406: "not-acceptable",
    409: "conflict",
    413: "too-large",
    415: "unsupported-media-type",
    422: "invalid",
    429: "too-many-requests",
    431: "headers-too-large",
    500: "internal",
    502: "bad-gateway",
    503: "unavailable",
    504: "gateway-timeout",
}
LONGEST_POINTER = 1_000
LONGEST_DETAIL = 1_000
RETRY_AFTER_SECONDS = 1


class Problems:
    """Makes the problem documents of one service.

    `base` is the public URL whose /problems/<kind> explains a type; `language` is spoken to callers
    who wish for none.
    """

    def __init__(self, *, base: str, language: str, messages: Messages) -> None:
        self._base = base
        self._language = language
        self._messages = messages

    def answer(
        self,
        scope: Scope,
        status: int,
        *,
        detail: str,
        kind: str | None = None,
        extras: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """A problem as a response in the language of the request,
        with the headers that its status calls for.
        """
        language = self._language_of(scope)
        body: dict[str, Any] = {
            "type": f"{self._base}/problems/{kind or KIND_BY_STATUS.get(status, 'internal')}",
            "title": self._messages.spoken(TITLES.get(status, HTTPStatus(status).phrase), language),
            "status": status,
            "detail": self._messages.spoken(detail, language)[:LONGEST_DETAIL],
            "instance": scope["guanxi.request_id"],
            **(extras or {}),
        }
        if isinstance(faults := body.get("errors"), list):
            body["errors"] = [self._spoken_fault(fault, language) for fault in faults]
        sent = {"Content-Language": language, **(headers or {})}
        if status in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE):
            sent.setdefault("Retry-After", str(RETRY_AFTER_SECONDS))
        if status == HTTPStatus.UNAUTHORIZED:
            sent.setdefault("WWW-Authenticate", 'Bearer realm="guanxi"')
        return Response(to_json(body), status_code=status, headers=sent, media_type=MEDIA_TYPE)

    def of_refusal(self, scope: Scope, refusal: Refusal) -> Response:
        """The problem document of a refusal;
        `retry_after` and `challenge` among its extras become headers.
        """
        extras = dict(refusal.extras)
        headers = {}
        if (seconds := extras.pop("retry_after", None)) is not None:
            headers["Retry-After"] = str(seconds)
        if (challenge := extras.pop("challenge", None)) is not None:
            headers["WWW-Authenticate"] = str(challenge)
        if isinstance(refusal, Invalid):
            extras["errors"] = [
                {"pointer": _shown(fault.pointer), "detail": fault.detail}
                for fault in refusal.faults
            ]
        kind = problem_slug(type(refusal))
        return self.answer(
            scope, refusal.status, kind=kind, detail=refusal.detail, extras=extras, headers=headers
        )

    def _language_of(self, scope: Scope) -> str:
        wished = next(
            (value for name, value in scope["headers"] if name == b"accept-language"), b""
        )
        return self._messages.preferred(wished.decode("latin-1"), default=self._language)

    def _spoken_fault(self, fault: Mapping[str, Any], language: str) -> dict[str, Any]:
        return {
            **fault,
            "detail": self._messages.spoken(fault["detail"], language)[:LONGEST_DETAIL],
        }


def _members(path: Sequence[str | int], document: Any) -> list[str | int]:
    """The parts of a location that are places in the document:
    pydantic also names the branch of a union that it tried there.
    """
    found: list[str | int] = []
    for number, part in enumerate(path, start=1):
        if isinstance(document, list) and isinstance(part, int) and part < len(document):
            found.append(part)
            document = document[part]
        elif isinstance(document, dict) and (part in document or number == len(path)):
            # What is missing is named by its place too.
            found.append(part)
            document = document.get(part)
    return found


def _shown(pointer: str) -> str:
    """A pointer as the contract bounds it;
    a NUL in a name that somebody made up is shown by its symbol.
    """
    return pointer.replace("\0", "\N{SYMBOL FOR NULL}")[:LONGEST_POINTER]


def faults_of(errors: Iterable[Mapping[str, Any]], body: object) -> Sequence[Fault]:
    """pydantic's error list as faults with JSON Pointers into the body;
    at most 50, no input values repeated.
    """
    return tuple(
        Fault(_pointer(error["loc"], body), worded(error))
        for error, _ in zip(errors, range(50), strict=False)
    )


def _pointer(location: Sequence[str | int], body: object) -> str:
    place, *path = location or ("body",)
    if place == "body":
        # The fields of a form hold no others.
        path = _members(path, body) if isinstance(body, dict | list) else path[:1]
    parts = [escaped(str(part))[:100] for part in path]
    if place == "body":
        return "".join(f"/{part}" for part in parts)
    return "/".join([str(place), *parts])
