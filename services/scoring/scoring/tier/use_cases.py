"""Move customers between tiers:
by their scores, by a person's decision, and when that decision ends.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Protocol
from uuid import UUID

from scoring.tier.domain import (
    Move,
    Override,
    Reading,
    Scheme,
    Standing,
    TierOverrideNotFound,
    judged,
    overridden,
    released,
)

NOBODY_EMPTIED: Mapping[UUID, date] = {}


class Tiers(Protocol):
    """What is kept of tiers; standings come locked."""

    async def in_force(self) -> Scheme | None: ...

    async def standings(self, ids: Sequence[UUID]) -> Mapping[UUID, Standing]: ...

    async def readings(
        self, ids: Sequence[UUID], scheme: Scheme
    ) -> Mapping[UUID, Sequence[Reading]]: ...

    async def save(self, moves: Sequence[Move], *, at: datetime) -> None: ...

    async def note_release(self, move: Move, *, at: datetime) -> None: ...

    async def end_override_at(self, customer_id: UUID, until: datetime | None) -> None: ...


async def follow(
    tiers: Tiers,
    ids: Sequence[UUID],
    *,
    at: datetime,
    emptied: Mapping[UUID, date] = NOBODY_EMPTIED,
) -> int:
    """Judge customers by their latest cards; how many changed their stars.

    `emptied` are those who lost the last order of a currency, each with the day as of which it is
    so.
    """
    scheme = await tiers.in_force() if ids else None
    if scheme is None:
        return 0
    standings = await tiers.standings(ids)
    readings = await tiers.readings(ids, scheme)
    judgments = (
        judged(
            scheme,
            readings.get(id, ()),
            standings.get(id),
            customer_id=id,
            emptied_on=emptied.get(id),
        )
        for id in ids
    )
    moves = [move for move in judgments if move is not None]
    await tiers.save(moves, at=at)
    return sum(move.is_change for move in moves)


async def override(
    tiers: Tiers, customer_id: UUID, given: Override, *, at: datetime, day: date
) -> Move:
    """Give stars by a person's decision; a timer ends it."""
    standing = (await tiers.standings([customer_id])).get(customer_id)
    move = overridden(standing, given, customer_id=customer_id, at=at, day=day)
    await tiers.save([move], at=at)
    await tiers.end_override_at(customer_id, given.until)
    return move


async def release(tiers: Tiers, customer_id: UUID, *, at: datetime, day: date, reason: str) -> Move:
    """End an override: the stars are those of the score again.
    Raises TierOverrideNotFound where there is none.
    """
    standing = (await tiers.standings([customer_id])).get(customer_id)
    if standing is None:
        raise TierOverrideNotFound()
    scheme = await tiers.in_force()
    readings = (
        () if scheme is None else (await tiers.readings([customer_id], scheme)).get(customer_id, ())
    )
    move = released(standing, scheme, readings, day=day, reason=reason)
    await tiers.save([move], at=at)
    await tiers.note_release(move, at=at)
    await tiers.end_override_at(customer_id, None)
    return move


async def end_overrides(tiers: Tiers, ids: Sequence[UUID], *, at: datetime, day: date) -> None:
    """The time of these overrides is over; one that a person ended first is nothing to end."""
    for id in ids:
        try:
            await release(tiers, id, at=at, day=day, reason="the override ended")
        except TierOverrideNotFound:
            continue
