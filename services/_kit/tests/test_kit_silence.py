"""A database that falls silent:
everything ends in its time, and goes on as soon as somebody answers.
"""

# ruff: noqa: PT012 - what raises is a whole transaction

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from service_kit.store.connection import Hosts, connect
from service_kit.store.database import Database, PoolLimits
from service_kit.store.leases import Leases, Sole
from service_kit.store.sqlstates import (
    DatabaseUnavailable,
    OutcomeUnknown,
    StatementTooSlow,
    TransactionRolledBack,
)
from service_kit.testing import ISSUER, notes, serving
from service_kit.testing.news import told
from service_kit.testing.notes import note
from service_kit.testing.wire import Wire
from service_kit.work.loop import supervised
from sqlalchemy import ARRAY, String, any_, bindparam, func, insert, select

AT = datetime(2026, 1, 31, tzinfo=UTC)
PING = select(func.now())
OF_UNITS = select(note.c.id).where(note.c.unit == any_(bindparam("units", type_=ARRAY(String))))
SLEEP = select(func.pg_sleep(bindparam("seconds")))
# No test asserts a speed: far above every deadline below, far below what a silent server would
# take.
IN_TIME = 12.0
PROGRAM = """
from service_kit.command import command_line
from service_kit.testing import notes
run = command_line(
    name="notes", settings=notes.Settings, compose=notes.compose, migrations=notes.MIGRATIONS
)
run()
"""


@pytest.fixture
async def wire(url: str):
    async with Wire(url) as wire:
        yield wire


@pytest.fixture
async def silent(wire: Wire):
    """A database behind a wire, with short limits and two open connections."""
    database = Database(
        wire.url,
        notes.SCHEMA,
        limits=PoolLimits(
            statement_within=0.3, answer_within=0.3, connect_within=1.0, acquire_within=4
        ),
    )
    await database.open()
    async with database.reading() as first, database.reading() as second:
        await first.fetch(PING)
        await second.fetch(PING)
    yield database
    await asyncio.wait_for(database.close(), IN_TIME)


def a_note(number: int) -> dict[str, object]:
    return {"id": UUID(int=number), "unit": "cn", "text": "note", "written_at": AT, "version": 1}


async def fetch(tx) -> None:
    await tx.fetch(PING)


async def fetch_one(tx) -> None:
    await tx.fetch_one(PING)


async def copy_out(tx) -> None:
    await tx.copy_out(PING)


async def execute(tx) -> None:
    await tx.execute(insert(note), **a_note(1))


async def execute_many(tx) -> None:
    await tx.execute_many(insert(note), [a_note(number) for number in range(20)])


async def copy_rows(tx) -> None:
    row = a_note(1)
    # More than all buffers on the way hold, so that the driver waits for room as well.
    rows = (
        (UUID(int=number), *list(row.values())[1:2], "x" * 1_000, *list(row.values())[3:])
        for number in range(20_000)
    )
    await tx.copy_rows("note", columns=list(row), rows=rows)


async def copy_in(tx) -> None:
    await tx.copy_in("note", columns=list(a_note(1)), content=bytes(5_000_000))


async def savepoint(tx) -> None:
    async with tx.savepoint():
        raise AssertionError("nobody said that there is a savepoint")


@pytest.mark.parametrize(
    "ask", [fetch, fetch_one, copy_out, execute, execute_many, copy_rows, copy_in, savepoint]
)
async def test_whatever_is_asked_of_a_silent_database_is_unavailable_in_time(wire, silent, ask):
    with pytest.raises(DatabaseUnavailable):
        async with asyncio.timeout(IN_TIME), silent.transaction() as tx:
            wire.freeze()
            await ask(tx)


async def test_a_transaction_that_cannot_begin_is_unavailable_in_time(wire, silent):
    wire.freeze()

    for block in (silent.transaction, silent.snapshot):
        with pytest.raises(DatabaseUnavailable):
            async with asyncio.timeout(IN_TIME), block():
                raise AssertionError("nobody said that it has begun")


