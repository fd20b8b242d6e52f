"""Events leave by position:
complete, in order and once, whoever writes, numbers, dies or comes late.
"""

# ruff: noqa: PT012, T201 - what raises is a whole transaction; times are printed, not asserted

import asyncio
import random
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from service_kit.process.origin import SYSTEM_ORIGIN, Origin
from service_kit.store import outbox
from service_kit.store.database import Database
from service_kit.store.events import Told
from service_kit.store.sqlstates import DatabaseUnavailable, OutcomeUnknown, TransactionRolledBack
from service_kit.testing import notes, serving
from service_kit.testing.news import told
from service_kit.web import feed
from service_kit.work.loop import Loop
from service_kit.work.sequencer import BATCH, NUMBER, Sequencer
from sqlalchemy import text

AT = datetime(2026, 1, 31, tzinfo=UTC)


def an_event(subject: int = 1, *, unit: str | None = "cn", number: int = 0) -> Told:
    return told("note.written", subject=UUID(int=subject), at=AT, unit=unit, number=number)


async def tell(database: Database, *events: Told) -> None:
    async with database.transaction() as tx:
        for event in events:
            tx.record(event)


@pytest.fixture
async def sequencer(database) -> Sequencer:
    sequencer = Sequencer(database)
    await sequencer.make_head()
    return sequencer


async def read_all(database: Database, after: int = 0, units=None) -> list:
    rows = []
    while batch := await feed.read(database, after=after, limit=7, units=units):
        rows += batch
        after = batch[-1]["position"]
    return rows


def ids(rows: list) -> list[UUID]:
    return [row["id"] for row in rows]


async def test_events_are_numbered_without_a_gap_in_the_order_of_their_commits(database, sequencer):
    for number in range(5):
        await tell(database, an_event(number=number), an_event(2, number=number))

    assert await sequencer.step() is False
    rows = await read_all(database)

    assert [row["position"] for row in rows] == list(range(1, 11))
    assert [row["payload"]["number"] for row in rows] == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]
    assert await sequencer.step() is False
    assert ids(await read_all(database)) == ids(rows)


async def test_a_full_batch_asks_for_the_next_step(database, sequencer):
    await tell(database, *(an_event(number=number) for number in range(BATCH + 3)))

    assert [await sequencer.step(), await sequencer.step(), await sequencer.step()] == [
        True,
        False,
        False,
    ]
    assert (await feed.read(database, after=BATCH + 2, limit=9, units=None))[0]["payload"] == {
        "number": BATCH + 2
    }


async def test_without_a_head_nothing_is_numbered_and_making_it_twice_is_making_it_once(database):
    sequencer = Sequencer(database)
    await tell(database, an_event())
    assert await sequencer.step() is False
    assert await feed.read(database, after=0, limit=9, units=None) == []

    await sequencer.make_head()
    await sequencer.step()
    await sequencer.make_head()

    assert [row["position"] for row in await read_all(database)] == [1]


async def test_many_writers_several_sequencers_and_kills_lose_nothing_and_repeat_nothing(url, raw):
    """Commits come late and out of order, sequencers work at once and are killed in the middle,
    a reader follows all the while.
    """
    chance = random.Random(20260131)
    writing, databases = (
        Database(url, notes.SCHEMA),
        [Database(url, notes.SCHEMA) for _ in range(3)],
    )
    for each in (writing, *databases):
        await each.open()
    await Sequencer(writing).make_head()
    committed: set[UUID] = set()
    read: list = []
    is_over = asyncio.Event()

    async def write(subject: int) -> None:
        for number in range(25):
            entries = [
                outbox.recorded(an_event(subject, number=number), {})
                for _ in range(chance.randint(1, 3))
            ]
            try:
                async with writing.transaction() as tx:
                    await outbox.write(tx, entries, SYSTEM_ORIGIN, None)
                    await asyncio.sleep(chance.choice([0, 0, 0.001, 0.02]))
                    if chance.random() < 0.1:
                        raise ValueError
                committed.update(entry.id for entry in entries)
            except ValueError:
                pass

    async def number(database: Database) -> None:
        sequencer = Sequencer(database)
        while not is_over.is_set():
            try:
                await sequencer.step()
            except (TransactionRolledBack, OutcomeUnknown, DatabaseUnavailable):
                await asyncio.sleep(0.001)

    async def follow() -> None:
        while not (is_over.is_set() and len(read) >= len(committed)):
            read.extend(
                await feed.read_or_wait(
                    writing,
                    after=read[-1]["position"] if read else 0,
                    limit=10,
                    wait=0.2,
                    units=None,
                )
            )

    async def kill() -> int:
        killed = 0
        while not is_over.is_set():
            await asyncio.sleep(0.005)
            killed += await raw.fetchval(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname ="
                " current_database() AND pid <> pg_backend_pid() AND query LIKE ANY (ARRAY['WITH"
                " waiting%', 'UPDATE notes.event_head%', '%event_head%FOR UPDATE%']) AND state IN"
                " ('active', 'idle in transaction')"
            )
        return killed

    async with asyncio.timeout(60):
        numbering = [asyncio.create_task(number(each)) for each in databases]
        following, killing = asyncio.create_task(follow()), asyncio.create_task(kill())
        await asyncio.gather(*(write(subject) for subject in range(8)))
        is_over.set()
        await asyncio.gather(*numbering)
        killed = await killing
        await Sequencer(writing).step()
        await following
    by_subject = defaultdict(list)
    for row in read:
        by_subject[row["subject"]].append(row["payload"]["number"])

    assert [row["position"] for row in read] == list(range(1, len(committed) + 1))
    assert {row["id"] for row in read} == committed
    assert all(numbers == sorted(numbers) for numbers in by_subject.values())
    assert ids(await read_all(writing)) == ids(read)
    assert killed > 0
    for each in (writing, *databases):
        await each.close()


