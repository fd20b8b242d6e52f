"""Who may read which events: a family of event types (`complaint` of
`complaint.closed`) needs the scopes of reading what it tells of.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence

FamilyScopes = Mapping[str, Sequence[str]]


def family_of(event_type: str) -> str:
    """`complaint.closed` is of the family `complaint`."""
    return event_type.partition(".")[0]


def require_scopes(events: Iterable[str], families: FamilyScopes, scopes: Collection[str]) -> None:
    """ValueError at composition when an event could be told without a scope,
    or by one that the service does not have.
    """
    for event_type in events:
        needed = families.get(family_of(event_type), ())
        if not needed or not set(needed) <= set(scopes):
            raise ValueError(f"the event {event_type} has no read scope of this service")


def readable(families: FamilyScopes, held: Collection[str]) -> list[str] | None:
    """The families that somebody with these scopes may read; None when those are all."""
    found = [family for family, needed in families.items() if set(needed) <= set(held)]
    return None if len(found) == len(families) else found
