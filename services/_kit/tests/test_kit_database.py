"""The database: what is committed, what is not, savepoints and limits."""

# ruff: noqa: PT012 - what raises is a whole transaction

import asyncio
from datetime import UTC, datetime
from uuid import UUID

import asyncpg
import pytest
from service_kit.store.database import Database, PoolLimits
from service_kit.store.events import Told
from service_kit.store.sqlstates import (
    LockNotAvailable,
    StatementTooSlow,
    TransactionRolledBack,
    UniqueViolated,
)
from service_kit.store.tables import event, lease
from service_kit.testing import notes
from service_kit.testing.news import told
from service_kit.testing.notes import note
from sqlalchemy import bindparam, delete, func, insert, literal, select, text, update

AT = datetime(2026, 1, 31, tzinfo=UTC)
COUNT = select(func.count()).select_from(note)
MY_PID = select(func.pg_backend_pid())
SLEEP = select(func.pg_sleep(bindparam("seconds")))
KILL = "SELECT pg_terminate_backend($1, 2000)"
LOCK_NOTE = select(note.c.id).with_for_update()


def a_note(number: int, **changes: object) -> dict[str, object]:
    return {
        "id": UUID(int=number),
        "unit": "cn",
        "text": f"note {number}",
        "written_at": AT,
        "version": 1,
        **changes,
    }


def an_event(number: int = 1) -> Told:
    return told("note.written", subject=UUID(int=number), at=AT)


async def write(database: Database, number: int) -> None:
    async with database.transaction() as tx:
        await tx.execute(insert(note), **a_note(number))


async def count(database: Database) -> int:
    async with database.reading() as reader:
        return await reader.fetch_value(COUNT)


async def opened(url: str, **limits: object) -> Database:
    database = Database(url, notes.SCHEMA, limits=PoolLimits(**limits))
    await database.open()
    return database


# Committing.


async def test_what_a_block_wrote_is_there_after_it_and_not_before(database, raw):
    async with database.transaction() as tx:
        await tx.execute(insert(note), **a_note(1))
        before = await raw.fetchval("SELECT count(*) FROM note")

    assert before == 0
    assert await count(database) == 1


@pytest.mark.parametrize("error", [ValueError("ours"), asyncio.CancelledError()])
async def test_a_block_left_by_an_error_writes_nothing_and_passes_the_error_on(database, error):
    with pytest.raises(type(error)):
        async with database.transaction() as tx:
            await tx.execute(insert(note), **a_note(1))
            tx.record(an_event())
            raise error

    async with database.reading() as reader:
        assert [
            await reader.fetch_value(COUNT),
            await reader.fetch_value(select(func.count()).select_from(event)),
        ] == [0, 0]


async def test_a_deferred_constraint_that_fails_at_commit_is_raised(database, raw):
    await raw.execute(
        "ALTER TABLE note ADD CONSTRAINT uq_note_text UNIQUE (text) DEFERRABLE INITIALLY DEFERRED"
    )

    with pytest.raises(UniqueViolated) as violated:
        async with database.transaction() as tx:
            await tx.execute(insert(note), **a_note(1))
            await tx.execute(insert(note), **a_note(2, text="note 1"))
            tx.record(an_event())

    assert violated.value.constraint == "uq_note_text"
    assert await count(database) == 0
    await write(database, 3)


async def test_a_commit_that_answers_rollback_is_no_success(database):
    with pytest.raises(TransactionRolledBack):
        async with database.transaction() as tx:
            await tx.execute(insert(note), **a_note(1))
            with pytest.raises(UniqueViolated):
                await tx.execute(insert(note), **a_note(1))

    assert await count(database) == 0


async def test_a_connection_is_as_new_after_a_failed_commit(url):
    database = await opened(url, largest=1)
    with pytest.raises(TransactionRolledBack):
        async with database.transaction() as tx:
            with pytest.raises(asyncpg.PostgresError):
                await tx.fetch(text("SELECT nonsense"))

    await write(database, 1)

    assert await count(database) == 1
    await database.close()


async def test_a_cancelled_block_leaves_no_transaction_behind(url, raw):
    """Wherever the cancellation strikes: in BEGIN, in a statement, in COMMIT."""
    database = await opened(url, largest=1)

    async def once() -> None:
        async with database.transaction() as tx:
            await tx.execute(insert(note), **a_note(1))
            await tx.fetch(SLEEP, seconds=0.002)
            raise ValueError

    for step in range(30):
        task = asyncio.create_task(once())
        await asyncio.sleep(step / 2000)
        task.cancel()
        await asyncio.wait([task])

    async with database.reading() as reader:
        pid = await reader.fetch_value(MY_PID)
        open_since = await raw.fetchval(
            "SELECT xact_start FROM pg_stat_activity WHERE pid = $1 AND state <> 'active'", pid
        )
    assert open_since is None
    assert await count(database) == 0
    await database.close()


# Savepoints.


async def test_what_fails_behind_a_savepoint_is_undone_alone_together_with_what_it_told(database):
    async with database.transaction() as tx:
        await tx.execute(insert(note), **a_note(1))
        tx.record(an_event(1))
        with pytest.raises(UniqueViolated):
            async with tx.savepoint():
                await tx.execute(insert(note), **a_note(2))
                tx.record(an_event(2))
                await tx.execute(insert(note), **a_note(1))
        async with tx.savepoint():
            await tx.execute(insert(note), **a_note(3))
            tx.record(an_event(3))

    async with database.reading() as reader:
        assert [row["text"] for row in await reader.fetch(select(note).order_by(note.c.text))] == [
            "note 1",
            "note 3",
        ]
        subjects = [
            row["subject"].int
            for row in await reader.fetch(select(event.c.subject).order_by(event.c.subject))
        ]
    assert subjects == [1, 3]


