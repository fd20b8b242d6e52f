"""W3C trace context: taken in, passed on to neighbors, events and webhooks."""

import os
import re
from contextvars import ContextVar

TRACEPARENT = re.compile(
    r"00-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})", re.ASCII
)
current: ContextVar[str | None] = ContextVar("traceparent", default=None)


def continued(header: str | None) -> str:
    """A traceparent for our own step:
    the caller's trace with a span of ours, or a new trace when the header is none.
    """
    found = TRACEPARENT.fullmatch(header or "")
    span = os.urandom(8).hex()
    if found is None:
        return f"00-{os.urandom(16).hex()}-{span}-01"
    return f"00-{found[1]}-{span}-{found[2]}"


def trace_id(traceparent: str) -> str:
    return traceparent[3:35]
