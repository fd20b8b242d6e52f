"""Leases with epochs:
one writer at a time, and a stopped and resumed one finds its writes refused.
"""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import String, Uuid, bindparam, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from service_kit.process.logs import logger
from service_kit.store.database import Database, Transaction
from service_kit.store.running import Reader
from service_kit.store.tables import lease
from service_kit.words.identity import new_id

log = logger(__name__)
LONGEST_ANSWER_SECONDS = 1.0
RELEASE_SECONDS = 1.0
# Leases are measured by the database's clock alone: the clocks of the holders may differ. It is
# read by SELECT and passed on as a value, since a distributed Postgres takes no clock in UPDATE;
# from the row's own node, and after the row is locked, so that it is never older than the lock.
_now = func.clock_timestamp()
# Of a lease that nobody holds: no clock is so far behind.
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
MAKE = (
    insert(lease)
    .values(name=bindparam("name"), epoch=0, owner=None, expires_at=LONG_AGO)
    .on_conflict_do_nothing()
)
_is_free = or_(
    lease.c.expires_at <= _now,
    lease.c.owner.is_(None),
    lease.c.owner == bindparam("owner", type_=Uuid),
)
LOOK = select(lease.c.epoch, _is_free.label("is_free"), _now.label("now")).where(
    lease.c.name == bindparam("name")
)
LOCK = (
    select(lease.c.epoch).where(lease.c.name == bindparam("name")).with_for_update(key_share=True)
)
HELD = select(_now).where(
    lease.c.name == bindparam("name"), lease.c.epoch == bindparam("held"), lease.c.expires_at > _now
)
TAKE = (
    update(lease)
    .where(lease.c.name == bindparam("of"), lease.c.epoch == bindparam("seen"))
    .values(epoch=bindparam("next"), owner=bindparam("owner"), expires_at=bindparam("until"))
)
RENEW = (
    update(lease)
    .where(lease.c.name == bindparam("of"), lease.c.epoch == bindparam("held"))
    .values(expires_at=bindparam("until"))
)
RELEASE = (
    update(lease)
    .where(lease.c.name == bindparam("of"), lease.c.epoch == bindparam("held"))
    .values(owner=None, expires_at=LONG_AGO)
)
# A holder that was stopped in the middle of its transaction would keep the row locked: the server
# ends such a pause with the lease.
_pause = func.set_config(
    "idle_in_transaction_session_timeout", bindparam("pause", type_=String), True
)
CHECK = (
    select(lease.c.epoch, _pause)
    .where(
        lease.c.name == bindparam("name"),
        lease.c.epoch == bindparam("held"),
        lease.c.expires_at > _now,
    )
    .with_for_update(read=True)
)
FIND = select(lease.c.epoch, lease.c.owner, lease.c.expires_at).where(
    lease.c.name == bindparam("name")
)


class LeaseLost(Exception):
    """Another process holds the lease now, or it ran out:
    what this one still wanted to write is refused.
    """


@dataclass(frozen=True, kw_only=True)
class Lease:
    """A held lease; `epoch` grows with every holder."""

    name: str
    owner: UUID
    epoch: int
    ttl: timedelta

    async def check(self, tx: Transaction) -> None:
        """Refuse the writes of this transaction unless the lease is still ours, and keep it ours
        until COMMIT.

        The row is locked for share: a rival can take the lease over only after this transaction has
        ended.
        """
        pause = f"{max(1, int(self.ttl.total_seconds() * 1000))}ms"
        if await tx.fetch_value(CHECK, name=self.name, held=self.epoch, pause=pause) is None:
            raise LeaseLost(f"{self.name}, epoch {self.epoch}")


