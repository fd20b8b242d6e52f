"""Which headers go through, which end here,
and what the gateway adds on the way in and out (RFC 9110, RFC 7239).
"""

import re
from collections.abc import Iterable, Sequence
from ipaddress import ip_address, ip_network
from os import urandom

from service_kit.process.traces import TRACEPARENT

RawHeaders = list[tuple[bytes, bytes]]

HOP_BY_HOP = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)
# Written anew by the gateway: what a caller says of itself here is not believed.
REPLACED = frozenset(
    {
        b"forwarded",
        b"x-forwarded-for",
        b"x-forwarded-host",
        b"x-forwarded-proto",
        b"x-request-id",
        b"traceparent",
        b"host",
        b"expect",
    }
)
# The gateway alone speaks of these to callers.
GATEWAYS_OWN = frozenset({b"ratelimit", b"ratelimit-policy", b"x-request-id", b"server", b"date"})
REQUEST_ID = re.compile(rb"[A-Za-z0-9._:-]{1,100}")


def value_of(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> bytes | None:
    """The first header of that (lower-case) name."""
    for key, value in headers:
        if key == name:
            return value
    return None


def has_body(headers: RawHeaders) -> bool:
    """Whether a body follows these headers (RFC 9112, section 6)."""
    length = value_of(headers, b"content-length")
    return length != b"0" and (
        length is not None or value_of(headers, b"transfer-encoding") is not None
    )


def request_id_of(given: bytes | None) -> bytes:
    """The caller's X-Request-Id when it is one, else a fresh one."""
    return (
        given if given is not None and REQUEST_ID.fullmatch(given) else urandom(16).hex().encode()
    )


def traceparent_of(given: bytes | None) -> bytes:
    """The caller's trace context when it is valid,
    else the beginning of a trace that is not sampled.
    """
    if given is not None and TRACEPARENT.fullmatch(given.decode("latin-1")):
        return given
    drawn = urandom(24).hex()
    return f"00-{drawn[:32]}-{drawn[32:]}-00".encode()


def passed_on(headers: Iterable[tuple[bytes, bytes]], dropped: frozenset[bytes]) -> RawHeaders:
    """The end-to-end headers:
    hop-by-hop ones, those that Connection names, and `dropped` stay behind.
    """
    kept: RawHeaders = []
    named: set[bytes] = set()
    for name, value in headers:
        lower = name.lower()
        if lower == b"connection":
            named.update(part.strip().lower() for part in value.split(b","))
        elif lower not in HOP_BY_HOP and lower not in dropped:
            kept.append((lower, value))
    if named:
        kept = [(name, value) for name, value in kept if name not in named]
    return kept


class ClientAddress:
    """The address of the caller, seen through the proxies that operations trusts."""

    def __init__(self, trusted: Sequence[str]) -> None:
        self._trusted = [ip_network(network, strict=False) for network in trusted]

    def of(self, peer: str, headers: Iterable[tuple[bytes, bytes]]) -> str:
        """The peer; or, when the peer is a trusted proxy,
        the last address in X-Forwarded-For that is not.
        """
        if not self._trusted or not self._is_trusted(peer):
            return peer
        line = b",".join(value for name, value in headers if name == b"x-forwarded-for").decode(
            "latin-1"
        )
        for hop in reversed([part.strip() for part in line.split(",") if part.strip()][-20:]):
            if not _is_address(hop):
                return peer
            if not self._is_trusted(hop):
                return hop
            peer = hop
        return peer

    def _is_trusted(self, address: str) -> bool:
        if not _is_address(address):
            return False
        ip = ip_address(address)
        return any(ip.version == network.version and ip in network for network in self._trusted)


def forwarding(client: str, host: bytes, scheme: str) -> RawHeaders:
    """Forwarded and its older X- forms, saying who called which name."""
    node = f'"[{client}]"' if ":" in client else client or "unknown"
    safe_host = re.sub(rb"[^!#-\[\]-~]", b"", host)[:255]
    forwarded = b'for=%s;host="%s";proto=%s' % (node.encode(), safe_host, scheme.encode())
    return [
        (b"forwarded", forwarded),
        (b"x-forwarded-for", client.encode() or b"unknown"),
        (b"x-forwarded-host", safe_host),
        (b"x-forwarded-proto", scheme.encode()),
    ]


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
