"""What the gateway tidies up now and then: keys, tickets, counters, old deliveries."""

from datetime import timedelta
from typing import Protocol

from service_kit.store.database import Database
from service_kit.words.identity import Clock

from gateway.limit.store import SharedLeases
from gateway.settings import Settings
from gateway.signing_key.ring import KeyRing
from gateway.ticket import store as tickets
from gateway.webhook.delivery.store import DeliveryStore

IDLE_SECONDS = 30.0
LONGEST_WINDOW_SECONDS = 86_400


class Parts(Protocol):
    database: Database
    clock: Clock


class Housekeeping:
    def __init__(self, parts: Parts, ring: KeyRing, settings: Settings) -> None:
        self._database = parts.database
        self._clock = parts.clock
        self._ring = ring
        self._log_kept = timedelta(days=settings.webhook_log_days)

    async def step(self) -> bool:
        """One round; True when there is more to forget at once."""
        at = self._clock()
        await self._ring.turn()
        await SharedLeases(self._database).forget(
            before=int(at.timestamp()) - 2 * LONGEST_WINDOW_SECONDS
        )
        async with self._database.transaction() as tx:
            await tickets.forget_old(tx, at=at)
            return await DeliveryStore(tx).purge(before=at - self._log_kept)
