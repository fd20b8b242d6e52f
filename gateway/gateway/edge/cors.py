"""Cross-origin requests of browsers, from the origins that operations allows."""

from collections.abc import Sequence

from gateway.proxy.headers import RawHeaders, value_of

ALLOWED_METHODS = b"GET, HEAD, POST, PUT, PATCH, DELETE"
ALLOWED_HEADERS = (
    b"Accept-Language, Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match,"
    b" Last-Event-ID, traceparent, X-Request-Id"
)
EXPOSED_HEADERS = (
    b"Deprecation, ETag, Guanxi-Cursor, Idempotency-Replayed, Link, Location, RateLimit,"
    b" RateLimit-Policy, Retry-After, Sunset, X-Request-Id"
)
PREFLIGHT_SECONDS = b"7200"


class Cors:
    """Tokens travel in a header, never in cookies, so no answer allows credentials."""

    def __init__(self, origins: Sequence[str]) -> None:
        self._any = "*" in origins
        self._origins = frozenset(origin.encode() for origin in origins)

    def is_preflight(self, method: str, headers: RawHeaders) -> bool:
        return (
            method == "OPTIONS"
            and bool(self._origins)
            and value_of(headers, b"origin") is not None
            and value_of(headers, b"access-control-request-method") is not None
        )

    def preflight(self, headers: RawHeaders) -> RawHeaders:
        """What a preflight request is told beside what every answer grants;
        nothing for an origin that is not allowed.
        """
        if not any(name == b"access-control-allow-origin" for name, _ in self.granted(headers)):
            return []
        return [
            (b"access-control-allow-methods", ALLOWED_METHODS),
            (b"access-control-allow-headers", ALLOWED_HEADERS),
            (b"access-control-max-age", PREFLIGHT_SECONDS),
        ]

    def granted(self, headers: RawHeaders) -> RawHeaders:
        """The headers of an answer to this request."""
        if not self._origins:
            return []
        origin = value_of(headers, b"origin")
        if origin is None or not (self._any or origin in self._origins):
            return [(b"vary", b"Origin")]
        return [
            (b"access-control-allow-origin", origin),
            (b"access-control-expose-headers", EXPOSED_HEADERS),
            (b"vary", b"Origin"),
        ]
