"""What is told of clients and keys goes to those alone who may read the feeds; nulls in a merge patch are taken at their word."""

from gateway.testing import a_client, an_event
from gateway.webhook.intake import Intake
from service_kit.consumer import news_of
from service_kit.identity import new_id

REACHING = (["*"], ["client.*"], ["client.created"], ["api_key.revoked"], ["tier.changed", "api_key.*"])


def asked(*types, **more):
    return {"url": "http://127.0.0.1:1/hook", "event_types": list(types), **more}


async def test_who_may_not_read_feeds_is_told_nothing_of_other_clients(front):
    writer = await front.partner.registered(scopes={"webhooks:write", "webhooks:read"})
    reader = await front.partner.registered(scopes={"webhooks:write", "events:read"})

    for types in REACHING:
        refused, made = [await partner.post("/v1/webhook-endpoints", asked(*types)) for partner in (writer, reader)]

        assert (refused.status_code, refused.json()["needs"], made.status_code) == (403, ["events:read"], 201), types
    assert (await writer.post("/v1/webhook-endpoints", asked("complaint.*", "webhook_endpoint.disabled"))).status_code == 201


async def test_an_endpoint_that_is_told_of_clients_is_not_led_elsewhere_without_the_scope(front):
    client = await a_client(front.gateway, client_id="shop")
    shop = front.partner.with_(f"Bearer {await front.partner.token('shop')}")
    narrow = front.partner.with_(f"Bearer {await front.partner.token('shop', scope='webhooks:write')}")
    wide = (await shop.post("/v1/webhook-endpoints", asked("*"))).json()
    plain = (await narrow.post("/v1/webhook-endpoints", asked("tier.changed"))).json()

    led = await narrow.patch(f"/v1/webhook-endpoints/{wide['id']}", {"url": "http://127.0.0.1:1/other"}, match='"1"')
    widened = await narrow.patch(f"/v1/webhook-endpoints/{plain['id']}", {"event_types": ["client.*"]}, match='"1"')
    silenced = await narrow.patch(f"/v1/webhook-endpoints/{wide['id']}", {"state": "disabled"}, match='"1"')

    assert client.is_enabled
    assert (led.status_code, widened.status_code, silenced.status_code) == (403, 403, 200)


async def test_a_client_that_loses_the_scope_is_told_no_more(front):
    client = await a_client(front.gateway, client_id="shop", scopes={"webhooks:write", "webhooks:read", "events:read"})
    shop = front.partner.with_(f"Bearer {await front.partner.token('shop')}")
    await shop.post("/v1/webhook-endpoints", asked("*"))
    await front.partner.patch(f"/v1/clients/{client.id}", {"scopes": ["webhooks:read"]}, match='"1"')
    intake = Intake(front.gateway.database, clock=front.gateway.clock, new_id=new_id)
    news = [news_of(an_event(type_, cursor=1)) for type_ in ("client.created", "api_key.revoked", "tier.changed")]

    await intake.prepare(news)
    async with front.gateway.database.transaction() as tx:
        for each in news:
            await intake.take(tx, each)

    logged = (await shop.get("/v1/webhook-deliveries")).json()["items"]
    assert [delivery["event_type"] for delivery in logged] == ["tier.changed"]


async def test_null_takes_nothing_away_that_must_be_there(front):
    client = await a_client(front.gateway)
    endpoint = (await front.partner.post("/v1/webhook-endpoints", asked("tier.changed", description="Ours"))).json()

    for path, names in (
        (f"/v1/clients/{client.id}", ("name", "scopes", "state")),
        (f"/v1/webhook-endpoints/{endpoint['id']}", ("url", "event_types", "state")),
    ):
        for name in names:
            refused = await front.partner.patch(path, {name: None}, match='"1"')

            assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, f"/{name}"), path


async def test_null_empties_the_description_of_an_endpoint_and_leaves_the_rest(front):
    endpoint = (await front.partner.post("/v1/webhook-endpoints", asked("tier.changed", description="Ours"))).json()

    changed = (await front.partner.patch(f"/v1/webhook-endpoints/{endpoint['id']}", {"description": None}, match='"1"')).json()

    assert changed["description"] == ""
    assert (changed["url"], changed["event_types"], changed["state"]) == (endpoint["url"], ["tier.changed"], "enabled")
