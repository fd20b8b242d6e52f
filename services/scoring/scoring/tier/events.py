"""What the feed tells of tiers, and what their audit keeps beside it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field
from service_kit.store.events import Action, Event, Told
from service_kit.words.fields import Day, Id, written

from scoring.tier.domain import OVERRIDDEN, Move, Override
from scoring.tier.stars import Stars


class TierChanged(Event, type="tier.changed"):
    """A customer got other stars; `old` is null for the first tier."""

    customer_id: Id
    old: Stars | None
    new: Stars
    since: Day
    reason: Annotated[str, Field(max_length=300)]
    scheme: Annotated[str | None, Field(max_length=64)]

    @classmethod
    def of(cls, move: Move, *, unit: str | None, at: datetime) -> Told:
        standing = move.standing
        told = cls(
            customer_id=standing.customer_id,
            old=move.old,
            new=standing.stars,
            since=standing.since,
            # What a person wrote may name somebody: it stays in the standing and the audit.
            reason=standing.reason if standing.override is None else OVERRIDDEN,
            scheme=standing.scheme,
        )
        return told.about(standing.customer_id, unit=unit, at=at)


def scheme_put(id: UUID, said: Mapping[str, object], at: datetime) -> Action:
    return Action(name="tier_scheme.put", subject=id, at=at, values=said)


def overridden(customer_id: UUID, override: Override, unit: str | None, at: datetime) -> Action:
    """What a person wrote is told to nobody."""
    until = None if override.until is None else written(override.until)
    said = {"stars": override.stars, "reason": override.reason, "until": until}
    return Action(name="tier.overridden", subject=customer_id, at=at, unit=unit, values=said)


def released(move: Move, unit: str | None, at: datetime) -> Action:
    """Told to nobody, since it may have changed no stars."""
    said = {"old": move.old, "new": move.standing.stars, "reason": move.standing.reason}
    return Action(
        name="tier.released", subject=move.standing.customer_id, at=at, unit=unit, values=said
    )
