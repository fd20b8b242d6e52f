"""What the kit's tests start from: an open database with the schema of the notes, and a raw connection to it."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from service_kit.database import Database, connect
from service_kit.testing import notes


@pytest.fixture
async def url(make_database) -> str:
    return await make_database(notes.MIGRATIONS, notes.SCHEMA)


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    database = Database(url, notes.SCHEMA)
    await database.open()
    yield database
    await database.close()


@pytest.fixture
async def raw(url: str) -> AsyncIterator[Any]:
    """A connection beside the pool, for looking and for disturbing."""
    connection = await connect(url)
    await connection.execute("SET search_path = notes")
    yield connection
    await connection.close()
