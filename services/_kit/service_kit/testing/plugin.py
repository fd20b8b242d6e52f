"""A pytest plugin: one PostgreSQL per test session, a migrated template per service and worker, a fresh database per test."""

import asyncio
import os
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from service_kit.database import connect
from service_kit.identity import new_id
from service_kit.migrations import migrate
from service_kit.postgres_server import PostgresServer
from service_kit.testing.tokens import SigningKeys

URL = pytest.StashKey[str]()
SERVER = pytest.StashKey[PostgresServer]()
FOLDER = pytest.StashKey["tempfile.TemporaryDirectory[str]"]()

MakeDatabase = Callable[[Path, str], Awaitable[str]]


def pytest_configure(config: pytest.Config) -> None:
    """Start the server in the process that lives longest: the only one, or the one that hands tests out."""
    if hasattr(config, "workerinput"):
        config.stash[URL] = config.workerinput["postgres_url"]
    elif given := os.environ.get("GUANXI_TEST_DATABASE_URL"):
        config.stash[URL] = given
    elif not config.option.collectonly:
        _start(config)


def _start(config: pytest.Config) -> None:
    folder = config.stash[FOLDER] = tempfile.TemporaryDirectory(prefix="guanxi-pg-", ignore_cleanup_errors=True)
    # The account that PostgreSQL runs under when we are root must pass through.
    Path(folder.name).chmod(0o755)
    server = config.stash[SERVER] = PostgresServer(Path(folder.name) / "pg", durable=False, die_with_parent=True)
    server.start()
    config.stash[URL] = server.url()


def pytest_unconfigure(config: pytest.Config) -> None:
    if (server := config.stash.get(SERVER, None)) is not None:
        server.stop()
        config.stash[FOLDER].cleanup()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker of pytest-xdist where the server is."""
    node.workerinput["postgres_url"] = node.config.stash[URL]


@pytest.fixture(scope="session")
def postgres_url(pytestconfig: pytest.Config) -> str:
    """The superuser's URL of the session's server."""
    return pytestconfig.stash[URL]


@pytest.fixture(scope="session")
def templates() -> dict[tuple[str, str], str]:
    """Names of the migrated template databases of this worker, by migrations and schema."""
    return {}


@pytest.fixture
def signing_keys() -> SigningKeys:
    return SigningKeys()


@pytest.fixture
def make_database(postgres_url: str, templates: dict[tuple[str, str], str]) -> Iterator[MakeDatabase]:
    """`await make_database(migrations, schema)`: the URL of a fresh, migrated database that is dropped after the test."""
    made: list[str] = []

    async def make(migrations: Path, schema: str) -> str:
        key = (str(migrations), schema)
        if key not in templates:
            templates[key] = await _template(postgres_url, migrations, schema)
        name = f"t_{new_id().hex}"
        await _run(postgres_url, f'CREATE DATABASE "{name}" TEMPLATE "{templates[key]}"')
        made.append(name)
        return url_of(postgres_url, name)

    yield make
    asyncio.run(_drop(postgres_url, made))


async def _template(postgres_url: str, migrations: Path, schema: str) -> str:
    name = f"template_{new_id().hex}"
    await _run(postgres_url, f'CREATE DATABASE "{name}"')
    url = url_of(postgres_url, name)
    await _run(url, f'CREATE SCHEMA "{schema}"')
    await migrate(url, schema, str(migrations))
    return name


async def _drop(postgres_url: str, names: list[str]) -> None:
    for name in names:
        await _run(postgres_url, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


async def _run(url: str, statement: str) -> None:
    connection = await connect(url, within=10.0)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


def url_of(server: str, database: str) -> str:
    """The server's URL with another database."""
    address, question, options = server.partition("?")
    return f"{address.rpartition('/')[0]}/{database}{question}{options}"
