"""What the tests of the contact center share."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from contact_center.app import MIGRATIONS, compose
from contact_center.settings import Settings
from service_kit.service import Service
from service_kit.testing import ISSUER, Api, SigningKeys, serving
from service_kit.words.identity import Clock, clock

SCHEMA = "contact_center"
NOBODY = "http://127.0.0.1:9"
MakeDatabase = Callable[[Path, str], Awaitable[str]]


def settings_for(url: str, **others: object) -> Settings:
    """Settings of a service whose neighbors are all away."""
    away = dict.fromkeys(
        ("gateway_url", "customer_profile_url", "scoring_url", "complaints_url"), NOBODY
    )
    return Settings(
        database_url=url,
        issuer=ISSUER,
        secret_key="test",
        log_level="ERROR",
        request_log=False,
        **(away | others),
    )


@pytest.fixture
async def make_service(
    make_database: MakeDatabase, signing_keys: SigningKeys
) -> Callable[[Clock], Service]:
    """`make_service(now)`:
    a process of the service with that clock, on one database with the others of the test.
    """
    url = await make_database(MIGRATIONS, SCHEMA)
    return lambda now: compose(settings_for(url), keys=signing_keys, now=now)


@pytest.fixture
async def api(
    make_service: Callable[[Clock], Service], signing_keys: SigningKeys
) -> AsyncIterator[Api]:
    """The service with its background work, on a database of its own, with all scopes."""
    async with serving(make_service(clock), signing_keys) as api:
        yield api
