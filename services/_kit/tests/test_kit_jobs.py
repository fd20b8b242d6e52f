"""Long work: checkpointed, taken over, canceled, refused; a killed worker never leaves it stuck."""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from service_kit.store.leases import LeaseLost
from service_kit.store.tables import event_head
from service_kit.words.errors import Refusal, Unavailable
from service_kit.words.identity import clock
from service_kit.work import jobs
from service_kit.work.jobs import Jobs
from sqlalchemy import insert

AT = datetime(2026, 1, 31, tzinfo=UTC)
ID = UUID(int=1)
HEADS = "SELECT string_agg(name, ',' ORDER BY name) FROM event_head"
EXPIRE = "UPDATE job SET lease_until = now() - interval '1 second'"


class Killed(BaseException):
    """A worker that dies has no time to say so."""


async def enqueue(database, id: UUID = ID) -> None:
    async with database.transaction() as tx:
        await jobs.enqueue(tx, id=id, kind="import", payload={"rows": 3}, at=AT)


async def found(database, id: UUID = ID):
    async with database.reading() as reader:
        return await jobs.find(reader, id, kind="import")


async def in_steps(job, *, until: int = 3) -> None:
    """One row a step, from where the checkpoint says."""
    for row in range(job.checkpoint.get("next", 0), until):
        async with job.step() as tx:
            await tx.execute(insert(event_head), name=str(row), position=0, trimmed_to=0)
            job.checkpoint["next"], job.done, job.total = row + 1, row + 1, 3


def worker(database, handler) -> Jobs:
    return Jobs(database, "import", handler, clock=lambda: AT)


async def test_work_is_done_in_steps_with_progress_and_result(database, raw):
    await enqueue(database)

    async def work(job) -> None:
        await in_steps(job)
        job.result = {"rows": job.payload["rows"]}

    assert [await worker(database, work).step() for _ in range(2)] == [True, False]
    done = await found(database)
    assert (done.state, done.done, done.total, done.result) == ("done", 3, 3, {"rows": 3})
    assert await raw.fetchval(HEADS) == "0,1,2"


async def test_a_killed_workers_job_goes_on_from_its_checkpoint(database, raw):
    await enqueue(database)

    async def killed(job) -> None:
        await in_steps(job, until=2)
        raise Killed

    with pytest.raises(Killed):
        await worker(database, killed).step()
    assert await worker(database, in_steps).step() is False
    await raw.execute(EXPIRE)

    assert await worker(database, in_steps).step() is True
    assert (await found(database)).state == "done"
    assert await raw.fetchval(HEADS) == "0,1,2"


async def test_a_worker_that_lost_its_lease_changes_nothing(database, raw):
    await enqueue(database)

    async def slow(job) -> None:
        await in_steps(job, until=1)
        await raw.execute(EXPIRE)
        await worker(database, in_steps).step()
        await in_steps(job, until=5)

    await worker(database, slow).step()

    assert (await found(database)).state == "done"
    assert await raw.fetchval(HEADS) == "0,1,2"


async def test_two_workers_share_the_jobs_and_do_each_once(database):
    done = []
    for number in range(1, 7):
        await enqueue(database, UUID(int=number))

    async def work(job) -> None:
        done.append(job.id.int)
        await asyncio.sleep(0.01)

    async def run() -> None:
        while await worker(database, work).step():
            pass

    await asyncio.gather(run(), run())

    assert sorted(done) == list(range(1, 7))


async def test_queued_work_is_canceled_at_once_and_running_work_at_its_next_step(database, raw):
    await enqueue(database)
    await enqueue(database, UUID(int=2))

    async def cancel(id: UUID) -> str:
        async with database.transaction() as tx:
            return (await jobs.cancel(tx, await jobs.find(tx, id, kind="import"), at=AT)).state

    async def asked(job) -> None:
        await in_steps(job, until=1)
        assert await cancel(job.id) == "running"
        await in_steps(job)

    assert await cancel(UUID(int=2)) == "canceled"
    await worker(database, asked).step()
    assert (await found(database)).state == "canceled"
    assert await raw.fetchval(HEADS) == "0"
    with pytest.raises(jobs.JobAlreadyOver):
        await cancel(ID)


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (Refusal("the sheet is empty"), "the sheet is empty"),
        (KeyError("x"), "unexpected error: KeyError"),
    ],
)
async def test_a_refusal_fails_the_job_with_its_detail_and_a_bug_with_its_name(
    database, error, told
):
    await enqueue(database)

    async def refuse(job) -> None:
        raise error

    await worker(database, refuse).step()

    failed = await found(database)
    assert (failed.state, failed.error) == ("failed", told)


async def by_checkpoint(job) -> None:
    async with job.step():
        job.checkpoint["next"] = job.checkpoint.get("next", 0) + 1


async def by_number(job) -> None:
    async with job.step():
        job.done += 1


async def by_nothing(job) -> None:
    async with job.step():
        pass


@pytest.mark.parametrize(
    ("progress", "state"),
    [(by_checkpoint, "running"), (by_number, "running"), (by_nothing, "failed")],
)
async def test_work_that_gets_on_may_be_killed_often_and_work_that_does_not_fails_in_the_end(
    database, raw, progress, state
):
    await enqueue(database)

    async def killed(job) -> None:
        await progress(job)
        raise Killed

    for _ in range(jobs.MOST_ATTEMPTS + 1):
        with suppress(Killed):
            await worker(database, killed).step()
        await raw.execute(EXPIRE)

    assert (await found(database)).state == state


async def test_a_worker_that_is_asked_to_stop_gives_its_job_back_at_once(database):
    await enqueue(database)
    for _ in range(jobs.MOST_ATTEMPTS + 1):
        began = asyncio.Event()

        async def waiting(job, began=began) -> None:
            began.set()
            await asyncio.Event().wait()

        stopping = asyncio.create_task(worker(database, waiting).step())
        await asyncio.wait_for(began.wait(), 10)
        stopping.cancel()
        await asyncio.wait([stopping])
        assert stopping.cancelled()

    assert await worker(database, in_steps).step() is True
    assert (await found(database)).state == "done"


async def test_what_is_away_costs_no_try_and_is_asked_again_later(database, raw):
    await enqueue(database)

    async def lonely(job) -> None:
        raise Unavailable("the neighbor is away")

    for _ in range(jobs.MOST_ATTEMPTS + 1):
        with pytest.raises(Unavailable):
            await worker(database, lonely).step()
        assert await worker(database, in_steps).step() is False
        await raw.execute(EXPIRE)

    await worker(database, in_steps).step()
    assert (await found(database)).state == "done"


@pytest.mark.parametrize("error", [None, Refusal("no"), KeyError("x")])
async def test_the_end_that_a_late_worker_finds_is_not_the_end(database, raw, error):
    await enqueue(database)

    async def late(job) -> None:
        await raw.execute(EXPIRE)
        async with database.transaction() as tx:
            await tx.execute(
                jobs.CLAIM, of=job.id, owner=UUID(int=9), until=clock() + timedelta(hours=1), at=AT
            )
        if error is not None:
            raise error

    assert await worker(database, late).step() is True

    assert (await found(database)).state == "running"
    assert await raw.fetchval("SELECT lease_owner FROM job") == UUID(int=9)


async def test_who_lost_the_lease_cannot_finish(database, raw):
    await enqueue(database)

    async def lost(job) -> None:
        await raw.execute("UPDATE job SET lease_owner = NULL")
        with pytest.raises(LeaseLost):
            await job.finish("done", at=AT)

    await worker(database, lost).step()

    assert (await found(database)).state == "running"
