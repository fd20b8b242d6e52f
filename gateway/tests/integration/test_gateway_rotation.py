"""Keys that were taken back:
what they signed is refused, and nothing of our own goes on with them.
"""

import asyncio

import pytest
from gateway.app import compose
from gateway.settings import Settings
from gateway.signing_key import ring as key_ring
from gateway.signing_key.ring import KeyRing
from gateway.testing import ISSUER, a_client
from gateway.token.domain import TokenRefused, grant_to_client
from gateway.token.endpoint import TokenEndpoint
from service_kit.store.sqlstates import DatabaseUnavailable


@pytest.fixture
async def operator(database_url):
    """Another process with the same database, such as the command line."""
    gateway = compose(
        Settings(database_url=database_url, issuer=ISSUER, secret_key="of-the-tests", work=False)
    )
    await gateway.database.open()
    yield gateway.parts[KeyRing]
    await gateway.database.close()


def let_time_pass(front):
    """As if the keys had been read long ago."""
    front.gateway.parts[KeyRing]._read_at = -1e9


async def test_tokens_of_a_compromised_key_are_refused_and_new_ones_pass(front, operator):
    assert (await front.partner.get("/v1/customers")).status_code == 200

    await operator.rotate(is_compromised=True)
    let_time_pass(front)

    assert (await front.partner.get("/v1/customers")).status_code == 401
    anew = front.partner.with_(f"Bearer {await front.partner.token('administrator')}")
    assert (await anew.get("/v1/customers")).status_code == 200


async def test_a_plain_rotation_refuses_nothing(front, operator):
    made = await operator.rotate(is_compromised=False)
    let_time_pass(front)

    published = {
        key["kid"]
        for key in (await front.partner.http.get("/.well-known/jwks.json")).json()["keys"]
    }

    assert (await front.partner.get("/v1/customers")).status_code == 200
    assert made.kid in published
    assert len(published) == 2


async def test_api_keys_and_our_own_calls_go_on_with_the_new_key(front, operator):
    key = (
        await front.partner.post("/v1/api-keys", {"name": "Sheet", "scopes": ["customers:read"]})
    ).json()["key"]
    sheet = front.partner.with_(f"Bearer {key}")
    own = front.gateway.tokens
    await sheet.get("/v1/customers")
    await own.token()

    made = await operator.rotate(is_compromised=True)
    let_time_pass(front)
    await front.gateway.parts[KeyRing].key_set(None)
    await sheet.get("/v1/customers")

    shown = front.neighbors["customer-profile"].seen[-1].headers["authorization"]
    for authorization in (shown, f"Bearer {await own.token()}"):
        assert await front.gateway.authenticator.caller(authorization)
    assert front.gateway.parts[KeyRing].is_published(made.kid)


async def test_the_keys_stay_the_same_object_while_they_are_the_same_keys(front):
    ring = front.gateway.parts[KeyRing]
    before = await ring.key_set(None)

    let_time_pass(front)

    assert await ring.key_set(None) is before


async def test_many_who_need_the_keys_at_once_read_them_once(front, monkeypatch):
    ring, reads = front.gateway.parts[KeyRing], []
    read = key_ring.store.all_keys

    async def counting(reader):
        reads.append(reader)
        return await read(reader)

    monkeypatch.setattr(key_ring.store, "all_keys", counting)
    let_time_pass(front)

    await asyncio.gather(*(ring.key_set(None) for _ in range(50)))

    assert len(reads) == 1


async def test_while_the_database_is_away_nobody_waits_for_it(front, monkeypatch):
    ring, never = front.gateway.parts[KeyRing], asyncio.Event()
    known = await ring.key_set(None)

    async def refused(reader):
        raise DatabaseUnavailable()

    async def hanging(reader):
        await never.wait()

    monkeypatch.setattr(key_ring.store, "all_keys", refused)
    let_time_pass(front)
    first = await ring.key_set(None)
    monkeypatch.setattr(key_ring.store, "all_keys", hanging)
    let_time_pass(front)
    second = await asyncio.wait_for(ring.key_set(None), 5)
    ring._reading.cancel()

    assert first is second is known


async def test_a_compromised_key_is_dropped_although_another_process_rotates_at_the_same_time(
    front, operator
):
    old = {
        key["kid"]
        for key in (await front.partner.http.get("/.well-known/jwks.json")).json()["keys"]
    }
    other = front.gateway.parts[KeyRing]

    made = await asyncio.gather(
        *(ring.rotate(is_compromised=True) for ring in (operator, other, operator, other))
    )

    let_time_pass(front)
    left = {
        key["kid"]
        for key in (await front.partner.http.get("/.well-known/jwks.json")).json()["keys"]
    }
    assert not left & old
    assert len(left) == 1
    assert left < {key.kid for key in made}


async def test_nothing_is_issued_that_is_over_already(front):
    client = await a_client(front.gateway, client_id="desk")
    issuer = front.gateway.parts[TokenEndpoint]._issuer
    granted = grant_to_client(client.client_id, client.rights, {})

    with pytest.raises(TokenRefused, match="expired"):
        await issuer.issue(granted, not_after=int(front.gateway.clock().timestamp()) - 2)

    assert (await issuer.issue(granted)).expires_in == 3600
