"""Where a change comes from: who, by which request, in which trace."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Origin:
    client_id: str = "system"
    actor: str = "system"
    request_id: str | None = None
    traceparent: str | None = None
    # Whether thousands of rows are changed at once: what such work tells waits behind live news.
    is_bulk: bool = False


SYSTEM_ORIGIN = Origin()
