"""Durable timers: what falls due is done exactly once, in the transaction of its effect."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, SmallInteger, String, Uuid, bindparam, column, delete, func, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert

from service_kit.database import Database, Reader, Transaction
from service_kit.errors import Unavailable
from service_kit.identity import Clock
from service_kit.logs import logger
from service_kit.sqlstates import OutcomeUnknown, TransactionRolledBack
from service_kit.tables import timer

log = logger(__name__)
BATCH = 500
MOST_ATTEMPTS = 5
RETRY_AFTER = timedelta(seconds=5)

_set = insert(timer).values({name: bindparam(name) for name in ("subject", "kind", "key", "due_at", "payload", "traceparent")})
SET = _set.on_conflict_do_update(
    index_elements=[timer.c.subject, timer.c.kind, timer.c.key],
    set_={"due_at": _set.excluded.due_at, "payload": _set.excluded.payload, "attempts": 0, "parked_reason": None},
)
CANCEL = delete(timer).where(timer.c.subject == bindparam("subject"), timer.c.kind == bindparam("kind"), timer.c.key == bindparam("key"))
CANCEL_ALL = delete(timer).where(timer.c.subject == bindparam("subject"), timer.c.kind == bindparam("kind"))
CLAIM = (
    select(timer)
    .where(timer.c.kind == bindparam("kind"), timer.c.due_at <= bindparam("at"), timer.c.parked_reason.is_(None))
    .order_by(timer.c.due_at)
    .limit(bindparam("limit"))
    .with_for_update(skip_locked=True)
)
_done = (
    func.unnest(bindparam("subjects", type_=ARRAY(Uuid)), bindparam("keys", type_=ARRAY(String)))
    .table_valued(column("subject", Uuid), column("key", String), name="done")
    .render_derived()
)
REMOVE = delete(timer).where(
    timer.c.kind == bindparam("kind"), tuple_(timer.c.subject, timer.c.key).in_(select(_done.c.subject, _done.c.key))
)
FAIL = (
    update(timer)
    .where(timer.c.subject == bindparam("of"), timer.c.kind == bindparam("of_kind"), timer.c.key == bindparam("of_key"))
    .values(
        attempts=bindparam("tries", type_=SmallInteger),
        due_at=bindparam("again_at"),
        parked_reason=bindparam("reason", type_=String),
    )
)
NEXT_DUE = select(func.min(timer.c.due_at)).where(timer.c.kind == bindparam("kind"), timer.c.parked_reason.is_(None))


@dataclass(frozen=True, kw_only=True)
class Timer:
    """Something of `subject` that falls due; `key` tells several of one kind apart."""

    subject: UUID
    kind: str
    key: str
    due_at: datetime
    payload: Mapping[str, Any]
    attempts: int = 0


Handler = Callable[[Transaction, Sequence[Timer]], Awaitable[None]]


async def schedule(tx: Transaction, *timers: Timer) -> None:
    """Set timers in the transaction of what they belong to; one with the same subject, kind and key is moved."""
    rows = [
        {
            "subject": each.subject,
            "kind": each.kind,
            "key": each.key,
            "due_at": each.due_at,
            "payload": dict(each.payload),
            "traceparent": tx.origin.traceparent,
        }
        for each in timers
    ]
    await tx.execute_many(SET, rows)


async def cancel(tx: Transaction, *, subject: UUID, kind: str, key: str | None = None) -> None:
    """Take back one timer, or all of one kind of a subject."""
    if key is None:
        await tx.execute(CANCEL_ALL, subject=subject, kind=kind)
    else:
        await tx.execute(CANCEL, subject=subject, kind=kind, key=key)


async def next_due(reader: Reader, kind: str) -> datetime | None:
    """When the next timer of a kind falls due."""
    due: datetime | None = await reader.fetch_value(NEXT_DUE, kind=kind)
    return due


class Timers:
    """Fires the due timers of one kind in batches; a batch that fails is tried one by one, what keeps failing is parked with its reason."""

    def __init__(self, database: Database, kind: str, handler: Handler, *, clock: Clock, batch: int = BATCH) -> None:
        self._database = database
        self._kind = kind
        self._handler = handler
        self._clock = clock
        self._batch = batch

    async def step(self) -> bool:
        """Fire one batch; True when there may be more that is due."""
        try:
            return await self._fire(self._batch) == self._batch
        except (Unavailable, TransactionRolledBack, OutcomeUnknown):
            raise
        except Exception:
            log.exception("a batch of timers failed", kind=self._kind)
            return await self._fire_alone()

    async def _fire(self, limit: int) -> int:
        async with self._database.transaction() as tx:
            due = await self._claim(tx, limit)
            if due:
                await self._handler(tx, due)
                await self._remove(tx, due)
        return len(due)

    async def _fire_alone(self) -> bool:
        """One by one, each behind its own savepoint, so that a poisonous one stops nobody."""
        async with self._database.transaction() as tx:
            for each in await self._claim(tx, self._batch):
                told = len(tx.recorded)
                try:
                    async with tx.savepoint():
                        await self._handler(tx, [each])
                        await self._remove(tx, [each])
                except (TransactionRolledBack, Unavailable):
                    raise
                except Exception as error:
                    del tx.recorded[told:]
                    await self._fail(tx, each, error)
        return True

    async def _claim(self, tx: Transaction, limit: int) -> list[Timer]:
        rows = await tx.fetch(CLAIM, kind=self._kind, at=self._clock(), limit=limit)
        names = ("subject", "kind", "key", "due_at", "payload", "attempts")
        return [Timer(**{name: row[name] for name in names}) for row in rows]

    async def _remove(self, tx: Transaction, due: Sequence[Timer]) -> None:
        await tx.execute(REMOVE, kind=self._kind, subjects=[each.subject for each in due], keys=[each.key for each in due])

    async def _fail(self, tx: Transaction, each: Timer, error: Exception) -> None:
        attempts = each.attempts + 1
        reason = f"{type(error).__name__}: {error}"[:500] if attempts >= MOST_ATTEMPTS else None
        log.warning("a timer failed", kind=self._kind, subject=str(each.subject), attempts=attempts, reason=str(error)[:500])
        await tx.execute(
            FAIL,
            of=each.subject,
            of_kind=each.kind,
            of_key=each.key,
            tries=attempts,
            again_at=self._clock() + RETRY_AFTER * 2**attempts,
            reason=reason,
        )
