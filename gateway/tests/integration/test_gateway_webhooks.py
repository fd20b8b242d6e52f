"""Webhooks from registration to delivery,
received on real sockets and verified with the public library.
"""

import asyncio
import re
from datetime import timedelta

import pytest
from gateway.testing import Neighbor, a_feed, an_event, listening, running
from service_kit.words.identity import clock
from standardwebhooks import Webhook

SINCE = "2020-01-01T00:00:00Z"


@pytest.fixture
async def receiver():
    """A partner's receiver that says 200 to everything under /hook."""
    neighbor = Neighbor()
    async with listening(neighbor) as url:
        yield neighbor, f"{url}/hook"


async def until(check, seconds=20.0):
    """Poll a condition; its truthy value, or a failed test."""
    async with asyncio.timeout(seconds):
        while not (found := await check()):  # noqa: ASYNC110 # What is waited for is in another process's database.
            await asyncio.sleep(0.05)
    return found


async def register(front, url, *types, **more):
    made = await front.partner.post(
        "/v1/webhook-endpoints",
        {"url": url, "event_types": list(types) or ["tier.changed"], **more},
    )
    assert made.status_code == 201, made.text
    return made.json()


async def deliveries(front, **filters):
    query = "&".join(f"{name}={value}" for name, value in filters.items())
    return (await front.partner.get(f"/v1/webhook-deliveries?{query}")).json()["items"]


async def test_an_event_of_a_service_arrives_signed(database_url, receiver):
    neighbor, url = receiver
    event = an_event("complaint.closed", unit="cn.gd", cursor=1)
    async with running(database_url, {"complaints": a_feed(event)}, work=True) as front:
        endpoint = await register(front, url, "complaint.*")
        front.neighbors["complaints"].open.set()

        await asyncio.wait_for(neighbor.arrived.wait(), 20)
        [logged] = await until(
            lambda: deliveries(front, endpoint_id=endpoint["id"], state="delivered")
        )

    seen = neighbor.seen[0]
    verified = Webhook(endpoint["secret"]).verify(seen.body, seen.headers)
    assert verified["id"] == event["id"] == seen.headers["webhook-id"]
    assert verified["type"] == "guanxi.complaint.closed.v1"
    assert verified["timestamp"] == event["time"]
    assert "cursor" not in verified
    assert seen.headers["content-type"].startswith("application/cloudevents+json")
    assert (logged["event_type"], logged["event_id"]) == ("complaint.closed", event["id"])
    assert [attempt["status"] for attempt in logged["attempts"]] == [200]


async def test_only_events_that_were_asked_for_and_lie_within_the_units_arrive(
    database_url, receiver
):
    neighbor, url = receiver
    events = [
        an_event("complaint.closed", unit="cn.gd.gz", cursor=1),
        an_event("complaint.closed", unit="cn.sh", cursor=2),
        an_event("tier.changed", unit="cn.gd", cursor=3),
        an_event("complaint.received", unit=None, cursor=4),
        an_event("complaint.escalated", unit="cn.gd", cursor=5),
    ]
    async with running(database_url, {"complaints": a_feed(*events)}, work=True) as front:
        partner = await front.partner.registered(units=("cn.gd",))
        await partner.post("/v1/webhook-endpoints", {"url": url, "event_types": ["complaint.*"]})
        front.neighbors["complaints"].open.set()

        await until(lambda: _count(neighbor, 2))
        await asyncio.sleep(0.5)

    assert {seen.headers["webhook-id"] for seen in neighbor.seen} == {
        events[0]["id"],
        events[4]["id"],
    }


async def _count(neighbor, number):
    return len(neighbor.seen) >= number


async def test_the_gateways_own_events_arrive_too(database_url, receiver):
    neighbor, url = receiver
    async with running(database_url, work=True) as front:
        await register(front, url, "client.created")
        await front.partner.post("/v1/clients", {"name": "Shop", "scopes": []})

        await asyncio.wait_for(neighbor.arrived.wait(), 20)

    assert neighbor.seen[0].json()["type"] == "guanxi.client.created.v1"


