"""Addresses of services: `http://host:port`, or `unix:/path/to.sock`."""

import httpx2

UNIX = "unix:"
OVER_UNIX = "http://service.internal"


def client_for(address: str, *, seconds: float, connections: int = 20) -> httpx2.AsyncClient:
    """An HTTP client for one service with a deadline for each phase of a request."""
    timeout = httpx2.Timeout(seconds, connect=min(seconds, 1.0))
    limits = httpx2.Limits(max_connections=connections, max_keepalive_connections=connections)
    if address.startswith(UNIX):
        transport = httpx2.AsyncHTTPTransport(uds=address.removeprefix(UNIX), limits=limits)
        return httpx2.AsyncClient(transport=transport, base_url=OVER_UNIX, timeout=timeout)
    return httpx2.AsyncClient(base_url=address, timeout=timeout, limits=limits, trust_env=False)
