"""The running role's rights, for every service: append-only tables take new rows and nothing else;
and schemas of other releases.
"""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from service_kit.postgres.roles import ensure_database, ensure_owner_and_runner, url_as
from service_kit.store.database import Database
from service_kit.store.migrations import SchemaOfAnotherRelease, migrate
from service_kit.testing import notes
from service_kit.testing.databases import run
from service_kit.web.health import database_check
from service_kit.words.identity import new_id

SCHEMA = notes.SCHEMA


@pytest.fixture
async def place(postgres_url: str) -> AsyncIterator[tuple[str, str, str]]:
    """An administrator's URL of a fresh database,
    and the names for an owner's and a running role there.
    """
    name = f"r_{new_id().hex}"
    await ensure_database(postgres_url, name)
    admin_url = url_as(postgres_url, database=name)
    owner, runner = f"{name}_owner", name
    yield admin_url, owner, runner
    await run(postgres_url, f'DROP DATABASE "{name}" WITH (FORCE)')
    for role in (owner, runner):
        await run(postgres_url, f'DROP ROLE IF EXISTS "{role}"')


async def refused(connection: Any, statement: str) -> bool:
    try:
        async with connection.transaction():
            await connection.execute(statement)
    except asyncpg.InsufficientPrivilegeError:
        return True
    return False


async def check_it_may_only_add(url: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        for table in notes.metadata.sorted_tables:
            is_append_only = bool(table.info.get("append_only"))
            fixed = [
                column.name
                for column in table.columns
                if column.name not in table.info.get("erasable", ())
            ]
            is_kept = is_append_only or bool(table.info.get("kept"))
            assert await refused(connection, f"DELETE FROM {table.name}") is is_kept, table.name
            for column in fixed:
                assert (
                    await refused(connection, f'UPDATE {table.name} SET "{column}" = "{column}"')
                    is is_append_only
                ), table.name
            for column in table.info.get("erasable", ()):
                assert not await refused(
                    connection, f'UPDATE {table.name} SET "{column}" = NULL'
                ), table.name
            if is_append_only:
                assert await refused(connection, f"TRUNCATE {table.name}"), table.name
    finally:
        await connection.close()


async def test_a_running_role_beside_an_owner_adds_to_append_only_tables_and_may_nothing_else_there(
    place: tuple[str, str, str],
):
    admin_url, owner, runner = place
    await ensure_owner_and_runner(
        admin_url, owner=(owner, "o"), runner=(runner, "r"), schema=SCHEMA
    )
    for _ in range(2):
        await migrate(
            url_as(admin_url, role=owner, password="o"),
            SCHEMA,
            str(notes.MIGRATIONS),
            tables=notes.metadata,
            role=runner,
        )

    running = url_as(admin_url, role=runner, password="r")
    await check_it_may_only_add(running)
    connection = await asyncpg.connect(running)
    for statement in (
        "CREATE TABLE mine (n integer)",
        "DROP TABLE note",
        "GRANT ALL ON audit_entry TO CURRENT_USER",
        "DELETE FROM schema_version",
    ):
        if statement.startswith("GRANT"):
            await connection.execute(statement)
        else:
            assert await refused(connection, statement), statement
    await connection.close()
    await check_it_may_only_add(running)


async def test_one_role_for_both_takes_its_own_rights_away_and_migrates_again(
    place: tuple[str, str, str],
):
    admin_url, other, role = place
    await ensure_owner_and_runner(admin_url, owner=(role, "r"), runner=(other, "o"), schema=SCHEMA)
    url = url_as(admin_url, role=role, password="r")
    await migrate(url, SCHEMA, str(notes.MIGRATIONS), to="0002", tables=notes.metadata)

    await migrate(url, SCHEMA, str(notes.MIGRATIONS), tables=notes.metadata)

    await check_it_may_only_add(url)


async def test_what_one_role_owned_goes_to_the_owner_and_the_service_goes_on(
    place: tuple[str, str, str],
):
    admin_url, owner, runner = place
    await ensure_owner_and_runner(
        admin_url, owner=(runner, "r"), runner=(owner, "o"), schema=SCHEMA
    )
    await migrate(url_as(admin_url, role=runner, password="r"), SCHEMA, str(notes.MIGRATIONS))

    await ensure_owner_and_runner(
        admin_url, owner=(owner, "o"), runner=(runner, "r"), schema=SCHEMA
    )
    await migrate(
        url_as(admin_url, role=owner, password="o"),
        SCHEMA,
        str(notes.MIGRATIONS),
        tables=notes.metadata,
        role=runner,
    )

    await check_it_may_only_add(url_as(admin_url, role=runner, password="r"))


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """The notes' migrations, to be edited."""
    return Path(
        shutil.copytree(
            notes.MIGRATIONS, tmp_path / "migrations", ignore=shutil.ignore_patterns("__pycache__")
        )
    )


async def reason(url: str, migrations: Path) -> str | None:
    database = Database(url, SCHEMA)
    await database.open()
    try:
        return await database_check(database, str(migrations))()
    finally:
        await database.close()


async def test_the_same_files_are_ready_and_an_edited_one_is_neither_ready_nor_migrated(
    url: str, files: Path
):
    assert await reason(url, files) is None
    edited = next(files.rglob("0002_*.py"))
    edited.write_text(edited.read_text() + "# another word\n")

    assert "revision 0002 was edited" in str(await reason(url, files))
    with pytest.raises(SchemaOfAnotherRelease, match="revision 0002 was edited"):
        await migrate(url, SCHEMA, str(files), tables=notes.metadata)


async def test_a_newer_database_serves_the_release_before(url: str, files: Path):
    next(files.rglob("0003_*.py")).unlink()

    assert await reason(url, files) is None


async def test_an_edit_of_the_kits_own_step_is_noticed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    from service_kit.store import fingerprints

    before = fingerprints.fingerprints(str(notes.MIGRATIONS))
    source = Path(fingerprints.__file__).parents[1].joinpath("kit_schema.py").read_text()
    (tmp_path / "kit_schema.py").write_text(
        source.replace(
            "sa.String(length=500), nullable=True", "sa.String(length=501), nullable=True"
        )
    )
    monkeypatch.setattr(fingerprints, "__file__", str(tmp_path / "store" / "fingerprints.py"))
    fingerprints._kit_step.cache_clear()
    try:
        after = fingerprints.fingerprints(str(notes.MIGRATIONS))
    finally:
        fingerprints._kit_step.cache_clear()

    assert [revision for revision in before if before[revision] != after[revision]] == ["0001"]


async def test_a_schema_without_fingerprints_is_adopted_when_its_tables_are_ours(
    url: str, raw: Any
):
    await raw.execute("DROP TABLE schema_fingerprint")
    assert "run `migrate`" in str(await reason(url, notes.MIGRATIONS))

    await migrate(url, SCHEMA, str(notes.MIGRATIONS), tables=notes.metadata)

    assert await reason(url, notes.MIGRATIONS) is None


async def test_a_schema_without_fingerprints_whose_tables_are_others_is_refused(url: str, raw: Any):
    await raw.execute("DROP TABLE schema_fingerprint; ALTER TABLE note DROP COLUMN text")

    with pytest.raises(SchemaOfAnotherRelease, match="add_column"):
        await migrate(url, SCHEMA, str(notes.MIGRATIONS), tables=notes.metadata)

    assert await reason(url, notes.MIGRATIONS) is not None
