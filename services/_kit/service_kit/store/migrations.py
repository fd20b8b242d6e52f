"""Runs a service's alembic migrations in its own schema, as a step of its own."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import asyncpg
from sqlalchemy import Column, Connection, MetaData, String, Table, select, text

from service_kit.store.connection import connect
from service_kit.store.fingerprints import (
    FIND_FINGERPRINTS,
    FINGERPRINT_TABLE,
    edited,
    fingerprint,
    fingerprints,
    revision_files,
)
from service_kit.store.grants import grant, take_hold
from service_kit.store.running import Reader

if TYPE_CHECKING:
    from alembic.migration import MigrationContext
    from alembic.script import ScriptDirectory
    from sqlalchemy.ext.asyncio import AsyncEngine

VERSION_TABLE = "schema_version"
LOCK_TIMEOUT = "5s"
LOCK_KEY = 7_320_541
# No such table, no such schema, no right to look.
NOT_MIGRATED = {"42P01", "3F000", "42501"}
OTHER_RELEASE = (
    "the database was migrated by other files than this release's: revision {revisions} was edited;"
    " run the release that made it, or restore its data into a new schema"
)
DIFFERS = (
    "the tables are not those that this release's migrations make ({count} differences, first:"
    " {first}): an edited migration made them; run the release that made them, or restore the data"
    " into a new schema"
)
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
    """Revisions that this release has and the database lacks. A newer database is fine: the
    previous release serves on.

    A revision is named by the four digits that its file begins with, so that a serving process
    needs no alembic to ask.
    """
    known = [path.name[:4] for path in revision_files(migrations)]
    try:
        present = await reader.fetch_value(FIND_VERSION)
    except asyncpg.PostgresError as error:
        if error.sqlstate in NOT_MIGRATED:
            return known
        raise
    return [revision for revision in known if present is None or revision > present]


async def why_not_this_release(reader: Reader, migrations: str) -> str | None:
    """Why a fully migrated database is not what this release's migrations make; None when it is."""
    try:
        applied = {row["revision"]: row["digest"] for row in await reader.fetch(FIND_FINGERPRINTS)}
    except asyncpg.PostgresError as error:
        if error.sqlstate not in NOT_MIGRATED:
            raise
        applied = {}
    if missing := [revision for revision in fingerprints(migrations) if revision not in applied]:
        return f"the fingerprints of migrations {', '.join(missing)} are missing: run `migrate`"
    return _why_edited(applied, migrations)


def _why_edited(applied: Mapping[str, str], migrations: str) -> str | None:
    others = edited(applied, migrations)
    return OTHER_RELEASE.format(revisions=", ".join(others)) if others else None


async def migrate(
    url: str,
    schema: str,
    migrations: str,
    *,
    to: str = "head",
    tables: MetaData | None = None,
    role: str | None = None,
) -> list[str]:
    """Bring the schema to a revision and return the names of the steps taken.

    One migrator at a time (advisory lock); every step waits at most 5 s for a lock, so that it
    never queues up the service behind it. With `tables` the running role (`role`, or the one that
    migrates) gets its rights on them, and a schema without fingerprints is compared to them before
    it is taken for this release's. Raises SchemaOfAnotherRelease.
    """
    await _check_server(url)
    engine = engine_for(url)
    try:
        async with engine.connect() as connection:
            await connection.execute(
                text("SELECT pg_advisory_lock(:key, hashtext(:schema))"),
                {"key": LOCK_KEY, "schema": schema},
            )
            await connection.execute(text(f"SET lock_timeout = '{LOCK_TIMEOUT}'"))
            await connection.execute(text(f'SET search_path = "{schema}"'))
            await connection.commit()
            taken = await connection.run_sync(_migrated, schema, migrations, to, tables, role)
            await connection.commit()
            return taken
    finally:
        await engine.dispose()


def _migrated(
    connection: Connection,
    schema: str,
    migrations: str,
    to: str,
    tables: MetaData | None,
    role: str | None,
) -> list[str]:
    applied = _applied(connection, schema)
    if why := _why_edited(applied, migrations):
        raise SchemaOfAnotherRelease(why)
    if tables is not None:
        take_hold(connection, schema, tables)
        connection.commit()
    was = _version(connection, schema)
    # Alembic opens and ends the transactions of its steps itself, and one of ours must not be
    # around them.
    connection.commit()
    taken = _upgrade(connection, schema, migrations, to)
    is_adopted = was is not None and not applied
    if is_adopted and tables is not None and to == "head":
        _require_no_difference(connection, tables)
    _remember(connection, applied, migrations, _version(connection, schema))
    if tables is not None:
        who = role or str(connection.scalar(text("SELECT current_user")))
        grant(connection, schema, tables, who, read_only=(VERSION_TABLE, FINGERPRINT_TABLE))
    return taken


