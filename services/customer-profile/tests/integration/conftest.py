"""The service on a socket of its own with a fresh database, its neighbors absent."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from customer_profile.app import MIGRATIONS, compose
from customer_profile.settings import Settings
from customer_profile.testing import customer_body
from service_kit.testing import ISSUER, Api, serving


@pytest.fixture
async def settings(make_database: Any) -> Settings:
    url = await make_database(MIGRATIONS, "customer_profile")
    return Settings(
        database_url=url, issuer=ISSUER, secret_key="test", gateway_url="http://127.0.0.1:9"
    )


@pytest.fixture
async def api(settings: Settings, signing_keys: Any) -> AsyncIterator[Api]:
    service = compose(settings, keys=signing_keys)
    # The neighbors are absent: their feeds are played by the tests that need news.
    service.workers = [worker for worker in service.workers if "<" not in worker.name]
    async with serving(service, signing_keys) as api:
        yield api


@pytest.fixture
async def customer(api: Api) -> dict[str, Any]:
    """A customer as the contract's example has it."""
    created = await api.post("/v1/customers", customer_body())
    assert created.status_code == 201, created.text
    return created.json()