async def test_a_sequencer_that_holds_the_head_makes_the_others_step_aside(database, sequencer):
    await tell(database, an_event())
    async with database.transaction() as tx:
        await tx.fetch(text("SELECT * FROM notes.event_head FOR UPDATE"))

        assert await asyncio.wait_for(sequencer.step(), 1) is False

    await sequencer.step()
    assert len(await read_all(database)) == 1


async def test_a_sequencer_that_died_before_its_commit_has_numbered_nothing(database, sequencer):
    await tell(database, an_event(), an_event(2))
    with pytest.raises(ValueError, match="killed"):
        async with database.transaction() as tx:
            await tx.fetch_one(NUMBER, head=0)
            raise ValueError("killed")
    await sequencer.step()

    assert [row["position"] for row in await read_all(database)] == [1, 2]


async def test_old_events_are_trimmed_in_batches_and_late_readers_are_told_410(
    database, sequencer, raw, monkeypatch
):
    monkeypatch.setattr("service_kit.work.sequencer.TRIM_BATCH", 4)
    await tell(database, *(an_event(number=number) for number in range(10)))
    await sequencer.step()
    await raw.execute(
        "UPDATE event SET recorded_at = now() - interval '91 days' WHERE position <= 6"
    )
    at = datetime.now(UTC)

    assert [await sequencer.trim(at=at, days=90) for _ in range(3)] == [True, True, False]
    assert [row["position"] for row in await feed.read(database, after=6, limit=9, units=None)] == [
        7,
        8,
        9,
        10,
    ]
    for after in (0, 5):
        with pytest.raises(feed.CursorExpired) as expired:
            await feed.read(database, after=after, limit=9, units=None)
        assert expired.value.extras == {"oldest": "6", "newest": "10"}


async def test_events_are_kept_as_long_as_promised(database, sequencer, raw):
    await tell(database, an_event())
    await sequencer.step()
    await raw.execute("UPDATE event SET recorded_at = now() - interval '89 days 23 hours'")

    assert await sequencer.trim(at=datetime.now(UTC), days=90) is False
    assert len(await read_all(database)) == 1


async def test_what_was_not_numbered_yet_is_never_trimmed(database, sequencer, raw):
    await tell(database, an_event())
    await raw.execute("UPDATE event SET recorded_at = now() - interval '900 days'")

    assert await sequencer.trim(at=datetime.now(UTC), days=90) is False
    await sequencer.step()
    assert len(await read_all(database)) == 1


async def test_numbers_are_not_used_again_after_everything_was_trimmed(database, sequencer, raw):
    await tell(database, an_event(), an_event())
    await sequencer.step()
    await sequencer.trim(at=datetime.now(UTC) + timedelta(days=91), days=90)
    await tell(database, an_event())
    await sequencer.step()

    assert [row["position"] for row in await feed.read(database, after=2, limit=9, units=None)] == [
        3
    ]
    with pytest.raises(feed.CursorExpired):
        await feed.read(database, after=1, limit=9, units=None)


