"""Clocks in Postgres, and the durable timers that wake them."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from uuid import UUID

from service_kit.store.database import Transaction
from service_kit.store.running import Reader, Record
from service_kit.store.statements import rows
from service_kit.store.tables import Moment, timer
from service_kit.work.timers import Timer, schedule
from sqlalchemy import (
    ARRAY,
    Integer,
    String,
    Uuid,
    any_,
    bindparam,
    delete,
    insert,
    select,
    tuple_,
    update,
)

from complaints.clock.clocks import Clocks, Reached
from complaints.clock.domain import Clock, Mark, Terms
from complaints.tables import clock
from complaints.words import ClockState, Measure

TIMER_KIND = "clock"

OF_COMPLAINTS = (
    select(clock)
    .where(clock.c.complaint_id == any_(bindparam("ids", type_=ARRAY(Uuid))))
    .order_by(clock.c.complaint_id, clock.c.started_at, clock.c.name, clock.c.round)
)
# `told` of the marks were told: the next one stands behind them.
TELLING = OF_COMPLAINTS.where(
    clock.c.stopped_at.is_(None),
    clock.c.is_paused.is_(False),
    clock.c.mark_times[clock.c.told + 1] <= bindparam("at", type_=Moment),
)
INSERT = insert(clock)
_CHANGING = (
    "state", "told", "mark_times", "due_at", "is_provisional", "is_paused", "counted_from",
    "counted_before", "stopped_at", "calendar_version",
)  # fmt: skip
UPDATE = (
    update(clock)
    .where(
        clock.c.complaint_id == bindparam("of"),
        clock.c.name == bindparam("of_name"),
        clock.c.round == bindparam("of_round"),
    )
    .values({name: bindparam(f"new_{name}", type_=clock.c[name].type) for name in _CHANGING})
)
# A timer that fires this moment is locked by the worker that fires it; it finds its clock changed
# and does nothing. Waiting for it here, while it waits for our complaint, would be a deadlock.
_stale = (
    select(timer.c.subject, timer.c.kind, timer.c.key)
    .where(
        timer.c.subject == bindparam("subject"),
        timer.c.kind == TIMER_KIND,
        timer.c.key == any_(bindparam("keys", type_=ARRAY(String))),
    )
    .with_for_update(skip_locked=True)
)
CANCEL = delete(timer).where(tuple_(timer.c.subject, timer.c.kind, timer.c.key).in_(_stale))


_told = rows("told", id=Uuid, name=String, round=Integer, told=Integer, state=String)
TELL = (
    update(clock)
    .where(
        clock.c.complaint_id == _told.c.id,
        clock.c.name == _told.c.name,
        clock.c.round == _told.c.round,
    )
    .values(told=_told.c.told, state=_told.c.state)
)


class ClockReader:
    """Reads the clocks of complaints."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def of(self, ids: Sequence[UUID]) -> dict[UUID, Clocks]:
        """The clocks of several complaints."""
        return _by_complaint(ids, await self._reader.fetch(OF_COMPLAINTS, ids=list(ids)))

    async def telling(self, ids: Sequence[UUID], *, at: datetime) -> dict[UUID, Clocks]:
        """Of several complaints those clocks that have something to tell by now, and no others."""
        return _by_complaint(ids, await self._reader.fetch(TELLING, ids=list(ids), at=at))


class ClockStore(ClockReader):
    """Writes them, with the timers that wake them."""

    def __init__(self, tx: Transaction) -> None:
        super().__init__(tx)
        self._tx = tx

    async def save(self, complaint_id: UUID, before: Clocks, after: Clocks) -> None:
        """Write what changed and set the timers anew."""
        await self.save_many([(complaint_id, before, after)])
        known = before.by_round
        stale = [
            timer_key(known[each.key])
            for each in after.changed_since(before)
            if each.key in known and known[each.key].next_at != each.next_at
        ]
        if any(stale):
            await self._tx.execute(CANCEL, subject=complaint_id, keys=[key for key in stale if key])

    async def save_many(self, changes: Iterable[tuple[UUID, Clocks, Clocks]]) -> None:
        """Write what changed in the clocks of several complaints,
        and set the timers that are new.
        """
        fresh: list[dict[str, object]] = []
        changed: list[dict[str, object]] = []
        timers: list[Timer] = []
        for complaint_id, before, after in changes:
            known = before.by_round
            for each in after.changed_since(before):
                earlier = known.get(each.key)
                if earlier is None:
                    fresh.append(_inserted(complaint_id, each))
                else:
                    changed.append(_updated(complaint_id, each))
                if each.next_at is not None and (
                    earlier is None or earlier.next_at != each.next_at
                ):
                    timers.append(_timer(complaint_id, each))
        await self._tx.execute_many(INSERT, fresh)
        await self._tx.execute_many(UPDATE, changed)
        await schedule(self._tx, *timers)

    async def save_told(self, marks: Iterable[tuple[UUID, Reached]]) -> None:
        """Write how far clocks have told, and set their next timers;
        the timers that just fired are theirs who fired them.
        """
        clocks = {(complaint_id, *told.clock.key): told.clock for complaint_id, told in marks}
        await self._tx.execute(
            TELL,
            told_id=[key[0] for key in clocks],
            told_name=[key[1] for key in clocks],
            told_round=[key[2] for key in clocks],
            told_told=[clock.told for clock in clocks.values()],
            told_state=[str(clock.state) for clock in clocks.values()],
        )
        await schedule(
            self._tx,
            *(_timer(key[0], clock) for key, clock in clocks.items() if clock.next_at is not None),
        )


