"""The delivery worker: claims what is due, endpoint by endpoint, sends it and writes down what came
of it.

How many attempts are under way at once is the setting `webhook_concurrency`.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol
from uuid import UUID

from service_kit.process.logs import logger
from service_kit.process.metrics import Metrics
from service_kit.process.origin import Origin
from service_kit.process.secrets import SealBroken, Sealer
from service_kit.store.database import Database
from service_kit.store.sqlstates import OutcomeUnknown, TransactionRolledBack
from service_kit.words.errors import Unavailable
from service_kit.work.loop import Backoff

from gateway.webhook import signature
from gateway.webhook.delivery.domain import Attempt, Delivery
from gateway.webhook.delivery.store import DeliveryReader, DeliveryStore
from gateway.webhook.endpoint.domain import DisabledReason, Endpoint
from gateway.webhook.endpoint.store import EndpointReader, EndpointStore, WebhookSecretStore
from gateway.webhook.event_scopes import EventScopes
from gateway.webhook.schedule import TOPIC, is_given_up
from gateway.webhook.sender import Outcome

log = logger(__name__)
IDLE_SECONDS = 0.5
# A healthy endpoint gets several at a time; one that fails gets one, so that its timeouts hold up
# next to nothing.
ROOM_WHEN_WELL = 8
ROOM_WHEN_FAILING = 1
LEASE_MARGIN_SECONDS = 30.0
WRITE_TRIES = 5
OUTAGES = (Unavailable, TransactionRolledBack, OutcomeUnknown)


class Sends(Protocol):
    async def send(self, url: str, headers: Mapping[str, str], body: bytes) -> Outcome: ...


@dataclass(frozen=True, kw_only=True)
class Job:
    """A claimed delivery with what is needed to send it."""

    delivery: Delivery
    endpoint: Endpoint
    secrets: list[bytes]


@dataclass
class Paused:
    """An endpoint whose claim failed, and until which moment of the loop's time it waits."""

    backoff: Backoff = field(default_factory=Backoff)
    until: float = 0.0


