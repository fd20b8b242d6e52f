"""The service on a real Postgres, with a twin of customer-profile."""

from collections.abc import AsyncIterator

import pytest
from scoring.app import MIGRATIONS, compose
from scoring.settings import Settings
from scoring.testing import CustomerFileTwin
from service_kit.testing.serving import Api, serving
from service_kit.testing.tokens import ISSUER


@pytest.fixture
def customers() -> CustomerFileTwin:
    return CustomerFileTwin()


@pytest.fixture
def import_wait_seconds() -> float:
    return 20


@pytest.fixture
async def api(make_database, signing_keys, customers, import_wait_seconds) -> AsyncIterator[Api]:
    settings = Settings(
        database_url=await make_database(MIGRATIONS, "scoring"),
        issuer=ISSUER,
        secret_key="test",
        customer_profile_url="http://127.0.0.1:9",
        gateway_url="http://127.0.0.1:9",
        score_chunk=500,
        import_wait_seconds=import_wait_seconds,
    )
    async with serving(
        compose(settings, keys=signing_keys, customers=customers), signing_keys
    ) as api:
        yield api
