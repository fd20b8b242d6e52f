"""Timers: what falls due is done exactly once, with its effect;
what cannot be done stops nobody else.
"""

# ruff: noqa: T201 - times are printed, not asserted

import asyncio
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from service_kit.process.origin import Origin
from service_kit.store.database import Database, PoolLimits
from service_kit.store.sqlstates import TransactionRolledBack
from service_kit.store.tables import event, timer
from service_kit.testing import notes
from service_kit.testing.news import told
from service_kit.testing.notes import note
from service_kit.words.errors import Unavailable
from service_kit.work import timers
from service_kit.work.timers import MOST_ATTEMPTS, Timer, Timers
from sqlalchemy import func, insert, select

AT = datetime(2026, 1, 31, tzinfo=UTC)
KIND = "clock"


class Now:
    """A clock of the test."""

    def __init__(self) -> None:
        self.at = AT

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
def now() -> Now:
    return Now()


def a_timer(number: int = 1, *, key: str = "", due_at: datetime = AT, **payload: object) -> Timer:
    return Timer(subject=UUID(int=number), kind=KIND, key=key, due_at=due_at, payload=payload)


async def schedule(database: Database, *them: Timer) -> None:
    async with database.transaction() as tx:
        await timers.schedule(tx, *them)


async def stored(database: Database) -> list:
    async with database.reading() as reader:
        return await reader.fetch(select(timer).order_by(timer.c.subject, timer.c.key))


async def count(database: Database, table=note) -> int:
    async with database.reading() as reader:
        return await reader.fetch_value(select(func.count()).select_from(table))


class Fired:
    """A handler that writes one note per timer and refuses those that it is told to refuse."""

    def __init__(self, **poison: Exception) -> None:
        self.batches: list[list[int]] = []
        self.poison = {int(name.lstrip("_")): error for name, error in poison.items()}

    async def __call__(self, tx, due) -> None:
        self.batches.append([each.subject.int for each in due])
        for each in due:
            row = {
                "id": each.subject,
                "unit": "cn",
                "text": each.key or "fired",
                "written_at": each.due_at,
                "version": 1,
            }
            await tx.execute(insert(note), **row)
            tx.record(told("clock.warned", subject=each.subject, at=AT, **dict(each.payload)))
            if error := self.poison.get(each.subject.int):
                raise error


async def test_what_is_due_fires_in_order_and_what_is_not_stays(database, now):
    fired = Fired()
    later = AT + timedelta(microseconds=1)
    await schedule(
        database,
        a_timer(3, due_at=later),
        a_timer(2),
        a_timer(1, due_at=AT - timedelta(days=1), step=7),
    )

    assert await Timers(database, KIND, fired, clock=now).step() is False

    assert fired.batches == [[1, 2]]
    assert [row["subject"].int for row in await stored(database)] == [3]
    now.at = later
    await Timers(database, KIND, fired, clock=now).step()
    assert await stored(database) == []
    assert await count(database) == await count(database, event) == 3


async def test_a_full_batch_asks_for_the_next_step(database, now):
    fired = Fired()
    firing = Timers(database, KIND, fired, clock=now, batch=2)
    await schedule(database, *(a_timer(number) for number in range(5)))

    assert [await firing.step() for _ in range(3)] == [True, True, False]
    assert sorted(len(batch) for batch in fired.batches) == [1, 2, 2]


async def test_nothing_due_calls_nobody(database, now):
    fired = Fired()

    assert await Timers(database, KIND, fired, clock=now).step() is False
    assert fired.batches == []


async def test_kinds_do_not_meet(database, now):
    fired = Fired()
    await schedule(database, a_timer())

    await Timers(database, "other", fired, clock=now).step()

    assert fired.batches == []
    assert len(await stored(database)) == 1


async def test_setting_a_timer_again_moves_it(database, now):
    await schedule(database, a_timer(step=1))
    await schedule(database, a_timer(due_at=AT + timedelta(hours=1), step=2))

    rows = await stored(database)

    assert [(row["due_at"], row["payload"]) for row in rows] == [
        (AT + timedelta(hours=1), {"step": 2})
    ]


