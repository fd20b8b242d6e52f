"""A ticket opens event streams only, and ends with the token or API key that asked for it."""

from datetime import datetime, timedelta

from gateway.testing import SECRET, a_client, running

STREAM = "/v1/agents/a/stream"


async def ticket_of(asker):
    answer = await asker.post("/v1/stream-tickets")
    assert answer.status_code == 201, answer.text
    return answer.json()["ticket"]


async def opened(front, ticket, path=STREAM):
    return (await front.partner.with_(None).get(f"{path}?ticket={ticket}")).status_code


async def a_shop(front):
    client = await a_client(
        front.gateway, client_id="shop", scopes={"api-keys:write", "offers:read", "clients:read"}
    )
    return client, front.partner.with_(f"Bearer {await front.partner.token('shop')}")


async def test_a_ticket_ends_when_its_client_loses_rights_also_when_they_are_given_back(front):
    client, shop = await a_shop(front)
    ticket = await ticket_of(shop)

    less = await front.partner.patch(
        f"/v1/clients/{client.id}", {"scopes": ["offers:read"]}, match='"1"'
    )
    more = await front.partner.patch(
        f"/v1/clients/{client.id}", {"scopes": ["offers:read", "clients:read"]}, match='"2"'
    )
    renewed = await ticket_of(front.partner.with_(f"Bearer {await front.partner.token('shop')}"))

    assert (less.status_code, more.status_code) == (200, 200)
    assert await opened(front, ticket) == 401
    assert await opened(front, renewed) == 200


async def test_a_ticket_ends_with_a_secret_that_is_replaced_at_once(front):
    client, shop = await a_shop(front)
    ticket = await ticket_of(shop)

    rotated = await front.partner.post(f"/v1/clients/{client.id}/secret", {"overlap_seconds": 0})

    assert rotated.status_code == 200
    assert await opened(front, ticket) == 401


async def test_a_ticket_of_an_api_key_ends_with_the_key(front):
    _, shop = await a_shop(front)
    made = (await shop.post("/v1/api-keys", {"name": "Sheet", "scopes": ["offers:read"]})).json()
    sheet = front.partner.with_(f"Bearer {made['key']}")
    used, kept = await ticket_of(sheet), await ticket_of(sheet)
    before = await opened(front, used)

    revoked = await shop.post(f"/v1/api-keys/{made['id']}/revocation")

    assert (before, revoked.status_code) == (200, 200)
    assert await opened(front, kept) == 401


async def test_a_person_who_is_called_as_keys_are_has_tickets_as_others(front):
    _, shop = await a_shop(front)
    own = shop.authorization.removeprefix("Bearer ")
    form = {
        "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
        "subject_token": own,
        "subject_token_type": "urn:ietf:params:oauth:token-type:access_token",
        "sub": "api-key:li.na",
    }
    answer = await front.partner.http.post("/oauth/token", data=form, auth=("shop", SECRET))
    ticket = await ticket_of(front.partner.with_(f"Bearer {answer.json()['access_token']}"))

    assert await opened(front, ticket) == 200


async def test_a_ticket_is_not_longer_than_its_token(database_url):
    async with running(database_url, token_seconds=60, ticket_seconds=600) as front:
        asked = front.gateway.clock()
        answer = await front.partner.post("/v1/stream-tickets")

    assert datetime.fromisoformat(answer.json()["expires_at"]) <= asked + timedelta(seconds=61)


async def test_a_ticket_opens_nothing_but_an_event_stream_and_is_kept_for_it(front):
    ticket = await ticket_of(front.partner)

    paths = (
        "/v1/clients",
        "/v1/customers",
        "/v1/agents",
        "/v1/agents/a",
        "/v1/agents/a/stream/",
        "/v1/agents/a/b/stream",
    )
    tried = {path: await opened(front, ticket, path) for path in paths}
    shown = await front.partner.with_(None).get(f"/v1/clients?ticket={ticket}")

    assert tried == dict.fromkeys(paths, 401)
    assert shown.json()["type"].endswith("/problems/ticket-opens-streams-only")
    assert await opened(front, ticket) == 200
