"""What fails for good is tried again later and later, and keeps nobody else waiting."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest
from service_kit.process.metrics import Metrics
from service_kit.process.signals import Signals
from service_kit.store.sqlstates import StatementTooSlow
from service_kit.words.errors import Unavailable
from service_kit.work import jobs, timers
from service_kit.work.jobs import Jobs
from service_kit.work.loop import (
    LONGEST_OUTAGE_PAUSE_SECONDS,
    LONGEST_PAUSE_SECONDS,
    Backoff,
    Loop,
    supervised,
)
from service_kit.work.timers import Timer, Timers

AT = datetime(2026, 1, 31, tzinfo=UTC)
WATCHED_SECONDS = 1.0
# Pauses of 0.1, 0.2, 0.4 ... at three quarters of their length, and the hints between them, would
# allow five.
MOST_TRIES = 6


class Worker:
    """A worker whose run is what the test says."""

    name = "worker"

    def __init__(self, run: Callable[[], Any]) -> None:
        self.run = run


async def tries_of(start: Callable[[Callable[[], Any]], Any], error: Exception) -> int:
    """How often something that fails for good is tried within a second."""
    tries = 0

    async def failing() -> bool:
        nonlocal tries
        tries += 1
        raise error

    running = asyncio.create_task(start(failing))
    await asyncio.sleep(WATCHED_SECONDS)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    return tries


@pytest.mark.parametrize(
    "error", [RuntimeError("for good"), Unavailable(), StatementTooSlow(), TimeoutError()]
)
async def test_what_fails_for_good_is_tried_a_few_times_only(error):
    loop = await tries_of(
        lambda step: Loop("loop", step, signals=Signals(), idle_seconds=0.0).run(), error
    )
    worker = await tries_of(lambda run: supervised(Worker(run), Metrics("kit")), error)

    assert 2 <= loop <= MOST_TRIES
    assert 2 <= worker <= MOST_TRIES


def test_pauses_grow_up_to_a_bound_and_a_success_begins_anew():
    backoff = Backoff()
    pauses = [backoff.failed() for _ in range(20)]

    assert pauses[0] <= 0.1
    assert all(later > earlier for earlier, later in pairwise(pauses[:8]))
    assert 0.7 * LONGEST_PAUSE_SECONDS < pauses[-1] <= LONGEST_PAUSE_SECONDS
    assert backoff.failed(longest=LONGEST_OUTAGE_PAUSE_SECONDS) <= LONGEST_OUTAGE_PAUSE_SECONDS
    backoff.succeeded()
    assert backoff.failed() <= 0.1


async def test_a_failure_does_not_take_the_place_of_a_cancellation():
    """A time-out while something was given back took it, and the worker ran on."""
    begun = asyncio.Event()

    async def stubborn() -> bool:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            raise TimeoutError

    for running in (
        supervised(Worker(stubborn), Metrics("kit")),
        Loop("loop", stubborn, signals=Signals()).run(),
    ):
        begun.clear()
        task = asyncio.create_task(running)
        await begun.wait()
        task.cancel()

        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(task, 5)


async def set_timer(database, key: str) -> None:
    async with database.transaction() as tx:
        await timers.schedule(
            tx, Timer(subject=UUID(int=1), kind="clock", key=key, due_at=AT, payload={})
        )


async def test_a_claim_of_timers_that_fails_for_good_is_told_and_not_taken_for_work(database, raw):
    """The database refuses the claim itself, though nothing is due:
    that there may be more must not be said.
    """
    await raw.execute("ALTER TABLE timer RENAME TO gone")
    fired = Timers(database, "clock", lambda *_: None, clock=lambda: AT)

    tries = await tries_of(
        lambda _: Loop("clock", fired.step, signals=database.signals, idle_seconds=0.0).run(),
        RuntimeError(),
    )

    assert tries == 0
    with pytest.raises(Exception, match="timer"):
        await fired.step()


async def test_timers_of_which_none_can_be_fired_are_no_reason_to_go_on_at_once(database):
    await set_timer(database, "poison")

    async def fail(_tx, _due) -> None:
        raise RuntimeError("for good")

    assert await Timers(database, "clock", fail, clock=lambda: AT).step() is False


@pytest.mark.parametrize("error", [RuntimeError("for good"), StatementTooSlow()])
async def test_a_poisonous_timer_keeps_no_other_waiting(database, error):
    for key in ("a", "poison", "z"):
        await set_timer(database, key)
    done: list[str] = []

    async def fire(_tx, due) -> None:
        if any(timer.key == "poison" for timer in due):
            raise error
        done.extend(timer.key for timer in due)

    assert await Timers(database, "clock", fire, clock=lambda: AT).step() is True
    assert done == ["a", "z"]


async def test_a_job_whose_end_cannot_be_written_keeps_no_other_waiting(database, raw):
    """Its first try is over before the second one begins, and that comes later and later."""
    for number in (1, 2):
        async with database.transaction() as tx:
            await jobs.enqueue(tx, id=UUID(int=number), kind="import", payload={}, at=AT)
    await raw.execute(
        "ALTER TABLE job ADD CONSTRAINT poison CHECK (id <>"
        " $$00000000-0000-0000-0000-000000000001$$ OR finished_at IS NULL)"
    )
    done: list[int] = []

    async def handle(job) -> None:
        done.append(job.id.int)

    worker = Jobs(database, "import", handle, clock=lambda: AT)
    steps = [await worker.step() for _ in range(3)]

    assert steps == [True, True, False]
    assert done == [1, 2]
    assert await raw.fetchval("SELECT state FROM job WHERE id = $1", UUID(int=2)) == "done"
    assert await raw.fetchval(
        "SELECT lease_until > now() + interval '15 seconds' FROM job WHERE id = $1", UUID(int=1)
    )


async def test_a_result_that_cannot_be_written_fails_the_job(database, raw):
    async with database.transaction() as tx:
        await jobs.enqueue(tx, id=UUID(int=1), kind="import", payload={}, at=AT)

    async def handle(job) -> None:
        job.result = {"not JSON": object()}

    assert await Jobs(database, "import", handle, clock=lambda: AT).step() is True

    assert await raw.fetchval("SELECT state FROM job") == "failed"
