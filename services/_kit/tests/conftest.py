"""What the kit's tests start from:
an open database with the schema of the notes, and a raw connection to it.
"""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from service_kit.access.tokens import Keys
from service_kit.service import Service
from service_kit.store.database import Database, connect
from service_kit.testing import ISSUER, SigningKeys, notes
from service_kit.web.routing import Router
from service_kit.words.identity import Clock, clock


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


@pytest.fixture
def compose(url: str, signing_keys: SigningKeys) -> Callable[..., Service]:
    """`compose(*routers, **settings)`: the notes with more routes and other settings."""

    def composed(
        *routers: Router,
        now: Clock = clock,
        keys: Keys | None = None,
        sensitive_scope: str = notes.SENSITIVE_SCOPE,
        **settings: Any,
    ) -> Service:
        chosen = notes.Settings(
            **{"database_url": url, "issuer": ISSUER, "secret_key": "test", **settings}
        )
        return Service(
            name="notes",
            title="Notes",
            description="Notes, for the kit's tests.",
            settings=chosen,
            migrations=notes.MIGRATIONS,
            routers=[notes.router, *routers],
            events=notes.EVENTS,
            scopes=notes.SCOPES,
            event_scopes=notes.EVENT_SCOPES,
            sensitive_scope=sensitive_scope,
            keys=keys or signing_keys,
            now=now,
        )

    return composed