async def test_one_timer_or_all_of_a_kind_can_be_taken_back(database):
    await schedule(database, a_timer(key="a"), a_timer(key="b"), a_timer(key="c"), a_timer(2))
    async with database.transaction() as tx:
        await timers.cancel(tx, subject=UUID(int=1), kind=KIND, key="b")
    assert [row["key"] for row in await stored(database)] == ["a", "c", ""]

    async with database.transaction() as tx:
        await timers.cancel(tx, subject=UUID(int=1), kind=KIND)

    assert [row["subject"].int for row in await stored(database)] == [2]


async def test_a_timer_set_in_a_transaction_that_fails_is_not_there(database):
    with pytest.raises(ValueError, match="no"):
        await scheduled_and_failed(database)

    assert await stored(database) == []


async def scheduled_and_failed(database: Database) -> None:
    async with database.transaction() as tx:
        await timers.schedule(tx, a_timer())
        raise ValueError("no")


async def test_a_handler_may_set_its_own_timer_anew(database, now):
    """Such as one that comes back every day under the same key."""

    async def daily(tx, due) -> None:
        for each in due:
            await timers.schedule(
                tx, a_timer(each.subject.int, due_at=each.due_at + timedelta(days=1))
            )

    await schedule(database, a_timer())
    firing = Timers(database, KIND, daily, clock=now)
    await firing.step()

    assert [row["due_at"] for row in await stored(database)] == [AT + timedelta(days=1)]
    assert await firing.step() is False


async def test_two_replicas_fire_each_timer_exactly_once(url, now):
    replicas = [Database(url, notes.SCHEMA) for _ in range(2)]
    for each in replicas:
        await each.open()
    await schedule(replicas[0], *(a_timer(number) for number in range(200)))
    fired = [Fired(), Fired()]

    async def fire(database: Database, handler: Fired) -> None:
        async def slowly(tx, due) -> None:
            await handler(tx, due)
            await asyncio.sleep(0.005)

        firing = Timers(database, KIND, slowly, clock=now, batch=10)
        while await firing.step():
            pass

    await asyncio.gather(
        *(fire(database, handler) for database, handler in zip(replicas, fired, strict=True))
    )
    subjects = Counter(
        subject for handler in fired for batch in handler.batches for subject in batch
    )

    assert subjects == dict.fromkeys(range(200), 1)
    assert all(handler.batches for handler in fired)
    assert await count(replicas[0]) == await count(replicas[0], event) == 200
    assert await stored(replicas[0]) == []
    for each in replicas:
        await each.close()


async def test_a_worker_that_dies_in_the_middle_leaves_its_timers_to_the_next(url, raw, now):
    database = Database(url, notes.SCHEMA)
    await database.open()
    await schedule(database, *(a_timer(number) for number in range(5)))
    fired = Fired()

    async def dies(tx, due) -> None:
        await fired(tx, due)
        await raw.fetch(
            "SELECT pg_terminate_backend(pid, 2000) FROM pg_stat_activity WHERE state = 'idle in"
            " transaction'"
        )

    with pytest.raises(TransactionRolledBack):
        await Timers(database, KIND, dies, clock=now).step()
    assert await count(database) == 0
    await Timers(database, KIND, fired, clock=now).step()

    assert await count(database) == await count(database, event) == 5
    await database.close()


async def test_a_poisonous_timer_stops_nobody_and_is_parked_after_its_tries(database, now):
    fired = Fired(_2=ValueError("cannot be\0 done"))
    firing = Timers(database, KIND, fired, clock=now)
    await schedule(database, a_timer(1), a_timer(2), a_timer(3))

    assert await firing.step() is True
    assert await count(database) == await count(database, event) == 2
    tries = [(await stored(database))[0]["attempts"]]
    waits = []
    while (row := (await stored(database))[0])["parked_reason"] is None:
        waits.append(row["due_at"] - now.at)
        assert await firing.step() is False
        now.at = row["due_at"]
        await firing.step()
        tries.append((await stored(database))[0]["attempts"])

    assert tries == list(range(1, MOST_ATTEMPTS + 1))
    assert waits == sorted(waits)
    assert len(set(waits)) == MOST_ATTEMPTS - 1
    assert row["parked_reason"] == "ValueError: cannot be\N{REPLACEMENT CHARACTER} done"
    now.at += timedelta(days=1)
    assert await firing.step() is False
    assert await count(database) == 2


