"""Addresses of services: `http://host:port`, or `unix:/path/to.sock`."""

import ssl
from functools import lru_cache

import httpx2

UNIX = "unix:"
OVER_UNIX = "http://service.internal"


def client_for(address: str, *, seconds: float, connections: int = 20) -> httpx2.AsyncClient:
    """An HTTP client for one service with a deadline for each phase of a request."""
    timeout = httpx2.Timeout(seconds, connect=min(seconds, 1.0))
    limits = httpx2.Limits(max_connections=connections, max_keepalive_connections=connections)
    verify = trust(address.startswith("https:"))
    if address.startswith(UNIX):
        transport = httpx2.AsyncHTTPTransport(
            uds=address.removeprefix(UNIX), limits=limits, verify=verify
        )
        return httpx2.AsyncClient(
            transport=transport, base_url=OVER_UNIX, timeout=timeout, trust_env=False
        )
    return httpx2.AsyncClient(
        base_url=address, timeout=timeout, limits=limits, trust_env=False, verify=verify
    )


@lru_cache
def trust(is_needed: bool) -> ssl.SSLContext:
    """The authorities that TLS trusts. Reading them takes 100 ms and megabytes, so all clients
    share one set.

    Clients of plain addresses get a context that trusts nobody.
    """
    return httpx2.create_ssl_context() if is_needed else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
