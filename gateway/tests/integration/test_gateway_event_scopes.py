"""Events go to those alone whose scopes let them read what the events tell of;
nulls in a merge patch are taken at their word.
"""

import asyncio
import json
from pathlib import Path

import pytest
from gateway.contract.documents import event_scopes_in
from gateway.rights.domain import SCOPES
from gateway.testing import a_client, an_event, running
from gateway.webhook.delivery.store import DeliveryStore
from gateway.webhook.dispatch import Dispatcher
from gateway.webhook.event_scopes import EventScopes
from gateway.webhook.intake import Intake
from gateway.webhook.sender import Outcome
from service_kit.words.identity import new_id
from service_kit.work.news import Anything, news_of

PUBLIC = json.loads((Path(__file__).parents[3] / "openapi" / "public.json").read_text("utf-8"))
PUBLISHED = {name: tuple(hook["post"]["x-scopes"]) for name, hook in PUBLIC["webhooks"].items()}


class Noted:
    """Sends nothing, and notes what would have been sent."""

    def __init__(self):
        self.sent = []

    async def send(self, _url, headers, _body):
        self.sent.append(headers["webhook-id"])
        return Outcome(status=204, seconds=0.0, error=None)


def asked(*types, **more):
    return {"url": "http://127.0.0.1:1/hook", "event_types": list(types), **more}


async def took_in(front, *types, unit=None):
    """These events come in as a feed brings them; their envelopes."""
    intake = Intake(
        front.gateway.database,
        front.gateway.parts[EventScopes],
        clock=front.gateway.clock,
        new_id=new_id,
    )
    events = [an_event(type_, cursor=1, unit=unit) for type_ in types]
    news = [news_of(event, Anything) for event in events]
    await intake.prepare(news)
    async with front.gateway.database.transaction() as tx:
        for each in news:
            await intake.take(tx, each)
    return events


async def dispatched(front):
    """One round of the delivery worker; the ids of the events that were sent."""
    sender, gateway = Noted(), front.gateway
    families = gateway.parts[EventScopes]
    dispatcher = Dispatcher(
        gateway.database,
        gateway.sealer,
        sender,
        families,
        clock=gateway.clock,
        metrics=gateway.metrics,
        seconds=5,
        concurrency=100,
    )
    while await dispatcher.step():
        await dispatcher.settled()
    return sender.sent


async def shop_with(front, *scopes, **rights):
    client = await a_client(
        front.gateway,
        client_id="shop",
        scopes={"webhooks:write", "webhooks:read", *scopes},
        **rights,
    )
    return client, front.partner.with_(f"Bearer {await front.partner.token('shop')}")


def test_the_gateway_asks_for_scopes_that_it_grants():
    assert {scope for scopes in PUBLISHED.values() for scope in scopes} <= set(SCOPES)


@pytest.mark.parametrize("event_type", sorted(PUBLISHED))
def test_no_event_is_told_without_each_of_its_scopes(event_type):
    needed, told = set(PUBLISHED[event_type]), EventScopes(event_scopes_in([PUBLIC]))

    assert needed
    assert told.may_read(needed, event_type)
    for scope in needed:
        others = set(SCOPES) - {scope}
        assert not told.may_read(others, event_type) or event_type == "webhook.test"
        assert event_type.partition(".")[0] not in (told.readable_by(others) or ())


async def test_every_published_event_type_is_registered_with_its_scopes_alone(front):
    plain = await front.partner.registered(scopes={"webhooks:write", "events:read"})
    whole = await front.partner.registered(
        scopes={"webhooks:write", *(scope for scopes in PUBLISHED.values() for scope in scopes)}
    )

    families = {name.partition(".")[0]: list(scopes) for name, scopes in PUBLISHED.items()}

    for types in [[name] for name in sorted(PUBLISHED)] + [
        [f"{family}.*"] for family in sorted(families)
    ]:
        refused, made = [
            await partner.post("/v1/webhook-endpoints", asked(*types)) for partner in (plain, whole)
        ]

        assert (refused.status_code, refused.json()["needs"], made.status_code) == (
            403,
            families[types[0].partition(".")[0]],
            201,
        ), types


async def test_events_that_nobody_tells_cannot_be_asked_for(front):
    refused = await front.partner.post("/v1/webhook-endpoints", asked("tier.changed", "invoice.*"))

    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/event_types/1")


async def test_everything_stands_for_what_may_be_read(front):
    _, shop = await shop_with(front, "tiers:read")
    assert (await shop.post("/v1/webhook-endpoints", asked("*"))).status_code == 201

    events = await took_in(
        front, "transaction.recorded", "tier.changed", "client.created", "invoice.paid"
    )

    logged = (await shop.get("/v1/webhook-deliveries")).json()["items"]
    assert [delivery["event_type"] for delivery in logged] == ["tier.changed"]
    assert await dispatched(front) == [events[1]["id"]]