async def test_a_timer_that_fails_only_at_commit_is_isolated_too(database, raw, now):
    await raw.execute(
        "ALTER TABLE note ADD CONSTRAINT uq_note_text UNIQUE (text) DEFERRABLE INITIALLY DEFERRED"
    )
    await raw.execute("INSERT INTO note VALUES (gen_random_uuid(), 'cn', 'taken', now(), 1)")
    fired = Fired()
    await schedule(database, a_timer(1, key="a"), a_timer(2, key="taken"), a_timer(3, key="c"))

    await Timers(database, KIND, fired, clock=now).step()

    assert [(row["subject"].int, row["attempts"]) for row in await stored(database)] == [(2, 1)]
    assert await count(database) == 3


async def test_setting_a_parked_timer_anew_gives_it_its_tries_back(database, now):
    firing = Timers(database, KIND, Fired(_1=ValueError("broken")), clock=now)
    await schedule(database, a_timer())
    for _ in range(MOST_ATTEMPTS):
        await firing.step()
        now.at += timedelta(hours=1)
    assert (await stored(database))[0]["parked_reason"] is not None

    await schedule(database, a_timer())

    row = (await stored(database))[0]
    assert (row["attempts"], row["parked_reason"]) == (0, None)


@pytest.mark.parametrize("outage", [Unavailable(), TransactionRolledBack("40P01")])
async def test_an_outage_is_nobodys_fault_and_costs_no_try(database, now, outage):
    firing = Timers(database, KIND, Fired(_1=outage), clock=now)
    await schedule(database, a_timer())

    with pytest.raises(type(outage)):
        await firing.step()

    assert [(row["attempts"], row["due_at"]) for row in await stored(database)] == [(0, AT)]


async def test_a_timer_taken_back_while_its_batch_fails_does_not_fire(database, now):
    """The batch fails because of the second;
    before the first is tried alone, its case is closed.
    """
    calls = []

    async def handler(tx, due) -> None:
        calls.append([each.subject.int for each in due])
        if len(due) > 1:
            async with database.transaction() as other:
                await other.execute(
                    insert(note), id=UUID(int=9), unit="cn", text="x", written_at=AT, version=1
                )
            raise ValueError("batch")

    await schedule(database, a_timer(1), a_timer(2))
    firing = Timers(database, KIND, handler, clock=now)
    original = firing._fire_one

    async def taken_back_first(each: Timer) -> None:
        if each.subject.int == 1:
            async with database.transaction() as tx:
                await timers.cancel(tx, subject=each.subject, kind=KIND)
        await original(each)

    firing._fire_one = taken_back_first
    await firing.step()

    assert calls == [[1, 2], [2]]


async def test_a_failure_is_not_written_down_at_what_another_worker_has_set_anew(database, now):
    """Between the failed one's rollback and its note of it, another worker fires the timer,
    and its handler sets it again.
    """
    firing = Timers(database, KIND, Fired(_1=ValueError("broken")), clock=now)
    await schedule(database, a_timer())
    original = firing._fail

    async def set_anew_first(each: Timer, error: Exception) -> None:
        await schedule(database, a_timer(due_at=AT + timedelta(days=1)))
        await original(each, error)

    firing._fail = set_anew_first
    await firing.step()

    assert [(row["due_at"], row["attempts"]) for row in await stored(database)] == [
        (AT + timedelta(days=1), 0)
    ]


async def test_timers_keep_the_trace_of_what_set_them(database):
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    async with database.transaction(origin=Origin(traceparent=trace)) as tx:
        await timers.schedule(tx, a_timer())

    assert (await stored(database))[0]["traceparent"] == trace


async def test_claims_in_batches_of_ten_are_timed(url, now):
    """Prints how fast claims are; asserts only that each was done."""
    database = Database(url, notes.SCHEMA, limits=PoolLimits(largest=4))
    await database.open()
    await schedule(database, *(a_timer(number) for number in range(2_000)))
    done = []

    async def handler(_tx, due) -> None:
        done.extend(due)

    async def fire() -> None:
        firing = Timers(database, KIND, handler, clock=now, batch=10)
        while await firing.step():
            pass

    began = time.perf_counter()
    await asyncio.gather(*(fire() for _ in range(4)))
    print(f"{len(done) / (time.perf_counter() - began):,.0f} claims/s")

    assert len({each.subject for each in done}) == len(done) == 2_000
    await database.close()
