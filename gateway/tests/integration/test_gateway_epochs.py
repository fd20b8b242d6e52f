"""The gateway's own list of taken rights:
none is published and none is gone by until it was read.
"""

import asyncio

import pytest
from gateway.app import MIGRATIONS, compose
from gateway.client.epochs import OwnEpochs
from gateway.settings import Settings
from gateway.testing import ISSUER, a_client, listening
from httpx2 import AsyncClient
from service_kit.access.epochs import PATH, TakenRightsUnknown, mark_of
from service_kit.store.database import connect
from service_kit.store.migrations import migrate
from service_kit.words.identity import clock

BOUNDED_SECONDS = 10
EMPTY = "elsewhere"
AWAY = "postgresql://u:p@127.0.0.1:1/x"


def a_gateway(database_url, *, schema="gateway", work=False):
    return compose(
        Settings(
            database_url=database_url,
            database_schema=schema,
            issuer=ISSUER,
            secret_key="of-the-tests",
            request_log=False,
            work=work,
        )
    )


async def an_empty_schema(database_url) -> None:
    connection = await connect(database_url)
    await connection.execute(f"CREATE SCHEMA {EMPTY}")
    await connection.close()


async def until_ok(http, path) -> None:
    async with asyncio.timeout(BOUNDED_SECONDS):
        while (await http.get(path)).status_code != 200:  # noqa: ASYNC110 # The gateway is asked as a stranger asks it.
            await asyncio.sleep(0.05)


async def test_a_gateway_whose_database_is_away_publishes_no_list():
    async with (
        listening(a_gateway(AWAY).app, lifespan="on") as url,
        AsyncClient(base_url=url, timeout=20, trust_env=False) as http,
    ):
        listed, ready = await http.get(PATH), await http.get("/readyz")

    assert (listed.status_code, listed.headers["content-type"], listed.headers["retry-after"]) == (
        503,
        "application/problem+json",
        "1",
    )
    assert listed.json()["type"].endswith("/problems/taken-rights-unknown")
    assert (ready.status_code, len(ready.json()["reasons"])) == (503, 2)


@pytest.mark.parametrize("present", ["", "0003"], ids=["empty", "older"])
@pytest.mark.parametrize("work", [False, True])
async def test_a_gateway_starts_on_a_schema_that_is_not_migrated_and_recovers_after_it_was(
    database_url, present, work
):
    await an_empty_schema(database_url)
    if present:
        await migrate(database_url, EMPTY, str(MIGRATIONS), to=present)
    gateway = a_gateway(database_url, schema=EMPTY, work=work)
    async with (
        listening(gateway.app, lifespan="on") as url,
        AsyncClient(base_url=url, timeout=20, trust_env=False) as http,
    ):
        listed, ready = await http.get(PATH), await http.get("/readyz")
        await migrate(database_url, EMPTY, str(MIGRATIONS))
        await until_ok(http, "/readyz")
        after = await http.get(PATH)

    assert (listed.status_code, ready.status_code) == (503, 503)
    assert any(reason.startswith("migrations are pending") for reason in ready.json()["reasons"])
    assert (after.status_code, after.json()) == (200, {"epochs": {}})


async def test_no_token_is_accepted_until_the_list_was_read(front, monkeypatch):
    own = front.gateway.parts[OwnEpochs]
    assert (await front.partner.get("/v1/customers")).status_code == 200
    monkeypatch.setattr(own, "_least", None)

    # Whatever is asked at once, the own reader has no turn between these two.
    with pytest.raises(TakenRightsUnknown):
        await front.gateway.authenticator.caller(front.partner.authorization)


async def test_a_caller_is_told_503_and_not_401_until_the_list_was_read(front, monkeypatch):
    async def reads_nothing() -> None:
        return None

    own = front.gateway.parts[OwnEpochs]
    monkeypatch.setattr(own, "refresh", reads_nothing)
    monkeypatch.setattr(own, "_least", None)

    passed_on, own_route = (
        await front.partner.get("/v1/customers"),
        await front.partner.get("/v1/clients"),
    )

    assert [answer.status_code for answer in (passed_on, own_route)] == [503, 503]
    assert passed_on.json()["type"].endswith("/problems/taken-rights-unknown")
    assert passed_on.headers["retry-after"] == "1"


async def test_a_list_that_cannot_be_read_any_more_is_gone_by_and_not_published_for_long(
    front, monkeypatch
):
    own = OwnEpochs(clock)
    own.attach(front.gateway.database)
    await own.refresh()
    assert own.published()

    monkeypatch.setattr("gateway.client.epochs.PUBLISHED_FOR_SECONDS", -1.0)

    assert own.least is not None
    with pytest.raises(TakenRightsUnknown):
        own.published()


async def test_a_read_from_before_a_change_that_ends_after_it_brings_no_right_back(
    front, monkeypatch
):
    own, may_tell, has_read = OwnEpochs(clock), asyncio.Event(), asyncio.Event()
    database = front.gateway.database

    class Held:
        """Reads, and keeps what it found back."""

        def reading(self):
            return self

        async def __aenter__(self):
            return self

        async def __aexit__(self, *_error):
            return None

        async def fetch(self, statement, **given):
            async with database.reading() as reader:
                rows = await reader.fetch(statement, **given)
            has_read.set()
            await may_tell.wait()
            return rows

    client = await a_client(front.gateway, client_id="soon-narrowed")
    own.attach(Held())
    before = asyncio.create_task(own.refresh())
    await has_read.wait()
    await front.partner.patch(f"/v1/clients/{client.id}", {"state": "disabled"}, match='"1"')
    own.attach(database)
    await own.refresh()
    may_tell.set()
    await before

    assert own.least[mark_of("soon-narrowed")] > 0
