"""How each client stands at the moment (enabled, rights, limit), remembered for a few seconds by every replica."""

import asyncio
import time
from collections import OrderedDict
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from service_kit.store.database import Database
from service_kit.store.sqlstates import OutcomeUnknown, TransactionRolledBack
from service_kit.words.errors import Unavailable

from gateway.client.store import ClientStore
from gateway.limit.domain import Policy
from gateway.rights.domain import Rights

# A client that is disabled at one replica is refused by the others within this time.
FRESH_SECONDS = 4.0
STALE_SECONDS = 5.0
REMEMBERED = 20_000


@dataclass(frozen=True, kw_only=True)
class Standing:
    is_enabled: bool
    policy: Policy
    rights: Rights
    epoch: int = 0
    made_by: str | None = None
    has_own_limit: bool = False


class Swaps(Protocol):
    """What API keys were swapped for, remembered likewise."""

    def forget_all(self) -> None: ...


class Standings:
    def __init__(self, database: Database, default: Policy) -> None:
        self._database = database
        self._default = default
        self._known: OrderedDict[str, tuple[Standing, float]] = OrderedDict()
        self._reading: dict[str, asyncio.Task[Standing]] = {}
        # Counts what was forgotten: a read that began before is not remembered, it may have seen what was there before the change.
        self._forgotten = 0

    async def of(self, client_id: str) -> Standing:
        """The client's standing; while the database is away, the last one that was read serves on."""
        found = self._known.get(client_id)
        age = time.monotonic() - found[1] if found is not None else STALE_SECONDS
        if found is not None and age < FRESH_SECONDS:
            return found[0]
        reading = self._reading.get(client_id)
        if reading is None:
            reading = self._reading[client_id] = asyncio.create_task(self._renewed(client_id))
            reading.add_done_callback(partial(self._read_over, client_id))
        if found is not None and age < STALE_SECONDS:
            # A client that is busy does not wait: it is read again beside its requests.
            return found[0]
        return await asyncio.shield(reading)

    async def _renewed(self, client_id: str) -> Standing:
        """Read it, for everybody who waits at the same time."""
        found, forgotten = self._known.get(client_id), self._forgotten
        try:
            standing = await self._read(client_id)
        except (Unavailable, TransactionRolledBack, OutcomeUnknown):
            if found is None:
                raise
            standing = found[0]
        if forgotten != self._forgotten:
            return standing
        self._known[client_id] = (standing, time.monotonic())
        self._known.move_to_end(client_id)
        if len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        return standing

    def forget(self, client_id: str) -> None:
        """Read it again the next time, because it was changed here."""
        self._forgotten += 1
        self._known.pop(client_id, None)
        self._reading.pop(client_id, None)

    def forget_all(self) -> None:
        """As `forget`, of everybody: a change of one client reaches those that it registered."""
        self._forgotten += 1
        self._known.clear()
        self._reading.clear()

    async def above(self, standing: Standing) -> list[tuple[str, Policy]]:
        """The accounts that a request counts on beside its own: those of the clients above that are limited by others or have a limit."""
        found: list[tuple[str, Policy]] = []
        while standing.made_by is not None:
            account, standing = standing.made_by, await self.of(standing.made_by)
            if standing.made_by is not None or standing.has_own_limit:
                found.append((account, standing.policy))
        return found

    def _read_over(self, client_id: str, reading: asyncio.Task[Standing]) -> None:
        """Another read may have taken this one's place meanwhile."""
        if self._reading.get(client_id) is reading:
            del self._reading[client_id]

    async def _read(self, client_id: str) -> Standing:
        async with self._database.reading() as reader:
            client = await ClientStore(reader).find_by_client_id(client_id)
        if client is None:
            return Standing(is_enabled=False, policy=self._default, rights=Rights(scopes=frozenset()))
        return Standing(
            is_enabled=client.is_enabled,
            policy=client.limit or self._default,
            rights=client.rights,
            epoch=client.epoch,
            made_by=client.made_by,
            has_own_limit=client.limit is not None,
        )