@pytest.mark.parametrize(
    "taken", [{"scopes": ["webhooks:read", "webhooks:write"]}, {"units": ["cn.bj"]}]
)
async def test_what_waits_is_not_sent_once_its_rights_were_taken(front, taken):
    client, shop = await shop_with(front, "tiers:read")
    await shop.post("/v1/webhook-endpoints", asked("*"))
    await took_in(front, "tier.changed", unit="cn.gd")

    assert (
        await front.partner.patch(f"/v1/clients/{client.id}", taken, match='"1"')
    ).status_code == 200

    assert await dispatched(front) == []
    async with front.gateway.database.reading() as reader:
        found = await DeliveryStore(reader).page(
            of_client="shop",
            units=None,
            families=None,
            endpoint_id=None,
            event_id=None,
            state=None,
            after=None,
            limit=9,
        )
    assert [(each.state, each.log[0].error) for each in found] == [
        ("abandoned", "the client may not read this event")
    ]


async def test_a_replay_and_the_log_go_by_the_rights_of_today(front):
    client, shop = await shop_with(front, "tiers:read")
    endpoint = (await shop.post("/v1/webhook-endpoints", asked("*"))).json()
    await took_in(front, "tier.changed")
    assert len(await dispatched(front)) == 1
    delivery = (await shop.get("/v1/webhook-deliveries")).json()["items"][0]
    await front.partner.patch(
        f"/v1/clients/{client.id}", {"scopes": ["webhooks:read", "webhooks:write"]}, match='"1"'
    )
    shop = front.partner.with_(f"Bearer {await front.partner.token('shop')}")

    logged = (await shop.get("/v1/webhook-deliveries")).json()["items"]
    one = await shop.post(f"/v1/webhook-deliveries/{delivery['id']}/replay")
    span = {"since": "2020-01-01T00:00:00Z", "states": ["delivered", "abandoned", "failed"]}
    many = await shop.post(f"/v1/webhook-endpoints/{endpoint['id']}/replay", span)

    assert (logged, one.status_code, many.json()["deliveries"]) == ([], 404, 0)
    assert await dispatched(front) == []


async def test_an_endpoint_is_led_elsewhere_with_the_scopes_of_what_it_gets_alone(front):
    await shop_with(front, "tiers:read", "complaints:read")
    shop = front.partner.with_(f"Bearer {await front.partner.token('shop')}")
    narrow = front.partner.with_(
        f"Bearer {await front.partner.token('shop', scope='webhooks:write webhooks:read')}"
    )
    named = (await shop.post("/v1/webhook-endpoints", asked("complaint.*"))).json()
    wide = (await shop.post("/v1/webhook-endpoints", asked("*"))).json()

    led = await narrow.patch(
        f"/v1/webhook-endpoints/{named['id']}", {"url": "http://127.0.0.1:1/other"}, match='"1"'
    )
    widened = await narrow.patch(
        f"/v1/webhook-endpoints/{wide['id']}", {"event_types": ["tier.*"]}, match='"1"'
    )
    moved = await narrow.patch(
        f"/v1/webhook-endpoints/{wide['id']}", {"url": "http://127.0.0.1:1/other"}, match='"1"'
    )
    silenced = await narrow.patch(
        f"/v1/webhook-endpoints/{named['id']}", {"state": "disabled"}, match='"1"'
    )
    await took_in(front, "tier.changed")

    assert (led.status_code, widened.status_code, moved.status_code, silenced.status_code) == (
        403,
        403,
        200,
        200,
    )
    assert await dispatched(front) == []


async def test_a_client_has_no_more_endpoints_than_the_setting_says(database_url):
    async with running(database_url, client_webhook_endpoints=2) as front:
        made = await asyncio.gather(
            *(front.partner.post("/v1/webhook-endpoints", asked("tier.changed")) for _ in range(5))
        )

        assert sorted(answer.status_code for answer in made) == [201, 201, 409, 409, 409]


async def test_null_takes_nothing_away_that_must_be_there(front):
    client = await a_client(front.gateway)
    endpoint = (
        await front.partner.post("/v1/webhook-endpoints", asked("tier.changed", description="Ours"))
    ).json()

    for path, names in (
        (f"/v1/clients/{client.id}", ("name", "scopes", "state")),
        (f"/v1/webhook-endpoints/{endpoint['id']}", ("url", "event_types", "state")),
    ):
        for name in names:
            refused = await front.partner.patch(path, {name: None}, match='"1"')

            assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (
                422,
                f"/{name}",
            ), path


async def test_null_empties_the_description_of_an_endpoint_and_leaves_the_rest(front):
    endpoint = (
        await front.partner.post("/v1/webhook-endpoints", asked("tier.changed", description="Ours"))
    ).json()

    changed = (
        await front.partner.patch(
            f"/v1/webhook-endpoints/{endpoint['id']}", {"description": None}, match='"1"'
        )
    ).json()

    assert changed["description"] == ""
    assert (changed["url"], changed["event_types"], changed["state"]) == (
        endpoint["url"],
        ["tier.changed"],
        "enabled",
    )
