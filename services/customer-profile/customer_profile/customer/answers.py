"""Answers kept for idempotency keys hold what was sent: those about an erased customer are emptied, batch by batch beside the requests."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from service_kit import timers
from service_kit.database import Database, Transaction
from service_kit.identity import Clock
from service_kit.tables import idempotency_record
from service_kit.timers import Timer, Timers
from sqlalchemy import ColumnElement, Integer, LargeBinary, String, bindparam, func, select, tuple_, update

KIND = "erased_answers"
# How many answers are looked through in one transaction: bodies are up to two megabytes long.
BATCH = 2_000
_key = (idempotency_record.c.client_id, idempotency_record.c.method, idempotency_record.c.path, idempotency_record.c.key)


def _bound(name: str) -> Any:
    return tuple_(*(bindparam(f"{name}_{column.name}", type_=String) for column in _key))


NEXT_KEYS = select(*_key).where(tuple_(*_key) > _bound("after")).order_by(*_key).limit(bindparam("limit", type_=Integer))
_holds: ColumnElement[bool] = func.strpos(func.encode(idempotency_record.c.body, "escape"), bindparam("written", type_=String)) > 0
# A repeated request finds its key used and an empty answer.
EMPTY = (
    update(idempotency_record)
    .where(tuple_(*_key) > _bound("after"), tuple_(*_key) <= _bound("last"), _holds)
    .values(body=bindparam("emptied", type_=LargeBinary))
)


async def forget_soon(tx: Transaction, customer_id: UUID, *, at: datetime, after: Sequence[str] = ("", "", "", "")) -> None:
    """Look through the answers behind a key once this transaction is over."""
    await timers.schedule(tx, Timer(subject=customer_id, kind=KIND, key="", due_at=at, payload={"after": list(after)}))


class ErasedAnswers:
    """Empties the answers that name an erased customer; no new ones are made, since the erased are not found any longer."""

    def __init__(self, database: Database, *, clock: Clock) -> None:
        self._clock = clock
        self._timers = Timers(database, KIND, self._empty, clock=clock, batch=1)

    async def step(self) -> bool:
        """Look through one batch for one customer."""
        return await self._timers.step()

    async def _empty(self, tx: Transaction, due: Sequence[Timer]) -> None:
        for timer in due:
            after = timer.payload["after"]
            keys = await tx.fetch(NEXT_KEYS, limit=BATCH, **_named("after", after))
            if not keys:
                continue
            last = [keys[-1][column.name] for column in _key]
            await tx.execute(EMPTY, written=str(timer.subject), emptied=b"{}", **_named("after", after), **_named("last", last))
            if len(keys) == BATCH:
                await forget_soon(tx, timer.subject, at=self._clock(), after=last)


def _named(name: str, key: Sequence[str]) -> dict[str, str]:
    return {f"{name}_{column.name}": value for column, value in zip(_key, key, strict=True)}