def _applied(connection: Connection, schema: str) -> dict[str, str]:
    """The fingerprints that the database holds;
    its table is made here, as alembic makes that of the version.
    """
    if not connection.scalar(
        text("SELECT to_regclass(:name)"), {"name": f'"{schema}".{FINGERPRINT_TABLE}'}
    ):
        fingerprint.create(connection)
        connection.commit()
    return {row.revision: row.digest for row in connection.execute(FIND_FINGERPRINTS)}


def _version(connection: Connection, schema: str) -> str | None:
    if not connection.scalar(
        text("SELECT to_regclass(:name)"), {"name": f'"{schema}".{VERSION_TABLE}'}
    ):
        return None
    found: str | None = connection.scalar(FIND_VERSION)
    return found


def _remember(
    connection: Connection, applied: Mapping[str, str], migrations: str, present: str | None
) -> None:
    """Keep the fingerprints of what is applied now; those of a later release stay as they are."""
    known = fingerprints(migrations)
    gone = [
        revision
        for revision in applied
        if present is None or (revision > present and revision in known)
    ]
    if gone:
        connection.execute(fingerprint.delete().where(fingerprint.c.revision.in_(gone)))
    fresh = [
        {"revision": revision, "digest": digest}
        for revision, digest in known.items()
        if present is not None and revision <= present and revision not in applied
    ]
    if fresh:
        connection.execute(fingerprint.insert(), fresh)


def _require_no_difference(connection: Connection, tables: MetaData) -> None:
    """A schema of which nobody wrote down by which files it was made is taken for
    ours only when its tables are ours.
    """
    from alembic.autogenerate import compare_metadata

    found = compare_metadata(comparison(connection), tables)
    if found:
        raise SchemaOfAnotherRelease(DIFFERS.format(count=len(found), first=_in_words(found[0])))


def comparison(connection: Connection) -> "MigrationContext":
    """Alembic's view of the schema that the search path names,
    without the tables that `migrate` makes for itself.
    """
    from alembic.migration import MigrationContext

    connection.dialect.default_schema_name = connection.scalar(text("SELECT current_schema()"))
    own = (VERSION_TABLE, FINGERPRINT_TABLE)
    opts = {
        "include_name": lambda name, kind, _parents: not (kind == "table" and name in own),
        "compare_type": True,
    }
    return MigrationContext.configure(connection, opts=opts)


def _in_words(difference: Any) -> str:
    """One difference as alembic tells it, such as `add_column complaint.wish`."""
    kind, *what = difference if isinstance(difference, tuple) else difference[0]
    names = [
        str(getattr(each, "name", each))
        for each in what
        if isinstance(each, str) or getattr(each, "name", None)
    ]
    return " ".join([str(kind), ".".join(names)])


async def role_of(url: str) -> str:
    """The role that a service of this URL runs as."""
    connection = await connect(url, within=5.0)
    try:
        return str(await connection.fetchval("SELECT current_user"))
    finally:
        await connection.close()


def engine_for(url: str) -> "AsyncEngine":
    """SQLAlchemy's engine for whoever speaks alembic;
    it connects as the kit does, to the primary among several hosts.
    """
    from sqlalchemy.ext.asyncio import create_async_engine
    from sqlalchemy.pool import NullPool

    return create_async_engine(
        "postgresql+asyncpg://", poolclass=NullPool, async_creator=lambda: connect(url, within=5.0)
    )


class SchemaOfAnotherRelease(Exception):
    """The schema was made by other migrations than this release's:
    edited ones, under the same names.
    """


class DatabaseTooOld(Exception):
    """Postgres 15 is the oldest that is accepted."""


async def _check_server(url: str) -> None:
    connection = await connect(url, within=5.0)
    try:
        number = int(await connection.fetchval("SHOW server_version_num"))
    finally:
        await connection.close()
    if number < 150_000:
        raise DatabaseTooOld(
            f"the database is Postgres {number // 10_000}; 15 is the oldest that is accepted"
        )


def _upgrade(connection: Connection, schema: str, migrations: str, to: str) -> list[str]:
    from alembic.migration import MigrationContext
    from alembic.operations import Operations

    script = script_directory(migrations)
    taken: list[str] = []

    def steps(revision: Any, _context: Any) -> Any:
        found = (
            script._downgrade_revs(to, revision)
            if to.startswith("-") or to == "base"
            else script._upgrade_revs(to, revision)
        )
        taken.extend(step.name for step in found)
        return found

    logging.getLogger("alembic").setLevel(logging.WARNING)
    context = MigrationContext.configure(
        connection,
        opts={
            "version_table": VERSION_TABLE,
            "version_table_schema": schema,
            "fn": steps,
            "transaction_per_migration": True,
        },
    )
    with Operations.context(context):
        context.run_migrations()
    return taken
