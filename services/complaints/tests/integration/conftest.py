"""The complaints service on a real Postgres and a real socket,
with customer-profile played by a small server.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from complaints.app import MIGRATIONS, compose
from complaints.settings import Settings
from complaints.testing import CustomerFiles, Desk, StoppedClock, customer_profile_played
from service_kit.testing import ISSUER, Api, SigningKeys, serving

MakeDatabase = Callable[[Path, str], Awaitable[str]]


@pytest.fixture
async def files() -> AsyncIterator[CustomerFiles]:
    """What customer-profile knows; empty it or stop it to see what becomes of complaints then."""
    async with customer_profile_played() as files:
        yield files


@pytest.fixture
def clock() -> StoppedClock:
    return StoppedClock()


@pytest.fixture
async def settings(make_database: MakeDatabase, files: CustomerFiles) -> Settings:
    url = await make_database(MIGRATIONS, "complaints")
    return Settings(
        database_url=url,
        issuer=ISSUER,
        gateway_url=files.address,
        customer_profile_url=files.address,
        client_id="complaints",
        client_secret="secret",
        secret_key="test",
        company_name="关系电信",
        clock_poll_seconds=0.05,
        confirm_seconds=0.2,
        customer_seconds=1.0,
        request_log=False,
    )


@pytest.fixture
async def api(
    settings: Settings, signing_keys: SigningKeys, clock: StoppedClock
) -> AsyncIterator[Api]:
    async with serving(
        compose(settings, keys=signing_keys, now=clock),
        signing_keys,
        approval_limit="500.00 CNY",
        sub="li",
    ) as api:
        yield api


@pytest.fixture
def desk(api: Api, files: CustomerFiles) -> Desk:
    return Desk(api, files)
