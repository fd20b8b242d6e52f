"""What the feed tells of tiers."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field
from service_kit.store.outbox import Event
from service_kit.words.fields import Day, Id, Output, written

from scoring.tier.domain import OVERRIDDEN, Move, Override
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


def scheme_put(id: UUID, said: Mapping[str, object], at: datetime) -> Event:
    """For the audit alone."""
    return Event(type="tier_scheme.put", subject=id, at=at, payload=said)


def overridden(customer_id: UUID, override: Override, unit: str | None, at: datetime) -> Event:
    """For the audit alone: what a person wrote is told to nobody."""
    until = None if override.until is None else written(override.until)
    payload = {"stars": override.stars, "reason": override.reason, "until": until}
    return Event(type="tier.overridden", subject=customer_id, at=at, unit=unit, payload=payload)


def released(move: Move, unit: str | None, at: datetime) -> Event:
    """For the audit alone, since it may have changed no stars."""
    payload = {"old": move.old, "new": move.standing.stars, "reason": move.standing.reason}
    return Event(
        type="tier.released", subject=move.standing.customer_id, at=at, unit=unit, payload=payload
    )


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
    return Event(
        type="tier.changed", subject=standing.customer_id, at=at, unit=unit, payload=payload
    )