async def test_a_test_event_reaches_one_endpoint_whatever_it_asked_for(database_url, receiver):
    neighbor, url = receiver
    async with running(database_url, work=True) as front:
        endpoint = await register(front, url, "tier.changed")

        sent = await front.partner.post(f"/v1/webhook-endpoints/{endpoint['id']}/test-event")
        await asyncio.wait_for(neighbor.arrived.wait(), 20)

    assert sent.status_code == 202
    assert (
        Webhook(endpoint["secret"]).verify(neighbor.seen[0].body, neighbor.seen[0].headers)["type"]
        == "guanxi.webhook.test.v1"
    )


async def test_a_failed_delivery_is_tried_again_and_shows_both_attempts(database_url, receiver):
    neighbor, url = receiver
    neighbor.answers["/hook"] = (500, {})
    async with running(database_url, work=True) as front:
        endpoint = await register(front, url)
        await front.partner.post(f"/v1/webhook-endpoints/{endpoint['id']}/test-event")
        await asyncio.wait_for(neighbor.arrived.wait(), 20)
        [failed] = await until(
            lambda: deliveries(front, endpoint_id=endpoint["id"], state="failed")
        )
        neighbor.answers.clear()

        [delivered] = await until(
            lambda: deliveries(front, endpoint_id=endpoint["id"], state="delivered")
        )

    assert failed["next_attempt_at"] > failed["updated_at"]
    assert [attempt["status"] for attempt in delivered["attempts"]] == [500, 200]
    assert len({seen.headers["webhook-id"] for seen in neighbor.seen}) == 1
    assert len({seen.body for seen in neighbor.seen}) == 1


async def test_a_redirect_is_a_failure_and_is_not_followed(database_url, receiver):
    neighbor, url = receiver

    async def redirect(scope, receive, send):
        await send(
            {
                "type": "http.response.start",
                "status": 302,
                "headers": [(b"location", b"/elsewhere")],
            }
        )
        await send({"type": "http.response.body", "body": b""})

    neighbor.answers["/hook"] = redirect
    async with running(database_url, work=True) as front:
        endpoint = await register(front, url)
        await front.partner.post(f"/v1/webhook-endpoints/{endpoint['id']}/test-event")
        [failed] = await until(
            lambda: deliveries(front, endpoint_id=endpoint["id"], state="failed")
        )

    assert failed["attempts"][0]["status"] == 302
    assert neighbor.seen == []


async def test_410_disables_the_endpoint_and_tells_it(database_url, receiver):
    neighbor, url = receiver
    neighbor.answers["/hook"] = (410, {})
    async with running(database_url, work=True) as front:
        endpoint = await register(front, url)
        await front.partner.post(f"/v1/webhook-endpoints/{endpoint['id']}/test-event")

        async def disabled():
            read = (await front.partner.get(f"/v1/webhook-endpoints/{endpoint['id']}")).json()
            return read if read["state"] == "disabled" else None

        read = await until(disabled)
        refused = await front.partner.post(f"/v1/webhook-endpoints/{endpoint['id']}/test-event")

        async def told():
            events = (await front.partner.get("/v1/events?source=gateway&after=0")).json()
            return [
                event for event in events if event["type"] == "guanxi.webhook_endpoint.disabled.v1"
            ]

        [event] = await until(told)

    assert read["disabled_reason"] == "gone"
    assert refused.status_code == 409
    assert event["data"]["reason"] == "gone"


async def test_five_days_of_nothing_but_failures_disable(database_url, receiver):
    neighbor, url = receiver
    neighbor.answers["/hook"] = (500, {})
    async with running(database_url, work=True) as front:
        endpoint = await register(front, url)
        async with front.gateway.database.transaction() as tx:
            await tx.connection.execute(
                "UPDATE gateway.webhook_endpoint SET failing_since = $1",
                clock() - timedelta(days=5, seconds=1),
            )
        await front.partner.post(f"/v1/webhook-endpoints/{endpoint['id']}/test-event")

        async def disabled():
            return (await front.partner.get(f"/v1/webhook-endpoints/{endpoint['id']}")).json()[
                "disabled_reason"
            ]

        assert await until(disabled) == "failing"


