"""What is left of a client that is disabled or deleted:
nothing that is sent, nothing that a later one inherits.
"""

import asyncio

from gateway.client.status import ClientStatuses
from gateway.testing import a_client, running
from gateway.webhook.delivery.store import DeliveryStore
from service_kit.words.identity import clock


async def a_shop(front, **rights):
    client = await a_client(front.gateway, client_id="shop", **rights)
    return client, front.partner.with_(f"Bearer {await front.partner.token('shop')}")


async def with_work(shop):
    """An endpoint of the shop that something is due for."""
    endpoint = (
        await shop.post(
            "/v1/webhook-endpoints",
            {"url": "http://127.0.0.1:1/hook", "event_types": ["tier.changed"]},
        )
    ).json()
    assert (
        await shop.post(f"/v1/webhook-endpoints/{endpoint['id']}/test-event")
    ).status_code == 202
    return endpoint


async def due(front):
    async with front.gateway.database.reading() as reader:
        return [str(id) for id, _ in await DeliveryStore(reader).due(at=clock())]


async def test_nothing_is_sent_to_a_disabled_client_until_it_is_enabled_again(front):
    client, shop = await a_shop(front)
    endpoint = await with_work(shop)
    assert await due(front) == [endpoint["id"]]

    await front.partner.patch(f"/v1/clients/{client.id}", {"state": "disabled"}, match='"1"')
    meanwhile = await due(front)
    await front.partner.patch(f"/v1/clients/{client.id}", {"state": "enabled"}, match='"2"')

    assert meanwhile == []
    assert await due(front) == [endpoint["id"]]


async def test_a_client_that_gets_a_deleted_ones_id_inherits_neither_its_keys_nor_its_endpoints(
    front,
):
    client, shop = await a_shop(front)
    await with_work(shop)
    key = (await shop.post("/v1/api-keys", {"name": "Sheet", "scopes": ["clients:read"]})).json()
    sheet = shop.with_(f"Bearer {key['key']}")
    assert (await sheet.get("/v1/clients")).status_code == 200

    deleted = await front.partner.request(
        "DELETE", f"/v1/clients/{client.id}", headers={"If-Match": '"1"'}
    )
    _, anew = await a_shop(front)
    front.gateway.parts[ClientStatuses].forget_all()

    assert deleted.status_code == 204
    assert await due(front) == []
    assert (await sheet.get("/v1/clients")).status_code == 401
    assert (await anew.get("/v1/webhook-endpoints")).json()["items"] == []
    assert [
        found["revoked_at"] is None for found in (await anew.get("/v1/api-keys")).json()["items"]
    ] == [False]


async def test_the_end_of_keys_and_endpoints_is_told_with_that_of_their_client(database_url):
    async with running(database_url, work=True) as front:
        client, shop = await a_shop(front)
        await with_work(shop)
        await shop.post("/v1/api-keys", {"name": "Sheet", "scopes": []})
        await front.partner.request(
            "DELETE", f"/v1/clients/{client.id}", headers={"If-Match": '"1"'}
        )

        types, after = set(), "0"
        async with asyncio.timeout(20):
            while "guanxi.client.deleted.v1" not in types:
                news = (
                    await front.partner.get(f"/v1/events?source=gateway&after={after}&wait=5")
                ).json()
                types |= {event["type"] for event in news}
                after = news[-1]["cursor"] if news else after

    assert {"guanxi.api_key.revoked.v1", "guanxi.webhook_endpoint.deleted.v1"} <= types
