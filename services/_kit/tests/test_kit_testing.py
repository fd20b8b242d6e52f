"""The tests' own ground: what one test leaves behind, the next one does not find."""

import asyncio

import pytest
from service_kit.store.connection import connect
from service_kit.testing import ISSUER, notes, serving
from service_kit.testing.databases import Databases


@pytest.fixture(scope="module")
def lender(postgres_url):
    databases = Databases(postgres_url)
    yield databases
    asyncio.run(databases.drop())


@pytest.fixture(autouse=True)
def _given_back(lender):
    yield
    lender.take_back()


async def run(url: str, *statements: str) -> list[object]:
    connection = await connect(url)
    try:
        return [await connection.fetchval(statement) for statement in statements]
    finally:
        await connection.close()


async def lent(lender: Databases) -> str:
    return await lender.lend(str(notes.MIGRATIONS), notes.SCHEMA)


async def test_a_database_comes_back_without_rows_but_migrated(lender):
    first = await lent(lender)
    await run(first, "INSERT INTO notes.event_head VALUES ('feed', 7, 0)")
    lender.take_back()

    again = await lent(lender)

    assert again == first
    assert await run(
        again,
        "SELECT count(*) FROM notes.event_head",
        "SELECT max(version_num) FROM notes.schema_version",
    ) == [0, "0004"]


async def test_two_lent_at_once_are_two(lender):
    assert await lent(lender) != await lent(lender)


@pytest.mark.parametrize(
    "change",
    [
        "CREATE TABLE notes.more (n int)",
        "ALTER TABLE notes.note ADD CONSTRAINT short CHECK (length(text) < 5)",
        "ALTER TABLE notes.note ADD COLUMN more int",
        "ALTER TABLE notes.note ALTER COLUMN text DROP NOT NULL",
        "CREATE FUNCTION notes.f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE SCHEMA other",
        "DROP TABLE notes.note",
        (
            "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET work_mem = ''1MB''',"
            " current_database()); END $$"
        ),
    ],
)
async def test_a_database_whose_shape_a_test_changed_is_not_lent_again(lender, change):
    first = await lent(lender)
    await run(first, change)
    lender.take_back()

    assert await lent(lender) != first


async def test_a_transaction_that_a_test_left_open_hinders_nobody(lender):
    first = await lent(lender)
    left = await connect(first)
    await left.execute("BEGIN; INSERT INTO notes.event_head VALUES ('feed', 7, 0)")
    lender.take_back()

    again = await lent(lender)

    assert await run(again, "SELECT count(*) FROM notes.event_head") == [0]
    left.terminate()


async def test_a_service_that_cannot_start_fails_its_test(make_database, signing_keys):
    url = await make_database(notes.MIGRATIONS, notes.SCHEMA)
    service = notes.compose(
        notes.Settings(database_url=url, issuer=ISSUER, secret_key="test"), keys=signing_keys
    )

    async def broken() -> None:
        raise ValueError("not today")

    service.at_start(broken)

    with pytest.raises(RuntimeError, match="did not start"):
        async with serving(service, signing_keys):
            pass
