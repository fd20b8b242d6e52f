"""Durable timers: what falls due is done exactly once, in the transaction of its effect."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Executable, Select, SmallInteger, String, bindparam, delete, select, update
from sqlalchemy.dialects.postgresql import insert

from service_kit.process.logs import logger, reason_of
from service_kit.store.database import Database, Transaction
from service_kit.store.moments import database_time
from service_kit.store.running import Reader, Record
from service_kit.store.sqlstates import OWN_FAULTS, OutcomeUnknown, TransactionRolledBack
from service_kit.store.tables import timer
from service_kit.words.errors import Unavailable
from service_kit.words.identity import Clock

log = logger(__name__)
BATCH = 500
MOST_ATTEMPTS = 5
RETRY_AFTER = timedelta(seconds=5)

_set = insert(timer).values(
    {
        name: bindparam(name)
        for name in ("subject", "kind", "key", "due_at", "payload", "traceparent")
    }
)
SET = _set.on_conflict_do_update(
    index_elements=[timer.c.subject, timer.c.kind, timer.c.key],
    set_={
        "due_at": _set.excluded.due_at,
        "payload": _set.excluded.payload,
        "attempts": 0,
        "parked_reason": None,
    },
)
CANCEL = delete(timer).where(
    timer.c.subject == bindparam("subject"),
    timer.c.kind == bindparam("kind"),
    timer.c.key == bindparam("key"),
)
CANCEL_ALL = delete(timer).where(
    timer.c.subject == bindparam("subject"), timer.c.kind == bindparam("kind")
)
_is_due = (
    timer.c.kind == bindparam("kind"),
    timer.c.due_at <= bindparam("at"),
    timer.c.parked_reason.is_(None),
)
DUE = select(timer).where(*_is_due).order_by(timer.c.due_at).limit(bindparam("limit"))
_keys = (timer.c.subject, timer.c.kind, timer.c.key)


def _taking(choice: Select[Any]) -> Executable:
    """Remove the chosen timers that nobody else has in hand.
    The choice is a CTE, so that it locks its rows just once.
    """
    chosen = choice.with_only_columns(*_keys).with_for_update(skip_locked=True).cte("chosen")
    return (
        delete(timer)
        .where(*(timer.c[key.name] == chosen.c[key.name] for key in _keys))
        .returning(timer)
    )


TAKE = _taking(DUE)
TAKE_ONE = _taking(
    select(timer).where(
        *_is_due, timer.c.subject == bindparam("subject"), timer.c.key == bindparam("key")
    )
)
# Only the very timer that failed: another worker may have fired it meanwhile and set it anew.
FAIL = (
    update(timer)
    .where(
        timer.c.subject == bindparam("of"),
        timer.c.kind == bindparam("of_kind"),
        timer.c.key == bindparam("of_key"),
        timer.c.due_at == bindparam("was_due_at"),
        timer.c.attempts == bindparam("had_tries", type_=SmallInteger),
    )
    .values(
        attempts=bindparam("tries", type_=SmallInteger),
        due_at=bindparam("again_at"),
        parked_reason=bindparam("reason", type_=String),
    )
)


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


def timer_of(row: Record) -> Timer:
    return Timer(**{name: row[name] for name in Timer.__dataclass_fields__})


async def schedule(tx: Transaction, *timers: Timer) -> None:
    """Set timers in the transaction of what they belong to;
    one with the same subject, kind and key is moved.
    """
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


class Timers:
    """Fires the due timers of one kind in batches; a batch that fails is tried one by one, what
    keeps failing is parked with its reason.

    A timer is gone when the handler is called with it, so that the handler may set it anew. Without
    a clock the database's time decides what is due.
    """

    def __init__(
        self,
        database: Database,
        kind: str,
        handler: Handler,
        *,
        clock: Clock | None,
        batch: int = BATCH,
    ) -> None:
        self._database = database
        self._kind = kind
        self._handler = handler
        self._clock = clock
        self._batch = batch

    async def step(self) -> bool:
        """Fire one batch; True when there may be more that is due."""
        try:
            return await self._fire(self._batch) == self._batch
        except OWN_FAULTS as error:
            return await self._fire_alone(error)
        except (Unavailable, TransactionRolledBack, OutcomeUnknown):
            raise
        except Exception as error:
            return await self._fire_alone(error)

    async def _now(self, reader: Reader) -> datetime:
        return await database_time(reader) if self._clock is None else self._clock()

    async def _fire(self, limit: int) -> int:
        async with self._database.transaction() as tx:
            rows = await tx.fetch(TAKE, kind=self._kind, at=await self._now(tx), limit=limit)
            if rows:
                await self._handler(tx, sorted(map(timer_of, rows), key=lambda each: each.due_at))
        return len(rows)

    async def _fire_alone(self, failure: Exception) -> bool:
        """One by one, each in a transaction of its own, so that a poisonous one stops nobody, even
        if it fails at its COMMIT.

        True when some were fired, or when others may wait behind a batch of which none could be.
        Where none is due that could be to blame, firing itself fails: the failure is raised.
        """
        async with self._database.reading() as reader:
            rows = await reader.fetch(
                DUE, kind=self._kind, at=await self._now(reader), limit=self._batch
            )
        if not rows:
            raise failure
        log.error("a batch of timers failed", kind=self._kind, exc_info=failure)
        fired = [await self._fire_one(timer_of(row)) for row in rows]
        return any(fired) or len(rows) == self._batch

    async def _fire_one(self, each: Timer) -> bool:
        """Whether it was fired."""
        try:
            async with self._database.transaction() as tx:
                taken = await tx.fetch_one(
                    TAKE_ONE,
                    kind=self._kind,
                    at=await self._now(tx),
                    subject=each.subject,
                    key=each.key,
                )
                if taken is None:
                    return False
                each = timer_of(taken)
                await self._handler(tx, [each])
        except OWN_FAULTS as error:
            await self._fail(each, error)
        except (Unavailable, TransactionRolledBack, OutcomeUnknown):
            raise
        except Exception as error:
            await self._fail(each, error)
        else:
            return True
        return False

    async def _fail(self, each: Timer, error: Exception) -> None:
        """Put it off, or park it."""
        attempts = each.attempts + 1
        reason = reason_of(error, longest=500)
        log.warning(
            "a timer failed",
            kind=self._kind,
            subject=str(each.subject),
            attempts=attempts,
            reason=reason,
        )
        async with self._database.transaction() as tx:
            await tx.execute(
                FAIL,
                of=each.subject,
                of_kind=each.kind,
                of_key=each.key,
                was_due_at=each.due_at,
                had_tries=each.attempts,
                tries=attempts,
                again_at=await self._now(tx) + RETRY_AFTER * 2**attempts,
                reason=reason if attempts >= MOST_ATTEMPTS else None,
            )