class Dispatcher:
    """Any number of replicas may run: leases keep them apart. `chance` spreads the retries."""

    name = TOPIC

    def __init__(
        self,
        database: Database,
        sealer: Sealer,
        sender: Sends,
        families: EventScopes,
        *,
        clock: Callable[[], datetime],
        metrics: Metrics,
        seconds: float,
        concurrency: int,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._database = database
        self._sealer = sealer
        self._sender = sender
        self._families = families
        self._clock = clock
        self._metrics = metrics
        self._lease = timedelta(seconds=seconds + LEASE_MARGIN_SECONDS)
        self._concurrency = concurrency
        self._chance = chance
        self._under_way: Counter[UUID] = Counter()
        self._tasks: set[asyncio.Task[None]] = set()
        self._outage = Backoff()
        self._paused: dict[UUID, Paused] = {}

    async def run(self) -> None:
        try:
            while True:
                if not await self._round():
                    await self._database.signals.wait(
                        TOPIC, seconds=IDLE_SECONDS * random.uniform(0.8, 1.2)
                    )
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _round(self) -> bool:
        """One step; an outage ends the step alone:
        what is under way keeps its tries to write down what came of it.
        """
        try:
            has_begun = await self.step()
        except OUTAGES as error:
            await asyncio.sleep(self._outage.after(error, self.name))
            return False
        self._outage.succeeded()
        return has_begun

    async def step(self) -> bool:
        """Claim what is due and begin to send it, endpoint by endpoint;
        False when nothing was due or there is no room.
        """
        at = self._clock()
        async with self._database.reading() as reader:
            due = await DeliveryReader(reader).due(at=at)
        random.shuffle(due)
        self._paused = {
            endpoint_id: self._paused[endpoint_id]
            for endpoint_id, _ in due
            if endpoint_id in self._paused
        }
        begun = 0
        for endpoint_id, is_failing in due:
            room = self._room(endpoint_id, is_failing=is_failing)
            if room > 0 and not self._is_paused(endpoint_id):
                begun += await self._begun(endpoint_id, room, at)
        return begun > 0

    async def settled(self) -> None:
        """Wait until everything under way is over."""
        while self._tasks:
            await asyncio.gather(*self._tasks)

    async def _begun(self, endpoint_id: UUID, room: int, at: datetime) -> int:
        """Claim up to `room` deliveries of one endpoint and begin to send them at once; how many
        that were.

        What one endpoint suffers from, such as a secret that does not open, keeps no other waiting.
        """
        try:
            jobs = await self._claim(endpoint_id, room, at)
        except OUTAGES:
            raise
        except SealBroken as error:
            self._pause(endpoint_id)
            log.error(
                "an endpoint's secret does not open", endpoint=str(endpoint_id), reason=str(error)
            )
            return 0
        except Exception:
            self._pause(endpoint_id)
            log.exception(
                "the deliveries of an endpoint could not be claimed", endpoint=str(endpoint_id)
            )
            return 0
        self._paused.pop(endpoint_id, None)
        for job in jobs:
            self._begin(job)
        return len(jobs)

    def _is_paused(self, endpoint_id: UUID) -> bool:
        paused = self._paused.get(endpoint_id)
        return paused is not None and asyncio.get_running_loop().time() < paused.until

    def _pause(self, endpoint_id: UUID) -> None:
        """Let an endpoint whose claim fails wait longer each time; the others go on."""
        paused = self._paused.setdefault(endpoint_id, Paused())
        paused.until = asyncio.get_running_loop().time() + paused.backoff.failed()

    def _begin(self, job: Job) -> None:
        """Counted until the task is over, also when it is canceled before its first line runs."""
        self._under_way[job.endpoint.id] += 1
        task = asyncio.create_task(self._delivered(job))
        self._tasks.add(task)
        task.add_done_callback(partial(self._ended, job.endpoint.id))

    def _ended(self, endpoint_id: UUID, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._under_way[endpoint_id] -= 1
        if self._under_way[endpoint_id] <= 0:
            del self._under_way[endpoint_id]
        self._database.signals.wake(TOPIC)

    def _room(self, endpoint_id: UUID, *, is_failing: bool) -> int:
        own = (ROOM_WHEN_FAILING if is_failing else ROOM_WHEN_WELL) - self._under_way[endpoint_id]
        return min(own, self._concurrency - self._under_way.total())

    async def _claim(self, endpoint_id: UUID, room: int, at: datetime) -> list[Job]:
        async with self._database.transaction() as tx:
            endpoints = EndpointReader(tx)
            endpoint = await endpoints.find(endpoint_id)
            if endpoint is None or not endpoint.is_enabled:
                return []
            reader = await endpoints.reader(endpoint_id)
            if reader is None:
                return []
            deliveries = DeliveryStore(tx)
            claimed = await deliveries.claim(endpoint_id, room=room, at=at, until=at + self._lease)
            allowed = []
            for each in claimed:
                if reader.may_get(each.event_type, each.unit, self._families):
                    allowed.append(each)
                else:
                    await deliveries.finish(*each.refused(at))
            secrets = await WebhookSecretStore(tx, self._sealer).valid(endpoint_id, at=at)
        return [Job(delivery=delivery, endpoint=endpoint, secrets=secrets) for delivery in allowed]

    async def _delivered(self, job: Job) -> None:
        try:
            at = self._clock()
            outcome = await self._sender.send(
                job.endpoint.url, self._headers(job, at), job.delivery.body.encode()
            )
            self._metrics.stepped(TOPIC, "delivered" if outcome.is_success else "failed")
            await self._written(job, outcome, at)
        except OUTAGES as error:
            # The lease runs out and the delivery is sent again: at least once, never lost.
            log.warning(
                "an attempt could not be written down",
                delivery=str(job.delivery.id),
                reason=str(error),
            )
        except Exception:
            log.exception("a delivery failed unexpectedly", delivery=str(job.delivery.id))

    def _headers(self, job: Job, at: datetime) -> dict[str, str]:
        body = job.delivery.body.encode()
        signed = signature.headers(job.delivery.event_id, int(at.timestamp()), body, job.secrets)
        return signed | (
            {"traceparent": job.delivery.traceparent} if job.delivery.traceparent else {}
        )

    async def _written(self, job: Job, outcome: Outcome, began_at: datetime) -> None:
        for attempt in range(1, WRITE_TRIES + 1):
            try:
                await self._write(job, outcome, began_at)
                return
            except OUTAGES:
                if attempt == WRITE_TRIES:
                    raise
            await asyncio.sleep(0.2 * 2**attempt)

    async def _write(self, job: Job, outcome: Outcome, began_at: datetime) -> None:
        at = self._clock()
        done = job.delivery.tried(is_success=outcome.is_success, at=at, chance=self._chance())
        tried = Attempt(
            number=done.attempts,
            at=began_at,
            status=outcome.status,
            seconds=outcome.seconds,
            error=outcome.error and outcome.error[:300],
        )
        async with self._database.transaction(
            origin=Origin(actor="webhooks", traceparent=done.traceparent)
        ) as tx:
            endpoints, deliveries = EndpointStore(tx), DeliveryStore(tx)
            if not await deliveries.finish(done, tried):
                return
            if outcome.is_success:
                await endpoints.mark_well(job.endpoint.id)
                return
            since = await endpoints.mark_failing(job.endpoint.id, at=at)
            reason: DisabledReason | None = "gone" if outcome.is_gone else None
            if reason is None and since is not None and is_given_up(since, at):
                reason = "failing"
            if reason is not None:
                await _disable(endpoints, job.endpoint.id, reason=reason, at=at)


async def _disable(
    endpoints: EndpointStore, id: UUID, *, reason: DisabledReason, at: datetime
) -> None:
    """Disable the endpoint and tell it as an event; what is still open for it is given up."""
    endpoint = await endpoints.find(id)
    if endpoint is None or not endpoint.is_enabled:
        return
    disabled, event = endpoint.disabled(reason=reason, at=at)
    await endpoints.save(disabled, event)
    await endpoints.abandon_deliveries(id, at=at)
