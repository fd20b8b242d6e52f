"""Lost connections and dead hosts: what is said of a transaction whose end nobody saw."""

# ruff: noqa: PT012 - what raises is a whole transaction

import asyncio
import socket
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest
from service_kit.postgres.server import PostgresServer
from service_kit.store import outbox
from service_kit.store.connection import connect, single_host_urls
from service_kit.store.database import Database, PoolLimits
from service_kit.store.events import Told
from service_kit.store.migrations import migrate
from service_kit.store.readback import OutcomeNotKnown, was_committed
from service_kit.store.sqlstates import (
    DatabaseUnavailable,
    OutcomeUnknown,
    TransactionRolledBack,
)
from service_kit.store.tables import event
from service_kit.testing import notes
from service_kit.testing.news import told
from service_kit.testing.notes import note
from service_kit.testing.wire import Wire
from sqlalchemy import bindparam, func, insert, select

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


# A lost connection.


async def test_a_connection_lost_before_commit_means_rolled_back(database, raw):
    with pytest.raises(TransactionRolledBack):
        async with database.transaction() as tx:
            await tx.execute(insert(note), **a_note(1))
            await raw.execute(KILL, await tx.fetch_value(MY_PID))
            await tx.execute(insert(note), **a_note(2))

    await write(database, 3)
    assert await count(database) == 1


async def test_a_connection_lost_before_a_savepoint_means_rolled_back(database, raw):
    with pytest.raises(TransactionRolledBack):
        async with database.transaction() as tx:
            await raw.execute(KILL, await tx.fetch_value(MY_PID))
            async with tx.savepoint():
                pass


async def test_a_connection_lost_while_idle_costs_nobody_an_error(database, raw):
    async with database.reading() as reader:
        pid = await reader.fetch_value(MY_PID)
    await raw.execute(KILL, pid)
    await asyncio.sleep(0.05)

    await write(database, 1)

    async with database.reading() as reader:
        assert await reader.fetch_value(MY_PID) != pid


async def test_a_connection_lost_during_commit_leaves_the_outcome_open(database, raw):
    await slow_commit(raw)

    async def terminate(pid: int) -> None:
        for _ in range(500):
            if await raw.fetchval(
                "SELECT query = 'COMMIT' FROM pg_stat_activity WHERE pid = $1", pid
            ):
                break
            await asyncio.sleep(0.01)
        await raw.execute(KILL, pid)

    with pytest.raises(OutcomeUnknown) as unknown:
        async with database.transaction() as tx:
            await tx.execute(insert(note), **a_note(1))
            tx.record(an_event())
            killing = asyncio.create_task(terminate(await tx.fetch_value(MY_PID)))
    await killing

    assert not await was_committed(database, unknown.value.told)
    assert await count(database) == 0


@pytest.mark.parametrize(("cut", "is_committed"), [("before", False), ("after", True)])
async def test_the_outcome_of_a_lost_commit_is_read_back_by_the_events_that_it_told(
    url, cut, is_committed
):
    async with Wire(url) as wire:
        database = await opened(wire.url)
        with pytest.raises(OutcomeUnknown) as unknown:
            async with database.transaction() as tx:
                await tx.execute(insert(note), **a_note(1))
                tx.record(an_event())
                wire.cut_commit = cut

        assert await was_committed(database, unknown.value.told) is is_committed
        assert await count(database) == int(is_committed)
        async with database.reading() as reader:
            assert await reader.fetch_value(select(func.count()).select_from(event)) == int(
                is_committed
            )
        await database.close()


async def test_reading_back_waits_for_a_commit_that_is_still_under_way(database, raw):
    """The client is gone, the server still commits:
    asking too early must not be taken for a rollback.
    """
    await slow_commit(raw, seconds=1.0)
    lost = outbox.recorded(an_event(), {})
    other = await connect(database.url)
    await other.execute("BEGIN")
    await other.execute(
        "INSERT INTO notes.event (subject, id, type, occurred_at, payload) VALUES ($1, $2,"
        " 'note.written', $3, '{}')",
        lost.event.subject,
        lost.id,
        AT,
    )
    await other.execute("INSERT INTO notes.note VALUES ($1, 'cn', 'slow', $2, 1)", UUID(int=1), AT)
    committing = asyncio.create_task(other.execute("COMMIT"))
    await asyncio.sleep(0.1)

    assert await was_committed(database, [lost])
    await committing
    await other.close()


async def test_without_an_event_to_ask_for_the_outcome_stays_unknown(database):
    with pytest.raises(OutcomeNotKnown):
        await was_committed(database, [])