async def test_an_outer_savepoint_goes_back_to_its_own_beginning_after_an_inner_one_failed(
    database,
):
    async with database.transaction() as tx:
        with pytest.raises(ValueError, match="outer"):
            async with tx.savepoint():
                await tx.execute(insert(note), **a_note(1))
                with pytest.raises(ValueError, match="inner"):
                    async with tx.savepoint():
                        raise ValueError("inner")
                raise ValueError("outer")

    assert await count(database) == 0


# Limits.


async def test_a_statement_that_takes_too_long_is_ended(url):
    database = await opened(url, statement_within=0.1)
    with pytest.raises(StatementTooSlow):
        async with database.transaction() as tx:
            await tx.fetch(SLEEP, seconds=5.0)

    async with database.transaction(statement_within=5) as tx:
        await tx.fetch(SLEEP, seconds=0.2)
    await database.close()


async def test_a_reading_that_takes_too_long_is_ended_too_and_the_connection_serves_on(url):
    database = await opened(url, statement_within=0.1, largest=1)
    async with database.reading() as reader:
        with pytest.raises(StatementTooSlow):
            await reader.fetch(SLEEP, seconds=5.0)

    async with database.reading() as reader:
        await reader.fetch(SLEEP, seconds=0.0)
    async with database.transaction(statement_within=5) as tx:
        await tx.fetch(SLEEP, seconds=0.2)
    await database.close()


async def test_a_snapshot_sees_one_moment_writes_nothing_and_has_a_limit_of_its_own(url):
    database = await opened(url, statement_within=0.1)
    async with database.snapshot(statement_within=5) as reader:
        before = await reader.fetch_value(COUNT)
        async with database.transaction() as tx:
            await tx.execute(insert(note), **a_note(1))
        assert await reader.fetch_value(COUNT) == before == 0
        await reader.fetch(SLEEP, seconds=0.2)
    with pytest.raises(StatementTooSlow):
        async with database.snapshot() as reader:
            await reader.fetch(SLEEP, seconds=5.0)

    assert await count(database) == 1
    await database.close()


async def test_rows_copied_out_can_be_copied_in_again(database):
    columns = ["id", "unit", "text", "written_at", "version"]
    async with database.transaction() as tx:
        await tx.execute_many(insert(note), [a_note(number) for number in range(3)])
    async with database.reading() as reader:
        content = await reader.copy_out(
            select(*(note.c[name] for name in columns)).where(note.c.version == bindparam("one")),
            one=1,
        )
    async with database.transaction() as tx:
        await tx.execute(delete(note))
        assert await tx.fetch_value(COUNT) == 0
        await tx.copy_in("note", columns=columns, content=content)

    assert await count(database) == 3


async def test_a_lock_that_takes_too_long_is_not_waited_for(url):
    database = await opened(url, lock_within=0.1)
    await write(database, 1)
    async with database.transaction() as tx:
        await tx.fetch(LOCK_NOTE)
        with pytest.raises(LockNotAvailable):
            async with database.transaction() as other:
                await other.fetch(LOCK_NOTE)
    await database.close()


async def test_limits_of_one_transaction_do_not_reach_the_next(url):
    database = await opened(url, largest=1)
    for given in ({"statement_within": 0.05, "lock_within": 0.05}, {}):
        async with database.transaction(**given) as tx:
            limits = [
                await tx.fetch_value(text(f"SHOW {name}"))
                for name in ("statement_timeout", "lock_timeout")
            ]

    assert limits == ["15s", "2s"]
    await database.close()


async def test_two_that_lock_each_others_rows_are_told_apart_from_a_failure(database):
    for number in (1, 2):
        await write(database, number)
    change = update(note).where(note.c.id == bindparam("of")).values(version=note.c.version + 1)
    met = asyncio.Barrier(2)

    async def cross(first: int, second: int) -> str:
        try:
            async with database.transaction(lock_within=10) as tx:
                await tx.execute(change, of=UUID(int=first))
                await met.wait()
                await tx.execute(change, of=UUID(int=second))
        except TransactionRolledBack:
            return "again"
        return "done"

    assert sorted(await asyncio.gather(cross(1, 2), cross(2, 1))) == ["again", "done"]


async def test_notifications_are_heard(database):
    heard: asyncio.Queue[str] = asyncio.Queue()
    listener = await database.listen("notes_hint", lambda *news: heard.put_nowait(news[-1]))
    async with database.transaction() as tx:
        await tx.execute(select(func.pg_notify("notes_hint", literal("now"))))

    assert await asyncio.wait_for(heard.get(), 5) == "now"
    await listener.close()


async def test_json_numbers_keep_their_exactness(database):
    payload = {"big": 2**60, "small": 0.1, "text": "\U0001f600", "nested": [None, True, {"": []}]}
    async with database.transaction() as tx:
        await tx.execute(
            insert(event),
            subject=UUID(int=1),
            id=UUID(int=2),
            type="t",
            occurred_at=AT,
            payload=payload,
        )
        assert await tx.fetch_value(select(event.c.payload)) == payload


async def test_sessions_carry_no_state(url):
    """A pooler may stand between, and the pool resets nothing."""
    database = await opened(url, largest=1)
    async with database.transaction() as tx:
        await tx.execute(insert(lease), name="a", epoch=1, expires_at=AT)
    async with database.reading() as reader:
        assert await reader.fetch_value(text("SHOW statement_timeout")) == "15s"
        assert await reader.fetch_value(text("SELECT current_setting('lock_timeout')")) == "0"
    await database.close()
