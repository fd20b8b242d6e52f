"""Runs a service's alembic migrations in its own schema, as a step of its own."""

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

import asyncpg
from sqlalchemy import Column, Connection, MetaData, String, Table, select, text

from service_kit.connection import connect
from service_kit.database import Reader

if TYPE_CHECKING:
    from alembic.script import ScriptDirectory
    from sqlalchemy.ext.asyncio import AsyncEngine

VERSION_TABLE = "schema_version"
LOCK_TIMEOUT = "5s"
LOCK_KEY = 7_320_541
# No such table, no such schema, no right to look.
NOT_MIGRATED = {"42P01", "3F000", "42501"}
version = Table(VERSION_TABLE, MetaData(), Column("version_num", String(32), primary_key=True))
FIND_VERSION = select(version.c.version_num)


def script_directory(migrations: str) -> "ScriptDirectory":
    """The revisions in a folder `versions/` beside nothing else: no ini file, no env.py."""
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", migrations)
    config.set_main_option("version_locations", str(Path(migrations) / "versions"))
    config.set_main_option("path_separator", "os")
    return ScriptDirectory.from_config(config)


async def pending_migrations(reader: Reader, migrations: str) -> list[str]:
    """Revisions that this release has and the database lacks. A newer database is fine: the previous release serves on.

    A revision is named by the four digits that its file begins with, so that a serving process needs no alembic to ask.
    """
    known = sorted(path.name[:4] for path in Path(migrations, "versions").glob("[0-9][0-9][0-9][0-9]_*.py"))
    try:
        present = await reader.fetch_value(FIND_VERSION)
    except asyncpg.PostgresError as error:
        if error.sqlstate in NOT_MIGRATED:
            return known
        raise
    return [revision for revision in known if present is None or revision > present]


async def migrate(url: str, schema: str, migrations: str, *, to: str = "head") -> list[str]:
    """Bring the schema to a revision and return the names of the steps taken.

    One migrator at a time (advisory lock); every step waits at most 5 s for a lock, so that it never queues up the service behind it.
    """
    await _check_server(url)
    engine = engine_for(url)
    try:
        async with engine.connect() as connection:
            await connection.execute(text("SELECT pg_advisory_lock(:key, hashtext(:schema))"), {"key": LOCK_KEY, "schema": schema})
            await connection.execute(text(f"SET lock_timeout = '{LOCK_TIMEOUT}'"))
            await connection.execute(text(f'SET search_path = "{schema}"'))
            await connection.commit()
            taken = await connection.run_sync(_upgrade, schema, migrations, to)
            await connection.commit()
            return taken
    finally:
        await engine.dispose()


def engine_for(url: str) -> "AsyncEngine":
    """SQLAlchemy's engine for whoever speaks alembic; it connects as the kit does, to the primary among several hosts."""
    from sqlalchemy.ext.asyncio import create_async_engine
    from sqlalchemy.pool import NullPool

    return create_async_engine("postgresql+asyncpg://", poolclass=NullPool, async_creator=lambda: connect(url, within=5.0))


class DatabaseTooOld(Exception):
    """Postgres 15 is the oldest that is accepted."""


async def _check_server(url: str) -> None:
    connection = await connect(url, within=5.0)
    try:
        number = int(await connection.fetchval("SHOW server_version_num"))
    finally:
        await connection.close()
    if number < 150_000:
        raise DatabaseTooOld(f"the database is Postgres {number // 10_000}; 15 is the oldest that is accepted")


def _upgrade(connection: Connection, schema: str, migrations: str, to: str) -> list[str]:
    from alembic.migration import MigrationContext
    from alembic.operations import Operations

    script = script_directory(migrations)
    taken: list[str] = []

    def steps(revision: Any, _context: Any) -> Any:
        found = script._downgrade_revs(to, revision) if to.startswith("-") or to == "base" else script._upgrade_revs(to, revision)
        taken.extend(step.name for step in found)
        return found

    logging.getLogger("alembic").setLevel(logging.WARNING)
    context = MigrationContext.configure(
        connection, opts={"version_table": VERSION_TABLE, "version_table_schema": schema, "fn": steps, "transaction_per_migration": True}
    )
    with Operations.context(context):
        context.run_migrations()
    return taken
