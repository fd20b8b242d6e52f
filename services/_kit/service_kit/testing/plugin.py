"""A pytest plugin: one PostgreSQL per test session,
and for each test a migrated database without rows.
"""

import asyncio
import os
import tempfile
from collections.abc import Awaitable, Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import structlog

from service_kit.postgres.server import PostgresServer
from service_kit.testing.databases import Databases
from service_kit.testing.distributed import compiled_statements, refusals, volatile_of
from service_kit.testing.tokens import SigningKeys

URL = pytest.StashKey[str]()
SERVER = pytest.StashKey[PostgresServer]()
FOLDER = pytest.StashKey["tempfile.TemporaryDirectory[str]"]()

MakeDatabase = Callable[[Path, str], Awaitable[str]]


def pytest_configure(config: pytest.Config) -> None:
    """Start the server in the process that lives longest:
    the only one, or the one that hands tests out.
    """
    _log_plainly()
    if hasattr(config, "workerinput"):
        config.stash[URL] = config.workerinput["postgres_url"]
    elif given := os.environ.get("GUANXI_TEST_DATABASE_URL"):
        config.stash[URL] = given
    elif not config.option.collectonly:
        _start(config)


def _log_plainly() -> None:
    """Tracebacks as text: drawn ones, with the values of all variables, take seconds each."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.format_exc_info,
            structlog.dev.ConsoleRenderer(colors=False),
        ]
    )


def _start(config: pytest.Config) -> None:
    folder = config.stash[FOLDER] = tempfile.TemporaryDirectory(
        prefix="guanxi-pg-", ignore_cleanup_errors=True
    )
    # The account that PostgreSQL runs under when we are root must pass through.
    Path(folder.name).chmod(0o755)
    server = config.stash[SERVER] = PostgresServer(
        Path(folder.name) / "pg", durable=False, die_with_parent=True
    )
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
def databases(postgres_url: str) -> Iterator[Databases]:
    """The databases of this worker."""
    lender = Databases(postgres_url)
    yield lender
    asyncio.run(lender.drop())


@pytest.fixture(scope="session", autouse=True)
def _what_is_compiled_is_taken_by_a_distributed_postgres(
    request: pytest.FixtureRequest,
) -> Iterator[None]:
    """What is built per call is seen by no gate that reads modules:
    it is looked at when the tests of this worker are over.
    """
    with compiled_statements() as compiled:
        yield
    found = asyncio.run(_refused(request.config.stash[URL], compiled)) if compiled else []
    assert not found, "a distributed Postgres refuses:\n" + "\n".join(found)


async def _refused(url: str, compiled: Mapping[str, str]) -> list[str]:
    volatile = await volatile_of(url, compiled)
    return [
        f"{why}: {sql}"
        for sql, schema in compiled.items()
        for why in refusals(sql, schema=schema, volatile=volatile)
    ]


@pytest.fixture
def signing_keys() -> SigningKeys:
    return SigningKeys()


@pytest.fixture
def make_database(databases: Databases) -> Iterator[MakeDatabase]:
    """`await make_database(migrations, schema)`: the URL of a migrated database that holds nothing
    but what its migrations put in.

    Whatever the test tells in it, in whichever process, is held against the published contract of
    the event.
    """

    async def make(migrations: Path, schema: str) -> str:
        return await databases.lend(str(migrations), schema)

    yield make
    faults = asyncio.run(databases.faults())
    databases.take_back()
    assert not faults, "events break their published contract:\n" + "\n".join(faults)
