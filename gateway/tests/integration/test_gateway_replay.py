"""A replay while an attempt is under way: the attempt's end does not undo it."""

from datetime import timedelta
from uuid import UUID

import pytest
from gateway.webhook.delivery.domain import Attempt
from gateway.webhook.delivery.store import DeliveryStore
from service_kit.words.identity import clock

LATER = timedelta(hours=1)


@pytest.fixture
async def sent(front):
    """A delivery that is due."""
    body = {"url": "http://127.0.0.1:1/hook", "event_types": ["tier.changed"]}
    endpoint = (await front.partner.post("/v1/webhook-endpoints", body)).json()
    return (await front.partner.post(f"/v1/webhook-endpoints/{endpoint['id']}/test-event")).json()


async def claimed(front, sent, *, at):
    async with front.gateway.database.transaction() as tx:
        [held] = await DeliveryStore(tx).claim(
            UUID(sent["endpoint_id"]), room=1, at=at, until=at + LATER
        )
    return held


async def finished(front, held, *, is_success, at):
    """Whether the end of the attempt was written down."""
    done = held.tried(is_success=is_success, at=at, chance=0.0)
    tried = Attempt(
        number=done.attempts, at=at, status=200 if is_success else 500, seconds=0.1, error=None
    )
    async with front.gateway.database.transaction() as tx:
        return await DeliveryStore(tx).finish(done, tried)


async def due(front, *, at):
    async with front.gateway.database.reading() as reader:
        return [str(id) for id, _ in await DeliveryStore(reader).due(at=at)]


async def test_a_delivery_that_is_replayed_is_sent_again_whatever_comes_of_the_attempt_under_way(
    front, sent
):
    held = await claimed(front, sent, at=clock())

    replayed = await front.partner.post(f"/v1/webhook-deliveries/{sent['id']}/replay")

    assert replayed.status_code == 202
    assert await due(front, at=clock()) == [sent["endpoint_id"]]
    assert not await finished(front, held, is_success=True, at=clock())
    assert (await front.partner.get(f"/v1/webhook-deliveries/{sent['id']}")).json()[
        "state"
    ] == "pending"


async def test_a_replay_of_a_range_holds_for_what_is_under_way_too(front, sent):
    assert await finished(
        front, await claimed(front, sent, at=clock()), is_success=False, at=clock()
    )
    held = await claimed(front, sent, at=clock() + LATER)

    path = f"/v1/webhook-endpoints/{sent['endpoint_id']}/replay"
    replayed = await front.partner.post(
        path, {"since": "2020-01-01T00:00:00Z", "states": ["failed"]}
    )

    assert replayed.json()["deliveries"] == 1
    assert await due(front, at=clock()) == [sent["endpoint_id"]]
    assert not await finished(front, held, is_success=True, at=clock())
