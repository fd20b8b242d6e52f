"""What the feed tells of tiers."""

from datetime import datetime
from typing import Annotated

from pydantic import Field
from service_kit.store.outbox import Event
from service_kit.words.fields import Day, Id, Output

from scoring.tier.domain import OVERRIDDEN, Move
from scoring.tier.stars import Stars


class TierChangedData(Output):
    """A customer got other stars; `old` is null for the first tier."""

    customer_id: Id
    old: Stars | None
    new: Stars
    since: Day
    reason: Annotated[str, Field(max_length=300)]
    scheme: Annotated[str | None, Field(max_length=64)]


EVENTS = {"tier.changed": TierChangedData}


def changed(move: Move, unit: str | None, at: datetime) -> Event:
    standing = move.standing
    payload = {
        "customer_id": str(standing.customer_id),
        "old": move.old,
        "new": standing.stars,
        "since": standing.since.isoformat(),
        # What a person wrote may name somebody: it stays in the standing and the audit.
        "reason": standing.reason if standing.override is None else OVERRIDDEN,
        "scheme": standing.scheme,
    }
    return Event(type="tier.changed", subject=standing.customer_id, at=at, unit=unit, payload=payload)