async def test_a_dead_endpoint_delays_no_other(database_url, receiver):
    neighbor, url = receiver
    stuck = asyncio.Event()

    async def hanging(scope, receive, send):
        stuck.set()
        await asyncio.sleep(60)

    slow = Neighbor({"/hook": hanging})
    events = [an_event("complaint.closed", cursor=number) for number in range(1, 101)]
    async with (
        listening(slow) as slow_url,
        running(database_url, {"complaints": a_feed(*events)}, work=True) as front,
    ):
        for _ in range(5):
            await register(front, f"{slow_url}/hook", "complaint.closed")
        await register(front, url, "complaint.closed")
        front.neighbors["complaints"].open.set()

        await until(lambda: _count(neighbor, 100), seconds=30)

    assert stuck.is_set()
    assert len({seen.headers["webhook-id"] for seen in neighbor.seen}) == 100


async def test_a_rotated_secret_signs_beside_the_old_one(database_url, receiver):
    neighbor, url = receiver
    async with running(database_url, work=True) as front:
        endpoint = await register(front, url)
        rotated = (
            await front.partner.post(
                f"/v1/webhook-endpoints/{endpoint['id']}/secret", {"overlap_seconds": 600}
            )
        ).json()
        await front.partner.post(f"/v1/webhook-endpoints/{endpoint['id']}/test-event")
        await asyncio.wait_for(neighbor.arrived.wait(), 20)
        seen = neighbor.seen[0]
        neighbor.seen.clear()
        neighbor.arrived.clear()
        cut = (
            await front.partner.post(
                f"/v1/webhook-endpoints/{endpoint['id']}/secret", {"overlap_seconds": 0}
            )
        ).json()
        await front.partner.post(f"/v1/webhook-endpoints/{endpoint['id']}/test-event")
        await asyncio.wait_for(neighbor.arrived.wait(), 20)

    assert Webhook(endpoint["secret"]).verify(seen.body, seen.headers)
    assert Webhook(rotated["secret"]).verify(seen.body, seen.headers)
    assert len(neighbor.seen[0].headers["webhook-signature"].split()) == 1
    assert Webhook(cut["secret"]).verify(neighbor.seen[0].body, neighbor.seen[0].headers)


async def test_what_happened_while_disabled_is_written_down_and_can_be_replayed(
    database_url, receiver
):
    neighbor, url = receiver
    event = an_event("tier.changed", cursor=1)
    async with running(database_url, {"scoring": a_feed(event)}, work=True) as front:
        endpoint = await register(front, url, "tier.changed")
        path = f"/v1/webhook-endpoints/{endpoint['id']}"
        assert (
            await front.partner.patch(path, {"state": "disabled"}, match='"1"')
        ).status_code == 200
        front.neighbors["scoring"].open.set()
        [missed] = await until(
            lambda: deliveries(front, endpoint_id=endpoint["id"], state="abandoned")
        )
        assert (await front.partner.post(f"{path}/replay", {"since": SINCE})).status_code == 409
        assert (
            await front.partner.patch(path, {"state": "enabled"}, match='"2"')
        ).status_code == 200

        replayed = await front.partner.post(f"{path}/replay", {"since": SINCE})
        await asyncio.wait_for(neighbor.arrived.wait(), 20)

    assert missed["attempts"] == []
    assert (replayed.status_code, replayed.json()["deliveries"]) == (202, 1)
    assert neighbor.seen[0].headers["webhook-id"] == event["id"]


async def test_one_delivery_is_replayed_with_the_same_id(database_url, receiver):
    neighbor, url = receiver
    async with running(database_url, work=True) as front:
        endpoint = await register(front, url)
        sent = (
            await front.partner.post(f"/v1/webhook-endpoints/{endpoint['id']}/test-event")
        ).json()
        await until(lambda: deliveries(front, endpoint_id=endpoint["id"], state="delivered"))

        replayed = await front.partner.post(f"/v1/webhook-deliveries/{sent['id']}/replay")
        await until(lambda: _count(neighbor, 2))

        async def both():
            read = (await front.partner.get(f"/v1/webhook-deliveries/{sent['id']}")).json()
            return read if len(read["attempts"]) == 2 else None

        read = await until(both)

    assert (replayed.status_code, replayed.json()["state"]) == (202, "pending")
    assert read["state"] == "delivered"
    assert len({seen.headers["webhook-id"] for seen in neighbor.seen}) == 1