class Leases:
    """Takes, renews and releases leases in the service's own schema."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def take(self, name: str, *, ttl: timedelta, owner: UUID | None = None) -> Lease | None:
        """The lease, or None while somebody else holds it; who held it before has it again, under a
        new epoch.

        Who finds it held locks nothing: the holder's transactions are not to wait for those who
        stand by.
        """
        owner = owner or new_id()
        async with self._changing(ttl) as tx:
            if not await _looked_free(tx, name, owner):
                return None
            await tx.fetch(LOCK, name=name)
            # Between the look and the lock somebody else may have been quicker.
            found = await tx.fetch_one(LOOK, name=name, owner=owner)
            if found is None or not found["is_free"]:
                return None
            epoch = found["epoch"] + 1
            await tx.execute(
                TAKE,
                of=name,
                seen=found["epoch"],
                next=epoch,
                owner=owner,
                until=found["now"] + ttl,
            )
        return Lease(name=name, owner=owner, epoch=epoch, ttl=ttl)

    async def renew(self, held: Lease) -> None:
        """Hold on for another ttl; LeaseLost when it ran out or was taken."""
        async with self._changing(held.ttl) as tx:
            await tx.fetch(LOCK, name=held.name)
            now = await tx.fetch_value(HELD, name=held.name, held=held.epoch)
            if now is None:
                raise LeaseLost(held.name)
            await tx.execute(RENEW, of=held.name, held=held.epoch, until=now + held.ttl)

    def _changing(self, ttl: timedelta) -> AbstractAsyncContextManager[Transaction]:
        """Whoever is stopped in the middle holds the row no longer than a lease lasts,
        and a silent database is noticed before it ends.
        """
        seconds = ttl.total_seconds()
        return self._database.transaction(
            statement_within=min(seconds, LONGEST_ANSWER_SECONDS), pause_within=seconds
        )

    async def release(self, held: Lease) -> None:
        """Let the next one take it at once."""
        async with self._database.transaction() as tx:
            await tx.execute(RELEASE, of=held.name, held=held.epoch)

    async def holder(self, reader: Reader, name: str) -> UUID | None:
        """Who took it last, for figures and tests."""
        row = await reader.fetch_one(FIND, name=name)
        return None if row is None else row["owner"]


async def _looked_free(tx: Transaction, name: str, owner: UUID) -> bool:
    """Whether the lease seems to be free; it is made where there is none yet."""
    found = await tx.fetch_one(LOOK, name=name, owner=owner)
    if found is None:
        await tx.execute(MAKE, name=name)
    return found is None or bool(found["is_free"])


class Sole:
    """A worker of which only one replica is at work:
    the others stand by to take over when its lease runs out.
    """

    def __init__(
        self,
        name: str,
        leases: Leases,
        work: Callable[[Lease], Coroutine[Any, Any, None]],
        *,
        ttl: timedelta,
        standby_seconds: float = 0.5,
    ) -> None:
        self.name = name
        self._leases = leases
        self._work = work
        self._ttl = ttl
        self._standby_seconds = standby_seconds
        # The same all its life: what was lost in an outage is taken up again without waiting for
        # the lease to run out.
        self._owner = new_id()

    async def run(self) -> None:
        while True:
            held = await self._leases.take(self.name, ttl=self._ttl, owner=self._owner)
            if held is None:
                await asyncio.sleep(self._standby_seconds)
                continue
            log.info("lease taken", lease=self.name, epoch=held.epoch)
            await self._hold(held)
            await asyncio.sleep(self._standby_seconds)

    async def _hold(self, held: Lease) -> None:
        """Work as long as the lease is ours;
        what the work raises is raised, and the lease is free when this ends.
        """
        work, renewing = (
            asyncio.ensure_future(self._work(held)),
            asyncio.ensure_future(self._renewed(held)),
        )
        try:
            await asyncio.wait((work, renewing), return_when=asyncio.FIRST_COMPLETED)
            await (work if work.done() else renewing)
        except LeaseLost:
            log.warning("lease lost", lease=self.name, epoch=held.epoch)
        finally:
            work.cancel()
            renewing.cancel()
            await asyncio.gather(work, renewing, return_exceptions=True)
            with suppress(Exception):
                async with asyncio.timeout(RELEASE_SECONDS):
                    await self._leases.release(held)

    async def _renewed(self, held: Lease) -> None:
        while True:
            await asyncio.sleep(self._ttl.total_seconds() / 3)
            await self._leases.renew(held)
