"""Rights that are taken are dead at the gateway and at services;
clients of clients never have more than who registered them.
"""

import asyncio

import pytest
from gateway.testing import running
from service_kit.testing import notes, serving

BOUNDED_SECONDS = 5


async def a_child(of, **body):
    answer = await of.post("/v1/clients", {"name": "A child", "scopes": ["tiers:read"], **body})
    assert answer.status_code == 201, answer.text
    return answer.json()


async def as_client(front, made):
    return front.partner.with_(
        f"Bearer {await front.partner.token(made['client_id'], made['client_secret'])}"
    )


async def changed(front, made, body):
    read = await front.partner.get(f"/v1/clients/{made['id']}")
    answer = await front.partner.patch(
        f"/v1/clients/{made['id']}", body, match=read.headers["etag"]
    )
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.fixture
async def front(database_url):
    async with running(database_url, client_children=3) as started:
        yield started


async def status_at(service_url, token):
    return (
        await service_url.get("/v1/events", headers={"Authorization": f"Bearer {token}"})
    ).status_code


async def test_a_service_refuses_within_seconds_what_was_taken_also_when_it_starts_without_gateway(
    front, make_database, signing_keys
):
    url = await make_database(notes.MIGRATIONS, notes.SCHEMA)
    settings = {"database_url": url, "issuer": front.gateway.settings.issuer, "secret_key": "test"}
    made = await a_child(front.partner, scopes=["events:read", "tiers:read"])
    token = await front.partner.token(made["client_id"], made["client_secret"])

    async with serving(
        notes.compose(notes.Settings(**settings, gateway_url=front.url)), signing_keys
    ) as api:
        before = await status_at(api.client, token)
        await changed(front, made, {"scopes": ["events:read"]})
        async with asyncio.timeout(BOUNDED_SECONDS):
            while await status_at(api.client, token) == 200:  # noqa: ASYNC110 # The service is asked as a stranger asks it.
                await asyncio.sleep(0.05)
        renewed = await front.partner.token(made["client_id"], made["client_secret"])
        after = (await status_at(api.client, token), await status_at(api.client, renewed))
    async with serving(
        notes.compose(notes.Settings(**settings, gateway_url="http://127.0.0.1:1")), signing_keys
    ) as api:
        alone = (await status_at(api.client, token), await status_at(api.client, renewed))

    assert (before, after) == (200, (401, 200))
    # The keys are kept as the list is.
    assert alone == (401, 200)


async def test_a_child_never_has_more_than_its_maker(front):
    maker = await a_child(
        front.partner,
        scopes=["clients:write", "clients:read", "tiers:read", "scores:read"],
        approval_limit={"amount": "100.00", "currency": "CNY"},
        rate_limit={"requests": 100, "seconds": 60},
    )
    asker = await as_client(front, maker)

    for more in (
        {"scopes": ["surveys:read"]},
        {"approval_limit": {"amount": "100.01", "currency": "CNY"}},
        {"approval_limit": {"amount": "1.00", "currency": "EUR"}},
        {"rate_limit": {"requests": 101, "seconds": 60}},
        {"rate_limit": {"requests": 100, "seconds": 59}},
    ):
        refused = await asker.post("/v1/clients", {"name": "Larger", "scopes": [], **more})
        assert refused.status_code == 403, more
    child = await a_child(asker, scopes=["tiers:read", "scores:read"])
    widened = await front.partner.patch(
        f"/v1/clients/{child['id']}", {"rate_limit": None}, match='"1"'
    )
    beyond = await front.partner.patch(
        f"/v1/clients/{child['id']}", {"scopes": ["surveys:read"]}, match='"1"'
    )

    assert (child["rate_limit"], widened.status_code, beyond.status_code) == (
        {"requests": 100, "seconds": 60},
        403,
        403,
    )


async def test_what_is_taken_from_a_maker_is_taken_from_its_children_and_theirs(front):
    maker = await a_child(front.partner, scopes=["clients:write", "tiers:read", "scores:read"])
    child = await a_child(
        await as_client(front, maker), scopes=["clients:write", "tiers:read", "scores:read"]
    )
    grandchild = await a_child(await as_client(front, child), scopes=["tiers:read", "scores:read"])
    holder = await as_client(front, grandchild)

    await changed(front, maker, {"scopes": ["clients:write", "tiers:read"]})
    narrowed = (await front.partner.get(f"/v1/clients/{grandchild['id']}")).json()
    await changed(front, maker, {"state": "disabled"})
    ended = (await front.partner.get(f"/v1/clients/{grandchild['id']}")).json()
    revived = await front.partner.patch(
        f"/v1/clients/{grandchild['id']}", {"state": "enabled"}, match=f'"{ended["version"]}"'
    )

    assert (narrowed["scopes"], ended["state"], revived.status_code) == (
        ["tiers:read"],
        "disabled",
        409,
    )
    assert (await holder.get("/v1/webhook-endpoints")).status_code == 401


async def test_a_client_registers_no_more_than_the_setting_says_also_at_once(front):
    made = await asyncio.gather(
        *(front.partner.post("/v1/clients", {"name": "One", "scopes": []}) for _ in range(6))
    )

    assert sorted(answer.status_code for answer in made) == [201, 201, 201, 409, 409, 409]