async def test_a_commit_without_an_answer_in_time_is_of_unknown_outcome(wire, silent):
    with pytest.raises(OutcomeUnknown) as unknown:
        async with asyncio.timeout(IN_TIME), silent.transaction() as tx:
            await tx.execute(insert(note), **a_note(1))
            tx.record(told("note.written", subject=UUID(int=1), at=AT))
            await tx.fetch(PING)
            # What is told is written before, so that the COMMIT alone meets the silence.
            wire.freeze_at = b"COMMIT\x00"

    assert len(unknown.value.told) == 1


async def test_a_statement_may_have_a_longer_time_and_its_deadline_goes_along(silent):
    async with silent.transaction(statement_within=5) as tx:
        written = await tx.fetch(SLEEP, seconds=1.6)
    async with silent.snapshot(statement_within=5) as reader:
        read = await reader.fetch(SLEEP, seconds=1.6)

    assert (len(written), len(read)) == (1, 1)


async def test_as_long_as_the_server_lives_its_own_answer_wins(silent):
    with pytest.raises(StatementTooSlow):
        async with silent.transaction() as tx:
            await tx.fetch(SLEEP, seconds=5)


async def test_a_cancellation_is_not_held_up_by_a_silent_database(wire, silent):
    begun = asyncio.Event()

    async def work() -> None:
        async with silent.transaction(statement_within=600) as tx:
            wire.freeze()
            begun.set()
            await tx.fetch(PING)

    working = asyncio.create_task(work())
    await begun.wait()
    await asyncio.sleep(0)
    working.cancel()

    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(working, IN_TIME)


async def test_a_reading_that_is_canceled_is_given_back_in_time(wire, silent):
    async def read() -> None:
        async with silent.reading() as reader:
            wire.freeze()
            await reader.fetch(PING)

    reading = asyncio.create_task(read())
    await asyncio.sleep(0.05)
    reading.cancel()

    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(reading, IN_TIME)


async def test_after_the_silence_everything_goes_on(wire, silent):
    wire.freeze()
    with pytest.raises(DatabaseUnavailable):
        async with silent.transaction():
            pass
    wire.thaw()

    await until(lambda: answers(silent))


async def until(is_so: Callable[[], Awaitable[bool]], *, within: float = IN_TIME) -> None:
    async with asyncio.timeout(within):
        while True:
            if await is_so():
                return
            await asyncio.sleep(0.02)


async def answers(database: Database) -> bool:
    try:
        async with database.reading() as reader:
            await reader.fetch(PING)
    except (DatabaseUnavailable, TransactionRolledBack):
        return False
    return True


def both(first: str, second: str) -> str:
    """One URL of two hosts."""
    authority, _, host = first.rpartition("@")
    return f"{authority}@{host.partition('/')[0]},{second.rpartition('@')[2]}"


async def test_when_another_host_is_primary_all_connections_to_the_silent_one_are_dropped(url):
    """Also those that are in use: they would hang until their own deadline, far away."""
    async with Wire(url) as old, Wire(url) as new:
        limits = PoolLimits(
            largest=2, statement_within=600, answer_within=0.3, connect_within=1.0, acquire_within=4
        )
        database = Database(both(old.url, new.url), notes.SCHEMA, limits=limits)
        await database.open()
        hanging = [asyncio.create_task(hang(database)) for _ in range(2)]
        await until(as_soon_as(lambda: old.heard.count(b"pg_sleep") >= 2))
        old.freeze()

        await until(lambda: answers(database))
        async with asyncio.timeout(IN_TIME):
            ended = await asyncio.gather(*hanging, return_exceptions=True)

        assert [type(error) for error in ended] == [TransactionRolledBack, TransactionRolledBack]
        await database.close()


def as_soon_as(is_so: Callable[[], bool]) -> Callable[[], Awaitable[bool]]:
    async def asked() -> bool:
        return is_so()

    return asked


async def hang(database: Database) -> None:
    async with database.reading() as reader:
        await reader.fetch(SLEEP, seconds=60)


