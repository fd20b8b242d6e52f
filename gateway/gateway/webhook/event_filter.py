"""Which events an endpoint asked for:
names and wildcards over event types, within the units of its client.
"""

import re
from collections.abc import Iterable, Sequence

from service_kit.store.outbox import TYPE_PREFIX

from gateway.rights.domain import unit_lies_in

PATTERN = r"^(\*|[a-z][a-z_]{0,59}\.(\*|[a-z][a-z_]{0,59}))$"


def plain_type(event_type: str) -> str:
    """`guanxi.complaint.closed.v1` as partners name it: `complaint.closed`."""
    return re.sub(r"\.v\d+$", "", event_type.removeprefix(TYPE_PREFIX))


def asks_for(filters: Iterable[str], event_type: str) -> bool:
    """Whether one of the filters names the (plain) type;
    `complaint.*` names all of complaint, `*` all there are.
    """
    family = f"{event_type.partition('.')[0]}.*"
    return any(asked in ("*", family, event_type) for asked in filters)


def may_see(units: Sequence[str] | None, unit: str | None) -> bool:
    """Whether a client with these units gets events of that unit;
    what has no unit belongs to the whole company.
    """
    if units is None:
        return True
    return unit is not None and any(unit_lies_in(unit, own) for own in units)
