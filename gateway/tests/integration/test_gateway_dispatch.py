"""The delivery worker under trouble:
what one endpoint or one outage breaks stays broken for nobody else, and not for long.
"""

import asyncio
from collections import Counter
from uuid import UUID

import pytest
from gateway.webhook.dispatch import Dispatcher
from gateway.webhook.event_scopes import EventScopes
from gateway.webhook.sender import Outcome
from service_kit.store.sqlstates import DatabaseUnavailable
from service_kit.work.consumer import Consumer
from service_kit.work.news import Anything, news_of

from gateway import tables


class Receivers:
    """Every receiver there is: each says 200."""

    def __init__(self):
        self.reached = []

    async def send(self, url, headers, body):
        self.reached.append(url)
        return Outcome(status=200, seconds=0.0, error=None)


class Faltering:
    """The gateway's database, which refuses one transaction."""

    def __init__(self, database, *, refused):
        self._database = database
        self._refused = refused
        self._begun = 0

    def __getattr__(self, name):
        return getattr(self._database, name)

    def transaction(self, **options):
        self._begun += 1
        if self._begun == self._refused:
            raise DatabaseUnavailable()
        return self._database.transaction(**options)


def a_dispatcher(front, receivers, *, database=None):
    gateway = front.gateway
    return Dispatcher(
        database or gateway.database,
        gateway.sealer,
        receivers,
        gateway.parts[EventScopes],
        clock=gateway.clock,
        metrics=gateway.metrics,
        seconds=5,
        concurrency=100,
    )


async def an_endpoint_with_work(front, name):
    body = {"url": f"http://127.0.0.1:1/{name}", "event_types": ["tier.changed"]}
    endpoint = (await front.partner.post("/v1/webhook-endpoints", body)).json()
    assert (
        await front.partner.post(f"/v1/webhook-endpoints/{endpoint['id']}/test-event")
    ).status_code == 202
    return endpoint


async def test_what_was_claimed_before_an_outage_is_sent_all_the_same(front):
    urls = {(await an_endpoint_with_work(front, name))["url"] for name in ("a", "b")}
    receivers = Receivers()
    dispatcher = a_dispatcher(
        front, receivers, database=Faltering(front.gateway.database, refused=2)
    )

    with pytest.raises(DatabaseUnavailable):
        await dispatcher.step()
    await dispatcher.settled()
    before = list(receivers.reached)
    assert await dispatcher.step()
    await dispatcher.settled()

    assert len(before) == 1
    assert set(receivers.reached) == urls
    assert dispatcher._under_way.total() == 0


async def test_a_round_that_an_outage_ends_lets_attempts_under_way_go_on(front):
    await an_endpoint_with_work(front, "a")
    receivers = Receivers()
    dispatcher = a_dispatcher(
        front, receivers, database=Faltering(front.gateway.database, refused=1)
    )

    first = await dispatcher._round()
    second = await dispatcher._round()
    await dispatcher.settled()

    assert (first, second) == (False, True)
    assert len(receivers.reached) == 1


async def test_an_attempt_that_is_canceled_before_it_began_gives_its_room_back(front):
    await an_endpoint_with_work(front, "a")
    dispatcher = a_dispatcher(front, Receivers())
    await dispatcher.step()

    for task in list(dispatcher._tasks):
        task.cancel()
    await asyncio.gather(*dispatcher._tasks, return_exceptions=True)

    assert dispatcher._under_way.total() == 0


async def test_a_secret_that_does_not_open_silences_its_own_endpoint_alone(front):
    broken = await an_endpoint_with_work(front, "broken")
    whole = await an_endpoint_with_work(front, "whole")
    secret = tables.webhook_secret
    async with front.gateway.database.transaction() as tx:
        await tx.execute(
            secret.update()
            .where(secret.c.endpoint_id == UUID(broken["id"]))
            .values(sealed=b"of another key, long ago")
        )
    receivers = Receivers()
    dispatcher = a_dispatcher(front, receivers)

    for _ in range(4):
        await dispatcher.step()
        await dispatcher.settled()

    assert receivers.reached == [whole["url"]]


async def test_each_feed_knows_its_own_listeners(front):
    consumers = {
        worker.source: worker for worker in front.gateway.workers if isinstance(worker, Consumer)
    }
    news = news_of(
        {
            "specversion": "1.0",
            "id": "01890a5d-ac96-774b-bcce-b302099a8057",
            "source": "/complaints",
            "type": "guanxi.complaint.closed.v1",
            "subject": "01890a5d-ac96-774b-bcce-b302099a8057",
            "time": "2026-03-02T12:00:00Z",
            "cursor": "1",
            "data": {},
        },
        Anything,
    )
    await consumers["scoring"]._prepare([news])
    await front.partner.post(
        "/v1/webhook-endpoints", {"url": "http://127.0.0.1:1/late", "event_types": ["complaint.*"]}
    )
    await consumers["complaints"]._prepare([news])
    late = consumers["complaints"].reads[Anything].__self__._listeners

    async with front.gateway.database.transaction() as tx:
        await consumers["complaints"].reads[Anything](tx, news)
    logged = (await front.partner.get("/v1/webhook-deliveries")).json()["items"]

    assert len(late) == 1
    assert consumers["scoring"].reads[Anything].__self__._listeners == []
    assert [delivery["event_type"] for delivery in logged] == ["complaint.closed"]


class Counting(Dispatcher):
    """Counts how often each endpoint's deliveries were to be claimed."""

    def __init__(self, *given, **options):
        super().__init__(*given, **options)
        self.claims = Counter()

    async def _claim(self, endpoint_id, room, at):
        self.claims[endpoint_id] += 1
        if endpoint_id == self.poison:
            raise RuntimeError("for good")
        return await super()._claim(endpoint_id, room, at)


async def test_an_endpoint_whose_claim_fails_for_good_is_tried_later_and_later(front):
    """Also while other endpoints keep the worker awake, who are not held up."""
    poison = await an_endpoint_with_work(front, "poison")
    await an_endpoint_with_work(front, "whole")
    gateway, receivers = front.gateway, Receivers()
    dispatcher = Counting(
        gateway.database,
        gateway.sealer,
        receivers,
        gateway.parts[EventScopes],
        clock=gateway.clock,
        metrics=gateway.metrics,
        seconds=5,
        concurrency=100,
    )
    dispatcher.poison = UUID(poison["id"])

    running = asyncio.create_task(dispatcher.run())
    for _ in range(100):
        await asyncio.sleep(0.01)
        gateway.database.signals.wake("webhooks")
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)

    assert len(receivers.reached) == 1
    assert 2 <= dispatcher.claims[dispatcher.poison] <= 6