async def test_a_silent_host_costs_its_time_once(url):
    async with Wire(url) as old, Wire(url) as new:
        hosts = Hosts(both(old.url, new.url))
        old.freeze()

        for _ in range(3):
            (await hosts.connect(within=0.5)).terminate()

        assert old.connected == 1
        assert new.connected == 3


async def test_a_lease_is_taken_again_as_soon_as_somebody_answers(url):
    """Long before it would run out: who held it takes up what it lost."""
    async with Wire(url) as old, Wire(url) as new:
        limits = PoolLimits(statement_within=600, answer_within=0.3, connect_within=1.0)
        database = Database(both(old.url, new.url), notes.SCHEMA, limits=limits)
        await database.open()
        epochs: list[int] = []

        async def work(held) -> None:
            epochs.append(held.epoch)
            await asyncio.Event().wait()

        sole = Sole("router", Leases(database), work, ttl=timedelta(seconds=9))
        running = asyncio.create_task(supervised(sole, NoMetrics()))
        await until(as_soon_as(lambda: len(epochs) == 1))
        old.freeze()
        await until(as_soon_as(lambda: len(epochs) == 2))
        running.cancel()

        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(running, IN_TIME)
        assert epochs[:2] == [1, 2]
        await database.close()


class NoMetrics:
    def failed(self, _worker: str, _error: Exception) -> None:
        """Nobody counts here."""


async def test_readiness_is_answered_in_time_and_a_request_is_unavailable(
    wire, compose, signing_keys
):
    service = compose(database_url=wire.url, database_statement_seconds=0.5)
    async with serving(service, signing_keys) as api:
        assert (await api.client.get("/readyz")).status_code == 200
        wire.freeze()

        for _ in range(3):
            ready = await api.client.get("/readyz", timeout=2.0)
            assert ready.status_code == 503
            assert ready.json()["reasons"]
        async with asyncio.timeout(IN_TIME):
            assert (await api.get("/v1/notes")).status_code == 503
        wire.thaw()

        async def is_ready() -> bool:
            return (await api.client.get("/readyz")).status_code == 200

        await until(is_ready)


async def test_a_process_ends_when_it_is_asked_to_while_its_database_is_silent(url, wire, tmp_path):
    path = tmp_path / "socket"
    environment = {
        **os.environ,
        "GUANXI_DATABASE_URL": wire.url,
        "GUANXI_SECRET_KEY": "test",
        "GUANXI_UDS": str(path),
        "GUANXI_ISSUER": ISSUER,
        "GUANXI_STOP_SECONDS": "2",
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PROGRAM, "serve", env=environment
    )
    try:
        await until(
            as_soon_as(lambda: wire.heard.count(b"event_head") > 2 and path.exists()), within=60
        )
        wire.freeze()
        # So that the workers hang in what they do.
        await asyncio.sleep(1)
        process.send_signal(signal.SIGTERM)

        # uvicorn ends what it ended in good order with the signal that asked for it.
        assert await asyncio.wait_for(process.wait(), IN_TIME) in (0, -signal.SIGTERM)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_a_listener_notices_the_silence(wire):
    database = Database(wire.url, notes.SCHEMA, limits=PoolLimits(answer_within=0.3))
    connection = await database.listen("news", lambda *_: None)
    wire.freeze()

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(connection.execute("SELECT 1"), IN_TIME)
    connection.terminate()


async def test_a_new_connection_asks_for_nothing_but_what_it_was_made_for(wire):
    database = Database(wire.url, notes.SCHEMA)
    await database.open()
    async with database.reading() as reader:
        await reader.fetch(OF_UNITS, units=["cn"])
    await database.close()

    assert b"pg_type" not in wire.heard
    assert wire.heard.count(b"SELECT") == 1


async def test_a_connection_over_tcp_is_kept_alive_by_us(wire):
    connection = await connect(wire.url)
    end = connection._transport.get_extra_info("socket")

    assert end.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
    assert end.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 15_000
    assert (
        await connection.fetchval(
            "SELECT count(*) FROM pg_settings WHERE name LIKE 'tcp\\_%' AND source = 'client'"
        )
        == 4
    )
    await connection.close()
