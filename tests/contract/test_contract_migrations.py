"""Migrations make what the code says, can be taken back, and lock nothing for long."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from service_kit.store.connection import connect
from service_kit.store.fingerprints import fingerprints
from service_kit.store.migrations import migrate, script_directory
from service_kit.testing.databases import run, url_of
from service_kit.testing.frozen import published
from service_kit.testing.revisions import difference
from service_kit.words.identity import new_id
from sqlalchemy import Engine, event
from sqlalchemy.exc import DBAPIError

from tests.contract.catalog import dumped
from tests.contract.rooms import ROOT, Room

SQUAWK = Path(sys.executable).parent / "squawk"


@pytest.fixture
async def own_database(postgres_url: str, room: Room):
    """A database whose schema is made and taken away at will."""
    name = f"m_{new_id().hex}"
    await run(postgres_url, f'CREATE DATABASE "{name}"')
    url = url_of(postgres_url, name)
    await run(url, f'CREATE SCHEMA "{room.package}"')
    yield url
    await run(postgres_url, f'DROP DATABASE "{name}" WITH (FORCE)')


async def test_the_migrated_schema_is_what_the_tables_say(room: Room, make_database):
    url = await make_database(room.migrations, room.package)

    assert await difference(url, room.package, room.metadata) == []


async def test_up_down_and_up_again_gives_the_same_schema(room: Room, own_database: str):
    await migrate(own_database, room.package, str(room.migrations))
    first = await dumped(own_database, room.package)

    await migrate(own_database, room.package, str(room.migrations), to="base")
    nothing = await dumped(own_database, room.package)
    await migrate(own_database, room.package, str(room.migrations))

    assert [line for line in nothing if "schema_" not in line] == []
    assert await dumped(own_database, room.package) == first


async def test_every_single_step_can_be_taken_back(room: Room, own_database: str):
    revisions = [
        step.revision
        for step in reversed(list(script_directory(str(room.migrations)).walk_revisions()))
    ]

    for revision in revisions:
        await migrate(own_database, room.package, str(room.migrations), to=revision)
        before = await dumped(own_database, room.package)
        await migrate(own_database, room.package, str(room.migrations), to="-1")
        await migrate(own_database, room.package, str(room.migrations), to=revision)
        assert await dumped(own_database, room.package) == before


async def test_migrating_twice_is_migrating_once(room: Room, own_database: str):
    first = await migrate(own_database, room.package, str(room.migrations))
    second = await migrate(own_database, room.package, str(room.migrations))

    assert first
    assert second == []


async def test_a_migration_that_was_interrupted_is_taken_up_again(room: Room, own_database: str):
    """An index that is made beside writers waits for whoever reads:
    the longest of all steps, and the likeliest to be broken off.
    """
    (before_indexes,) = [
        path.name[:4] for path in (room.migrations / "versions").glob("*_kit_doors.py")
    ]
    await migrate(own_database, room.package, str(room.migrations), to=before_indexes)
    reader, watcher = await connect(own_database), await connect(own_database)
    await reader.execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT txid_current()")
    broken = asyncio.create_task(migrate(own_database, room.package, str(room.migrations)))
    for _ in range(1_000):
        if await watcher.fetchval(CANCEL_INDEX):
            break
        await asyncio.sleep(0.05)

    with pytest.raises(DBAPIError):
        await broken
    await reader.close()
    await migrate(own_database, room.package, str(room.migrations))

    assert await watcher.fetchval("SELECT count(*) FROM pg_index WHERE NOT indisvalid") == 0
    assert (
        await watcher.fetchval("SELECT count(*) FROM pg_class WHERE relname = 'ix_event_live'") == 1
    )
    await watcher.close()


def test_revisions_are_numbered_in_one_line(room: Room):
    names = sorted(path.name for path in (room.migrations / "versions").glob("*.py"))
    steps = list(script_directory(str(room.migrations)).walk_revisions())

    assert [name[:4] for name in names] == [f"{number:04d}" for number in range(1, len(names) + 1)]
    assert [step.down_revision for step in reversed(steps)] == [
        None,
        *[name[:4] for name in names[:-1]],
    ]


def test_published_migrations_are_frozen_and_every_one_is_published(room: Room):
    """A difference here is mended in the file, never in the list:
    databases were made by what the list says.
    """
    assert published(room.migrations) == fingerprints(str(room.migrations))


async def test_squawk_finds_nothing_that_blocks_a_running_release(
    room: Room, own_database: str, tmp_path: Path
):
    """Nobody waits for a lock on tables that the same step creates;
    what changes tables of an earlier step is held to the rules.
    """
    for revision in [
        step.revision
        for step in reversed(list(script_directory(str(room.migrations)).walk_revisions()))
    ]:
        with sent_definitions() as sent:
            await migrate(own_database, room.package, str(room.migrations), to=revision)
        (tmp_path / f"{revision}.sql").write_text(
            "".join(f"{statement};\n" for statement in sent), "utf-8"
        )

    command = [
        SQUAWK,
        "--config",
        ROOT / "tools" / "squawk.toml",
        "--pg-version",
        "15.0",
        *sorted(tmp_path.glob("*.sql")),
    ]
    done = await asyncio.to_thread(
        subprocess.run, command, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout[-5_000:]


CANCEL_INDEX = """
SELECT bool_or(pg_cancel_backend(pid)) FROM pg_stat_activity
WHERE datname = current_database() AND query LIKE 'CREATE INDEX CONCURRENTLY%' AND wait_event_type =
'Lock'
"""


DEFINES = ("CREATE", "ALTER", "DROP", "COMMENT")


@contextmanager
def sent_definitions(kinds: tuple[str, ...] = DEFINES) -> Iterator[list[str]]:
    """The statements that define something, or that begin as asked for,
    as they are sent to the database.
    """
    sent: list[str] = []

    def note(_connection, _cursor, statement: str, *_rest) -> None:
        if statement.strip().upper().startswith(kinds) and "schema_" not in statement:
            sent.append(statement.strip())

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(Engine, "before_cursor_execute", note)
