"""Long work: a resource with state and progress,
done in checkpointed steps by whichever worker holds its lease.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Integer,
    and_,
    bindparam,
    case,
    func,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from service_kit.access.units import within_units
from service_kit.process.logs import logger
from service_kit.process.origin import Origin
from service_kit.store.database import Database, Transaction
from service_kit.store.leases import LeaseLost
from service_kit.store.moments import database_time
from service_kit.store.running import Reader, Record
from service_kit.store.sqlstates import OWN_FAULTS, OutcomeUnknown, TransactionRolledBack
from service_kit.store.tables import job
from service_kit.words.errors import Conflict, NotFound, Refusal, Unavailable
from service_kit.words.identity import Clock, new_id
from service_kit.words.messages import restored, said, stored

log = logger(__name__)
LEASE = timedelta(seconds=10)
MOST_ATTEMPTS = 8
MOST_DOUBLINGS = 8
GIVE_BACK_WITHIN_SECONDS = 1.0
LONGEST_ERROR = 500

# The database's clock, read by SELECT and passed on as a value: a distributed Postgres takes no
# clock in UPDATE.
_now = func.clock_timestamp()
INSERT = insert(job)
FIND = select(job).where(
    job.c.id == bindparam("id"), job.c.kind == bindparam("kind"), within_units(job.c.unit)
)
_claimable: ColumnElement[bool] = or_(
    job.c.state == "queued", and_(job.c.state == "running", job.c.lease_until < _now)
)
# Nothing waits here, so that the clock is not older than the lock: what others have in hand is
# passed over.
NEXT = (
    select(job.c.id, _now.label("now"))
    .where(job.c.kind == bindparam("of_kind"), _claimable)
    .order_by(job.c.created_at)
    .limit(literal(1, Integer))
    .with_for_update(skip_locked=True)
)
CLAIM = (
    update(job)
    .where(job.c.id == bindparam("of"))
    .values(
        state="running",
        attempts=job.c.attempts + 1,
        lease_owner=bindparam("owner"),
        lease_until=bindparam("until"),
        started_at=func.coalesce(job.c.started_at, bindparam("at")),
        version=job.c.version + 1,
    )
    .returning(job)
)
_held = (
    job.c.id == bindparam("of"),
    job.c.lease_owner == bindparam("owner"),
    job.c.state == "running",
)
# A step takes the row lock first, and so does whoever renews the lease: a rival that claims what
# expired passes over what is locked. The clock is read before a wait for the lock, at worst: the
# lease only becomes shorter by that.
HOLD = (
    select(job.c.cancel_requested, _now.label("now")).where(*_held).with_for_update(key_share=True)
)
KEEP = update(job).where(*_held).values(lease_until=bindparam("until"))
_gets_on: ColumnElement[bool] = or_(
    job.c.checkpoint != bindparam("new_checkpoint"), job.c.done != bindparam("new_done")
)
PROGRESS = (
    update(job)
    .where(*_held)
    .values(
        done=bindparam("new_done"),
        total=bindparam("new_total"),
        counts=bindparam("new_counts"),
        checkpoint=bindparam("new_checkpoint"),
        # Work that gets on may be interrupted as often as it likes; a long step does not cost the
        # lease.
        attempts=case((_gets_on, 0), else_=job.c.attempts),
        lease_until=bindparam("until"),
        version=job.c.version + 1,
    )
)
FINISH = (
    update(job)
    .where(*_held)
    .values(
        state=bindparam("new_state"),
        finished_at=bindparam("at"),
        result=bindparam("new_result"),
        error=bindparam("new_error"),
        lease_owner=None,
        lease_until=None,
        version=job.c.version + 1,
    )
)
# A try that nothing was wrong with is not counted.
GIVE_BACK = (
    update(job)
    .where(*_held)
    .values(
        attempts=func.greatest(job.c.attempts - bindparam("uncounted", type_=Integer), 0),
        lease_owner=None,
        lease_until=bindparam("until"),
    )
)
CANCEL_QUEUED = (
    update(job)
    .where(job.c.id == bindparam("of"), job.c.state == "queued")
    .values(state="canceled", finished_at=bindparam("at"), version=job.c.version + 1)
)
ASK_CANCEL = (
    update(job)
    .where(job.c.id == bindparam("of"), job.c.state == "running")
    .values(cancel_requested=True, version=job.c.version + 1)
)


class JobAlreadyOver(Conflict):
    """The work is done, failed or canceled already; there is nothing left to cancel."""


class JobCanceled(Exception):
    """Somebody asked for the work to be canceled; raised inside the next step."""


@dataclass(frozen=True, kw_only=True)
class Job:
    """Long work as its resource shows it."""

    id: UUID
    kind: str
    state: str
    unit: str | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    done: int
    total: int | None
    counts: Mapping[str, int]
    payload: Mapping[str, Any]
    result: Mapping[str, Any] | None
    error: str | None
    version: int

    def variant(self, language: str) -> str:
        """What tells the representations of one version apart:
        the error alone speaks a language.
        """
        return language if self.error else ""


def job_of(row: Record) -> Job:
    fields = {name: row[name] for name in Job.__dataclass_fields__}
    return Job(**fields | {"error": None if row["error"] is None else restored(row["error"])})


async def enqueue(
    tx: Transaction,
    *,
    id: UUID,
    kind: str,
    payload: Mapping[str, Any],
    at: datetime,
    unit: str | None = None,
    total: int | None = None,
) -> Job:
    """Put long work into the queue, in the transaction of the request that asks for it."""
    row = {
        "id": id,
        "kind": kind,
        "state": "queued",
        "unit": unit,
        "client_id": tx.origin.client_id,
        "actor": tx.origin.actor,
        "created_at": at,
        "done": 0,
        "total": total,
        "counts": {},
        "payload": dict(payload),
        "checkpoint": {},
        "cancel_requested": False,
        "attempts": 0,
        "version": 1,
        "traceparent": tx.origin.traceparent,
    }
    await tx.execute(INSERT, **row)
    return Job(**{name: row.get(name) for name in Job.__dataclass_fields__})  # type: ignore[arg-type]


async def find(
    reader: Reader, id: UUID, *, kind: str, units: Any = None, missing: type[NotFound] = NotFound
) -> Job:
    """The job; the refusal `missing` where there is none of this kind within the units."""
    row = await reader.fetch_one(FIND, id=id, kind=kind, units=units)
    if row is None:
        raise missing()
    return job_of(row)


async def cancel(tx: Transaction, found: Job, *, at: datetime) -> Job:
    """Cancel queued work at once; ask running work to stop at its next step.
    JobAlreadyOver when it is over.
    """
    if not await tx.execute(CANCEL_QUEUED, of=found.id, at=at) and not await tx.execute(
        ASK_CANCEL, of=found.id
    ):
        raise JobAlreadyOver()
    return await find(tx, found.id, kind=found.kind)


class RunningJob:
    """The work in a worker's hands. Everything it changes goes through `step()`,
    so that a worker that lost its lease changes nothing.
    """

    def __init__(self, row: Record, database: Database, owner: UUID) -> None:
        self.id: UUID = row["id"]
        self.unit: str | None = row["unit"]
        self.payload: Mapping[str, Any] = row["payload"]
        self.checkpoint: dict[str, Any] = dict(row["checkpoint"])
        self.counts: dict[str, int] = dict(row["counts"])
        self.done: int = row["done"]
        self.total: int | None = row["total"]
        self.created_at: datetime = row["created_at"]
        self.result: dict[str, Any] | None = None
        self.origin = Origin(
            client_id=row["client_id"],
            actor=row["actor"],
            traceparent=row["traceparent"],
            is_bulk=True,
        )
        self._database = database
        self._owner = owner

    @asynccontextmanager
    async def step(self, *, statement_within: float | None = None) -> AsyncIterator[Transaction]:
        """One transaction of the work. `checkpoint`, `counts`, `done` and `total`, as they are when
        the block ends, are saved with it.

        Raises LeaseLost when another worker took over, JobCanceled when somebody asked for the end.
        """
        async with self._database.transaction(
            origin=self.origin, statement_within=statement_within
        ) as tx:
            await self._hold(tx)
            yield tx
            now = await database_time(tx)
            await tx.execute(
                PROGRESS,
                of=self.id,
                owner=self._owner,
                new_done=self.done,
                new_total=self.total,
                new_counts=self.counts,
                new_checkpoint=self.checkpoint,
                until=now + LEASE,
            )

    async def heartbeat(self) -> None:
        """Keep the lease during work that has nothing to write; raises as `step` does."""
        async with self._database.transaction() as tx:
            now = await self._hold(tx)
            await tx.execute(KEEP, of=self.id, owner=self._owner, until=now + LEASE)

    async def _hold(self, tx: Transaction) -> datetime:
        """Lock the job for this transaction: while it is locked, nobody claims it;
        the database's time.
        """
        held = await tx.fetch_one(HOLD, of=self.id, owner=self._owner)
        if held is None:
            raise LeaseLost(f"job {self.id}")
        if held["cancel_requested"]:
            raise JobCanceled()
        now: datetime = held["now"]
        return now

    async def finish(self, state: str, *, at: datetime, error: str | None = None) -> None:
        """End the work in this state;
        LeaseLost when another worker took over, whose end it is then.
        """
        kept = None if error is None else stored(error, longest=LONGEST_ERROR)
        given = {"new_state": state, "at": at, "new_result": self.result, "new_error": kept}
        async with self._database.transaction(origin=self.origin) as tx:
            if not await tx.execute(FINISH, of=self.id, owner=self._owner, **given):
                raise LeaseLost(f"job {self.id}")

    async def give_back(self, *, after: timedelta, is_counted: bool = False) -> None:
        """Let any worker take the work up again after that time;
        where this cannot be said, the lease runs out by itself.
        """
        with suppress(Exception):
            async with (
                asyncio.timeout(GIVE_BACK_WITHIN_SECONDS),
                self._database.transaction() as tx,
            ):
                now = await database_time(tx)
                await tx.execute(
                    GIVE_BACK,
                    of=self.id,
                    owner=self._owner,
                    until=now + after,
                    uncounted=int(not is_counted),
                )


Handler = Callable[[RunningJob], Awaitable[None]]


class Jobs:
    """Takes the oldest open job of a kind and runs it;
    when this worker dies, its lease ends and another goes on from the checkpoint.
    """

    def __init__(self, database: Database, kind: str, handler: Handler, *, clock: Clock) -> None:
        self._database = database
        self._kind = kind
        self._handler = handler
        self._clock = clock

    async def step(self) -> bool:
        owner = new_id()
        row = await self._claim(owner)
        if row is None:
            return False
        await self._run(RunningJob(row, self._database, owner), attempts=row["attempts"])
        return True

    async def _claim(self, owner: UUID) -> Record | None:
        async with self._database.transaction() as tx:
            found = await tx.fetch_one(NEXT, of_kind=self._kind)
            if found is None:
                return None
            return await tx.fetch_one(
                CLAIM, of=found["id"], owner=owner, until=found["now"] + LEASE, at=self._clock()
            )

    async def _run(self, running: RunningJob, *, attempts: int) -> None:
        beat = asyncio.create_task(self._beating(running))
        try:
            await self._finished(running, attempts=attempts)
        except LeaseLost:
            log.warning("a job was taken over", kind=self._kind, job=str(running.id))
        except OWN_FAULTS as error:
            log.warning(
                "a job took too long",
                kind=self._kind,
                job=str(running.id),
                reason=type(error).__name__,
            )
            await running.give_back(after=_pause(attempts), is_counted=True)
        except Unavailable:
            # What the work needs is away: it goes on where it was when a lease's time has passed.
            await running.give_back(after=LEASE)
            raise
        except (TransactionRolledBack, OutcomeUnknown):
            raise
        except asyncio.CancelledError:
            await running.give_back(after=timedelta(0))
            raise
        except Exception:
            # Not even its failure could be written down.
            log.exception("a job could not be ended", kind=self._kind, job=str(running.id))
            await running.give_back(after=_pause(attempts), is_counted=True)
        finally:
            beat.cancel()

    async def _finished(self, running: RunningJob, *, attempts: int) -> None:
        """Do the work and say how it ended; raises where it has not ended."""
        try:
            if attempts > MOST_ATTEMPTS:
                raise WorkKeepsFailing()
            await self._handler(running)
            await self._done(running)
        except JobCanceled:
            await running.finish("canceled", at=self._clock())
        except (LeaseLost, Unavailable, TransactionRolledBack, OutcomeUnknown):
            raise
        except Refusal as refusal:
            await running.finish("failed", at=self._clock(), error=refusal.detail)
        except Exception as error:
            log.exception("a job failed", kind=self._kind, job=str(running.id))
            await running.finish(
                "failed",
                at=self._clock(),
                error=said("unexpected error: {kind}", kind=type(error).__name__),
            )

    async def _done(self, running: RunningJob) -> None:
        try:
            await running.finish("done", at=self._clock())
        except Exception:
            # It may be the result that could not be written: the failure is told without it.
            running.result = None
            raise

    async def _beating(self, running: RunningJob) -> None:
        while True:
            await asyncio.sleep(LEASE.total_seconds() / 4)
            try:
                await running.heartbeat()
            except (LeaseLost, JobCanceled):
                return
            except Exception as error:
                log.warning("a heartbeat failed", job=str(running.id), reason=str(error))


def _pause(attempts: int) -> timedelta:
    """How long failing work waits for its next try; the others go on meanwhile."""
    doublings: int = 2 ** min(attempts, MOST_DOUBLINGS)
    return LEASE * doublings


class WorkKeepsFailing(Refusal):
    """The work was taken up again and again without coming to its end."""