async def test_a_pause_inside_a_transaction_ends_with_its_locks(url, raw):
    """What a stopped process does: it holds locks and says nothing."""
    database = await opened(url, pause_within=0.2)
    await write(database, 1)

    with pytest.raises(TransactionRolledBack):
        async with database.transaction() as tx:
            await tx.fetch(LOCK_NOTE)
            await asyncio.sleep(0.6)
            assert (
                await raw.fetchval(
                    "SELECT count(*) FROM (SELECT * FROM note FOR UPDATE NOWAIT) AS locked"
                )
                == 1
            )
            await tx.execute(insert(note), **a_note(2))
    await database.close()


async def slow_commit(raw, *, seconds: float = 5.0) -> None:
    await raw.execute(
        "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM"
        f" pg_sleep({seconds}); RETURN NULL; END'"
    )
    await raw.execute(
        "CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON note DEFERRABLE INITIALLY DEFERRED FOR EACH"
        " ROW EXECUTE FUNCTION slow()"
    )


# The pool and the hosts.


async def test_an_exhausted_pool_is_unavailable_in_time(url):
    database = await opened(url, largest=1, acquire_within=1.0)
    async with database.transaction():
        with pytest.raises(DatabaseUnavailable):
            await count(database)

    assert await count(database) == 0
    await database.close()


async def test_a_service_opens_its_pool_before_its_database_is_there(url):
    database = await opened(closed_port(), connect_within=0.2)

    with pytest.raises((DatabaseUnavailable, TransactionRolledBack)):
        await count(database)
    await database.close()


async def test_a_dead_first_host_is_passed_by(url):
    async with Wire(url) as wire:
        authority, _, live = wire.url.rpartition("@")
        database = await opened(f"{authority}@127.0.0.1:{free_port()},{live}")

        assert await count(database) == 0
        await database.close()


async def test_migrations_pass_a_dead_first_host_by_too(url):
    async with Wire(url) as wire:
        authority, _, live = wire.url.rpartition("@")

        assert (
            await migrate(
                f"{authority}@127.0.0.1:{free_port()},{live}", notes.SCHEMA, str(notes.MIGRATIONS)
            )
            == []
        )


async def test_a_silent_first_host_is_passed_by_after_its_own_short_timeout(url):
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        async with Wire(url) as wire:
            authority, _, live = wire.url.rpartition("@")
            multiple = f"{authority}@127.0.0.1:{silent.getsockname()[1]},{live}"

            connection = await asyncio.wait_for(connect(multiple, within=0.3), 10)

            assert await connection.fetchval("SELECT 1") == 1
            await connection.close()


async def test_when_every_host_is_dead_the_word_is_the_kits_own():
    with pytest.raises((DatabaseUnavailable, TransactionRolledBack)):
        await connect(f"{closed_port()}".replace("/x", f",127.0.0.1:{free_port()}/x"), within=0.2)


async def test_a_standby_is_no_primary():
    with tempfile.TemporaryDirectory(prefix="kit-standby-") as folder:
        Path(folder).chmod(0o755)
        with PostgresServer(Path(folder) / "pg", durable=False) as server:
            server.stop()
            (server.folder / "standby.signal").touch()
            server.start()
            with pytest.raises((DatabaseUnavailable, TransactionRolledBack)):
                await connect(server.url(), within=5.0)

            (await asyncpg.connect(server.url())).terminate()


@pytest.mark.parametrize(
    ("url", "single"),
    [
        (
            "postgresql://u:p@a:1,b:2/d?x=y",
            ["postgresql://u:p@a:1/d?x=y", "postgresql://u:p@b:2/d?x=y"],
        ),
        ("postgresql://u:p%40@a,b/d", ["postgresql://u:p%40@a/d", "postgresql://u:p%40@b/d"]),
        ("postgresql://u:a@b@c/d", ["postgresql://u:a@b@c/d"]),
        ("postgresql:///d?host=/tmp,/var", ["postgresql:///d?host=/tmp,/var"]),
        (
            "postgresql://a:1,b:2?sslmode=disable",
            ["postgresql://a:1?sslmode=disable", "postgresql://b:2?sslmode=disable"],
        ),
        ("postgresql://[::1]:5,[::2]:6/d", ["postgresql://[::1]:5/d", "postgresql://[::2]:6/d"]),
    ],
)
def test_each_host_of_a_url_gets_a_url_of_its_own(url, single):
    assert single_host_urls(url) == single


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def closed_port() -> str:
    return f"postgresql://u:p@127.0.0.1:{free_port()}/x"
