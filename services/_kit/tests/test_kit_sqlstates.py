"""Database errors become words of the kit; mistakes of ours stay what they are."""

import asyncio
from datetime import UTC, datetime
from uuid import UUID

import asyncpg
import pytest
from service_kit.store.database import Database, PoolLimits
from service_kit.store.events import Told
from service_kit.store.readback import OutcomeNotKnown
from service_kit.store.sqlstates import (
    CheckViolated,
    DatabaseUnavailable,
    ExclusionViolated,
    ForeignKeyViolated,
    LockNotAvailable,
    StatementTooSlow,
    TransactionRolledBack,
    UniqueViolated,
    ValueOutOfRange,
)
from service_kit.testing import notes
from service_kit.testing.news import told
from service_kit.testing.notes import note
from service_kit.words.errors import Unavailable
from sqlalchemy import bindparam, func, insert, select, text

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


@pytest.mark.parametrize(
    ("sql", "word"),
    [
        ("INSERT INTO notes.event_head VALUES ('a', 1, 1), ('a', 1, 1)", UniqueViolated),
        ("CREATE TABLE notes.c (p int REFERENCES notes.c2 (id))", asyncpg.UndefinedTableError),
        (
            "INSERT INTO notes.job SELECT (jsonb_populate_record(null::notes.job, '{}')).*",
            asyncpg.NotNullViolationError,
        ),
        ("INSERT INTO notes.event_head VALUES (repeat('x', 21), 1, 1)", ValueOutOfRange),
        ("SELECT 2147483647::int + 1", ValueOutOfRange),
        ("SELECT '2026-02-30'::date", ValueOutOfRange),
        ("DO $$ BEGIN RAISE SQLSTATE '40001'; END $$", TransactionRolledBack),
        ("DO $$ BEGIN RAISE SQLSTATE '40P01'; END $$", TransactionRolledBack),
        ("DO $$ BEGIN RAISE SQLSTATE '53100'; END $$", DatabaseUnavailable),
        ("DO $$ BEGIN RAISE SQLSTATE '53300'; END $$", DatabaseUnavailable),
        ("DO $$ BEGIN RAISE SQLSTATE '57P01'; END $$", TransactionRolledBack),
        ("DO $$ BEGIN RAISE SQLSTATE '08006'; END $$", TransactionRolledBack),
        ("DO $$ BEGIN RAISE SQLSTATE '25006'; END $$", DatabaseUnavailable),
        ("DO $$ BEGIN RAISE SQLSTATE '23514'; END $$", CheckViolated),
        ("DO $$ BEGIN RAISE SQLSTATE '23503'; END $$", ForeignKeyViolated),
        ("DO $$ BEGIN RAISE SQLSTATE '23P01'; END $$", ExclusionViolated),
        ("DO $$ BEGIN RAISE SQLSTATE 'P0001'; END $$", asyncpg.RaiseError),
    ],
)
async def test_database_errors_become_words_of_the_kit_and_mistakes_of_ours_stay_what_they_are(
    database, sql, word
):
    with pytest.raises(word) as raised:
        async with database.transaction() as tx:
            await tx.execute(text(sql.replace(":", "\\:")))

    assert type(raised.value) is word


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"version": 2**31}, ValueOutOfRange),
        ({"version": 2**80}, ValueOutOfRange),
        ({"text": "a\0b"}, ValueOutOfRange),
        ({"text": "\ud800"}, ValueOutOfRange),
        ({"text": "x" * 201}, ValueOutOfRange),
        ({"text": 7}, asyncpg.DataError),
        ({"written_at": "closed"}, asyncpg.DataError),
    ],
)
async def test_values_that_no_column_holds_are_the_callers_fault_and_wrong_types_are_ours(
    database, changes, word
):
    with pytest.raises(word):
        async with database.transaction() as tx:
            await tx.execute(insert(note), **a_note(1, **changes))


async def test_a_misused_connection_is_a_mistake_of_ours_and_not_retried(database):
    with pytest.raises(asyncpg.InterfaceError, match="in progress"):
        async with database.transaction() as tx:
            await asyncio.gather(tx.fetch(SLEEP, seconds=0.05), tx.fetch(SLEEP, seconds=0.05))


async def test_a_transaction_over_a_table_that_a_migration_just_changed_may_run_again(url, raw):
    database = await opened(url, largest=1)
    statement = text("SELECT * FROM notes.event_head")
    async with database.transaction() as tx:
        await tx.fetch(statement)
    await raw.execute("ALTER TABLE event_head ADD COLUMN more int")

    with pytest.raises(TransactionRolledBack):
        async with database.transaction() as tx:
            await tx.fetch(statement)
    async with database.transaction() as tx:
        await tx.fetch(statement)
    await database.close()


async def test_reading_over_a_table_that_a_migration_just_changed_goes_on(url, raw):
    database = await opened(url, largest=1)
    statement = text("SELECT * FROM notes.event_head")
    async with database.reading() as reader:
        await reader.fetch(statement)
        await raw.execute("ALTER TABLE event_head ADD COLUMN more int")
        assert await reader.fetch(statement) == []
    await database.close()


def test_unavailable_is_what_every_outage_is_called():
    assert all(
        issubclass(word, Unavailable)
        for word in (DatabaseUnavailable, LockNotAvailable, StatementTooSlow, OutcomeNotKnown)
    )