async def test_a_long_poll_is_answered_as_soon_as_there_is_something(database, sequencer):
    """The writer wakes the sequencer, the sequencer wakes the reader:
    nobody waits for the next look.
    """
    loop = Loop(
        "sequencer", sequencer.step, signals=database.signals, topic="outbox", idle_seconds=30
    )
    numbering = asyncio.create_task(loop.run())
    waited = []
    for number in range(10):
        reading = asyncio.create_task(
            feed.read_or_wait(database, after=number, limit=9, wait=30, units=None)
        )
        await asyncio.sleep(0.02)
        began = asyncio.get_running_loop().time()
        await tell(database, an_event(number=number))
        assert len(await asyncio.wait_for(reading, 10)) == 1
        waited.append(asyncio.get_running_loop().time() - began)
    numbering.cancel()

    print(f"event to reader: median {sorted(waited)[5] * 1000:.1f} ms")


async def test_a_hint_that_comes_while_the_sequencer_works_is_not_lost(database, sequencer):
    """Without polling: the second event is told in the middle of the step that
    numbers the first.
    """
    told_in_between = asyncio.Event()

    async def step() -> bool:
        more = await sequencer.step()
        if not told_in_between.is_set():
            told_in_between.set()
            await tell(database, an_event(number=2))
        return more

    loop = Loop("sequencer", step, signals=database.signals, topic="outbox", idle_seconds=30)
    numbering = asyncio.create_task(loop.run())
    rows = await asyncio.wait_for(
        feed.read_or_wait(database, after=0, limit=9, wait=10, units=None), 11
    )
    numbering.cancel()

    assert [row["payload"] for row in rows] == [{"number": 2}]


async def test_a_reader_in_another_process_finds_events_by_looking(url, database, sequencer):
    other = Database(url, notes.SCHEMA)
    await other.open()
    reading = asyncio.create_task(feed.read_or_wait(other, after=0, limit=9, wait=10, units=None))
    await asyncio.sleep(0.05)
    await tell(database, an_event())
    await sequencer.step()

    assert len(await asyncio.wait_for(reading, 5)) == 1
    await other.close()


async def test_a_long_poll_without_news_ends_empty_in_its_time(database, sequencer):
    began = asyncio.get_running_loop().time()

    assert await feed.read_or_wait(database, after=0, limit=9, wait=0.3, units=None) == []
    assert 0.3 <= asyncio.get_running_loop().time() - began < 5


async def test_an_event_is_a_cloudevent_with_its_trace(compose, signing_keys):
    async with serving(compose(), signing_keys) as api:
        trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        note = (await api.post("/v1/notes", {"text": "a"}, headers={"traceparent": trace})).json()
        await api.events("note.written")
        answer = await api.get("/v1/events", params={"after": "0", "limit": 1})
        told = answer.json()[0]

    assert answer.headers["content-type"] == "application/cloudevents-batch+json"
    assert told["traceparent"].split("-")[1] == trace.split("-")[1]
    assert {
        name: told[name]
        for name in (
            "specversion",
            "source",
            "type",
            "subject",
            "datacontenttype",
            "cursor",
            "unit",
            "data",
        )
    } == {
        "specversion": "1.0",
        "source": "/notes",
        "type": "guanxi.note.written.v1",
        "subject": note["id"],
        "datacontenttype": "application/json",
        "cursor": "1",
        "unit": "cn",
        "data": {"note_id": note["id"]},
    }
    assert UUID(told["id"]).version == 7
    assert told["time"] == note["written_at"]


async def test_an_expired_cursor_is_410_over_the_api(compose, signing_keys, raw):
    async with serving(compose(work=False), signing_keys) as api:
        sequencer = Sequencer(api.service.database)
        await sequencer.make_head()
        await tell(api.service.database, an_event(), an_event())
        await sequencer.step()
        await raw.execute(
            "UPDATE event SET recorded_at = now() - interval '91 days' WHERE position = 1"
        )
        await sequencer.trim(at=datetime.now(UTC), days=90)

        expired = await api.get("/v1/events", params={"after": "0"})
        kept = await api.get("/v1/events", params={"after": "1"})

    assert (expired.status_code, expired.json()["oldest"], expired.json()["newest"]) == (
        410,
        "1",
        "2",
    )
    assert [event["cursor"] for event in kept.json()] == ["2"]


@pytest.mark.parametrize("after", ["-1", "x", "", "1.5", "9" * 19, "１"])
async def test_what_no_feed_ever_made_is_no_cursor(compose, signing_keys, after):
    async with serving(compose(work=False), signing_keys) as api:
        assert (await api.get("/v1/events", params={"after": after})).status_code == 422


async def test_an_event_without_unit_or_trace_leaves_them_out(database, sequencer):
    async with database.transaction(origin=Origin()) as tx:
        tx.record(an_event(unit=None))
    await sequencer.step()
    row = (await read_all(database))[0]

    assert not {"unit", "traceparent"} & feed.envelope(row, "notes").keys()
