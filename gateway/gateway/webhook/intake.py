"""Takes news in: every event becomes one delivery for each endpoint that asked for it,
in the transaction of the cursor.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from service_kit.store.database import Database, Transaction
from service_kit.work.news import Anything, News

from gateway.webhook.delivery.domain import Delivery, for_event
from gateway.webhook.delivery.store import DeliveryStore
from gateway.webhook.endpoint.domain import EventReader
from gateway.webhook.endpoint.store import LISTENING, reader_of
from gateway.webhook.event_filter import asks_for
from gateway.webhook.event_scopes import EventScopes
from gateway.webhook.schedule import TOPIC

# A hint to the workers, given when the batch has probably been committed; they poll anyway.
WAKE_AFTER_SECONDS = 0.02


@dataclass(frozen=True, kw_only=True)
class Listener:
    """An endpoint as the intake sees it, with what it may be told as things stand now."""

    endpoint_id: UUID
    event_types: frozenset[str]
    reader: EventReader
    is_enabled: bool

    def wants(self, news: News[Anything], families: EventScopes) -> bool:
        return asks_for(self.event_types, news.type) and self.reader.may_get(
            news.type, news.unit, families
        )


class Intake:
    """`prepare` and `take` are what the kit's consumer calls with every batch of its feed;
    one intake serves one consumer.
    """

    def __init__(
        self,
        database: Database,
        families: EventScopes,
        *,
        clock: Callable[[], datetime],
        new_id: Callable[[], UUID],
    ) -> None:
        self._database = database
        self._families = families
        self._clock = clock
        self._new_id = new_id
        self._listeners: Sequence[Listener] = ()

    async def prepare(self, _batch: Sequence[News[Anything]]) -> None:
        """Read who listens: after the batch,
        so that nobody is missing who listened when its events happened.
        """
        async with self._database.reading() as reader:
            rows = await reader.fetch(LISTENING)
        self._listeners = [
            Listener(
                endpoint_id=row["id"],
                event_types=frozenset(row["event_types"]),
                reader=reader_of(row),
                is_enabled=row["state"] == "enabled",
            )
            for row in rows
        ]

    async def take(self, tx: Transaction, news: News[Anything]) -> None:
        deliveries = [
            self._delivery(listener, news)
            for listener in self._listeners
            if listener.wants(news, self._families)
        ]
        if deliveries:
            await DeliveryStore(tx).add(deliveries)
            asyncio.get_running_loop().call_later(
                WAKE_AFTER_SECONDS, self._database.signals.wake, TOPIC
            )

    def _delivery(self, listener: Listener, news: News[Anything]) -> Delivery:
        return for_event(
            news.envelope,
            id=self._new_id(),
            endpoint_id=listener.endpoint_id,
            occurred_at=news.at,
            at=self._clock(),
            is_wanted=listener.is_enabled,
        )
