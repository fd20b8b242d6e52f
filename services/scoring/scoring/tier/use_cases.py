"""Move customers between tiers: by their scores, by a person's decision, and when that decision ends."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from service_kit import timers
from service_kit.database import Reader, Transaction
from service_kit.timers import Timer

from scoring.score import store as cards
from scoring.score.domain import value_of
from scoring.tier import store
from scoring.tier.domain import Move, NoOverride, Override, Reading, Scheme, judged, overridden, released

OVERRIDE_ENDS = "override_ends"


async def follow(tx: Transaction, ids: Sequence[UUID], *, at: datetime) -> int:
    """Judge customers by their latest cards; how many changed their stars."""
    scheme = await store.in_force(tx) if ids else None
    if scheme is None:
        return 0
    standings = await store.standings(tx, ids, for_update=True)
    readings = await _readings(tx, ids, scheme)
    judgments = (judged(scheme, readings.get(id, ()), standings.get(id), customer_id=id) for id in ids)
    moves = [move for move in judgments if move is not None]
    await store.save(tx, moves, at=at)
    return sum(move.is_change for move in moves)


async def override(tx: Transaction, customer_id: UUID, given: Override, *, at: datetime, day: date) -> Move:
    """Give stars by a person's decision; a timer ends it."""
    standing = (await store.standings(tx, [customer_id], for_update=True)).get(customer_id)
    move = overridden(standing, given, customer_id=customer_id, at=at, day=day)
    await store.save(tx, [move], at=at)
    await timers.cancel(tx, subject=customer_id, kind=OVERRIDE_ENDS)
    if given.until is not None:
        await timers.schedule(tx, Timer(subject=customer_id, kind=OVERRIDE_ENDS, key="", due_at=given.until, payload={}))
    return move


async def release(tx: Transaction, customer_id: UUID, *, at: datetime, day: date, reason: str) -> Move:
    """End an override: the stars are those of the score again. Raises NoOverride where there is none."""
    standing = (await store.standings(tx, [customer_id], for_update=True)).get(customer_id)
    if standing is None:
        raise NoOverride()
    scheme = await store.in_force(tx)
    readings = () if scheme is None else (await _readings(tx, [customer_id], scheme)).get(customer_id, ())
    move = released(standing, scheme, readings, day=day, reason=reason)
    await store.save(tx, [move], at=at)
    await timers.cancel(tx, subject=customer_id, kind=OVERRIDE_ENDS)
    return move


async def end_overrides(tx: Transaction, due: Sequence[Timer], *, at: datetime, day: date) -> None:
    """What the timer does; an override that a person ended first is nothing to end."""
    for timer in due:
        try:
            await release(tx, timer.subject, at=at, day=day, reason="the override ended")
        except NoOverride:
            continue


async def _readings(reader: Reader, ids: Sequence[UUID], scheme: Scheme) -> dict[UUID, list[Reading]]:
    readings: dict[UUID, list[Reading]] = {}
    for card in await cards.latest(reader, ids):
        value = value_of(card, scheme.score)
        if value is not None:
            found = Reading(value=value, as_of=card.as_of, currency=card.statistic.currency)
            readings.setdefault(card.statistic.customer_id, []).append(found)
    return readings