def _by_complaint(ids: Sequence[UUID], rows: Iterable[Record]) -> dict[UUID, Clocks]:
    clocks: dict[UUID, list[Clock]] = {complaint_id: [] for complaint_id in ids}
    for row in rows:
        clocks[row["complaint_id"]].append(_clock(row))
    return {complaint_id: Clocks(tuple(own)) for complaint_id, own in clocks.items()}


def timer_key(clock: Clock) -> str:
    """The key of the timer that wakes a clock next;
    another one for every time it is set, so that an old one cannot take its place.
    """
    return (
        f"{clock.name}#{clock.round}@{clock.next_at.isoformat()}#{clock.told}"
        if clock.next_at
        else ""
    )


def _timer(complaint_id: UUID, clock: Clock) -> Timer:
    assert clock.next_at is not None
    return Timer(
        subject=complaint_id,
        kind=TIMER_KIND,
        key=timer_key(clock),
        due_at=clock.next_at,
        payload={},
    )


def _inserted(complaint_id: UUID, each: Clock) -> dict[str, object]:
    terms = each.terms
    return {
        "complaint_id": complaint_id,
        "name": each.name,
        "round": each.round,
        "allowed": terms.allowed,
        "measure": str(terms.measure),
        "calendar": terms.calendar,
        "mark_percents": [mark.percent for mark in terms.marks],
        "mark_levels": [mark.level for mark in terms.marks],
        "mark_notify": [mark.notify for mark in terms.marks],
        "started_at": each.started_at,
        **_changing(each),
    }


def _updated(complaint_id: UUID, each: Clock) -> dict[str, object]:
    new = {f"new_{name}": value for name, value in _changing(each).items()}
    return {"of": complaint_id, "of_name": each.name, "of_round": each.round, **new}


def _changing(each: Clock) -> dict[str, object]:
    return {
        "state": str(each.state),
        "told": each.told,
        "mark_times": list(each.mark_times),
        "due_at": each.due_at,
        "is_provisional": each.is_provisional,
        "is_paused": each.is_paused,
        "counted_from": each.counted_from,
        "counted_before": each.counted_before,
        "stopped_at": each.stopped_at,
        "calendar_version": each.terms.calendar_version,
    }


def _clock(row: Record) -> Clock:
    return Clock(
        terms=_terms(row),
        round=row["round"],
        state=ClockState(row["state"]),
        started_at=row["started_at"],
        counted_from=row["counted_from"],
        counted_before=row["counted_before"],
        mark_times=tuple(row["mark_times"]),
        told=row["told"],
        due_at=row["due_at"],
        is_provisional=row["is_provisional"],
        is_paused=row["is_paused"],
        stopped_at=row["stopped_at"],
    )


def _terms(row: Record) -> Terms:
    return _known_terms(
        row["name"],
        row["allowed"],
        row["measure"],
        row["calendar"],
        row["calendar_version"],
        tuple(zip(row["mark_percents"], row["mark_levels"], row["mark_notify"], strict=True)),
    )


@lru_cache(maxsize=1024)
def _known_terms(
    name: str,
    allowed: timedelta,
    measure: str,
    calendar: str | None,
    calendar_version: int | None,
    marks: tuple[tuple[int, int, str], ...],
) -> Terms:
    """Thousands of clocks run by the same few terms."""
    return Terms(
        name=name,
        allowed=allowed,
        measure=Measure(measure),
        calendar=calendar,
        calendar_version=calendar_version,
        marks=tuple(Mark(*mark) for mark in marks),
    )
