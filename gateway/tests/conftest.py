"""Fixtures of the gateway's tests."""

from collections.abc import AsyncIterator

import pytest
from gateway.app import MIGRATIONS
from gateway.testing import Running, running


@pytest.fixture
async def database_url(make_database) -> str:
    return await make_database(MIGRATIONS, "gateway")


@pytest.fixture
async def front(database_url) -> AsyncIterator[Running]:
    """A gateway with four small neighbors."""
    async with running(database_url) as started:
        yield started