async def test_endpoints_and_deliveries_of_other_clients_are_not_found(front):
    endpoint = await register(front, "http://127.0.0.1:1/hook")
    sent = (await front.partner.post(f"/v1/webhook-endpoints/{endpoint['id']}/test-event")).json()
    other = await front.partner.registered(scopes={"webhooks:read", "webhooks:write"})

    assert (await other.get(f"/v1/webhook-endpoints/{endpoint['id']}")).status_code == 404
    assert (await other.get(f"/v1/webhook-deliveries/{sent['id']}")).status_code == 404
    assert (await other.post(f"/v1/webhook-deliveries/{sent['id']}/replay")).status_code == 404
    assert (await other.get("/v1/webhook-deliveries")).json()["items"] == []
    assert (await other.get("/v1/webhook-endpoints")).json()["items"] == []


HAN = re.compile("[\u4e00-\u9fff]")
REFUSED_TARGETS = [
    "https://10.0.0.1/hook",
    "https://169.254.169.254/latest/meta-data",
    "https://[::ffff:10.0.0.1]/hook",
    "https://[64:ff9b::a00:1]/hook",
    "https://0x0a000001/hook",
    "https://167772161/hook",
    "https://[fe80::1]/hook",
    "http://8.8.8.8/hook",
    "https://user:secret@8.8.8.8/hook",
    "https://8.8.8.8/hook#fragment",
    "https://no-such-name.invalid/hook",
    "https://8.8.8.8:99999/hook",
    "https://[bad/hook",
]


async def test_targets_that_are_not_public_are_refused_at_registration(front):
    for url in REFUSED_TARGETS:
        wish = {"Accept-Language": "zh-CN"}
        refused = await front.partner.post(
            "/v1/webhook-endpoints", {"url": url, "event_types": ["*"]}, headers=wish
        )

        assert refused.status_code == 422, url
        assert HAN.search(refused.json()["errors"][0]["detail"]), url


async def test_loopback_needs_its_setting(database_url):
    async with running(database_url, webhooks_allow_loopback=False) as front:
        refused = await front.partner.post(
            "/v1/webhook-endpoints", {"url": "https://127.0.0.1/hook", "event_types": ["*"]}
        )

    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"] == "/url"


async def test_the_target_is_checked_again_at_every_attempt(database_url, receiver, monkeypatch):
    neighbor, url = receiver
    async with running(database_url, work=True) as front:
        endpoint = await register(front, url.replace("127.0.0.1", "localhost"))
        monkeypatch.setattr(
            "gateway.webhook.target_check._look_up", lambda host, port: ["10.0.0.1"]
        )
        await front.partner.post(f"/v1/webhook-endpoints/{endpoint['id']}/test-event")

        [failed] = await until(
            lambda: deliveries(front, endpoint_id=endpoint["id"], state="failed")
        )

    assert failed["attempts"][0]["status"] is None
    assert "private or special" in failed["attempts"][0]["error"]
    assert neighbor.seen == []


async def test_one_bad_address_among_good_ones_refuses_the_target(front, monkeypatch):
    monkeypatch.setattr(
        "gateway.webhook.target_check._look_up", lambda host, port: ["93.184.215.14", "10.0.0.1"]
    )

    refused = await front.partner.post(
        "/v1/webhook-endpoints", {"url": "https://partner.example/", "event_types": ["*"]}
    )

    assert refused.status_code == 422


REFUSED_FILTERS = [
    [],
    ["complaint"],
    ["Complaint.closed"],
    ["*.closed"],
    ["complaint.closed.v1"],
    ["a" * 200],
]


async def test_filters_that_name_nothing_are_refused(front):
    for types in REFUSED_FILTERS:
        refused = await front.partner.post(
            "/v1/webhook-endpoints", {"url": "http://127.0.0.1:1/", "event_types": types}
        )

        assert refused.status_code == 422, types


async def test_a_deleted_endpoint_takes_its_log_along(front):
    endpoint = await register(front, "http://127.0.0.1:1/hook")
    await front.partner.post(f"/v1/webhook-endpoints/{endpoint['id']}/test-event")

    deleted = await front.partner.request(
        "DELETE", f"/v1/webhook-endpoints/{endpoint['id']}", headers={"If-Match": '"1"'}
    )

    assert deleted.status_code == 204
    assert await deliveries(front, endpoint_id=endpoint["id"]) == []
