"""How each client stands at the moment (enabled, rights, limit),
remembered for a few seconds by every replica.
"""

import asyncio
import time
from collections import OrderedDict
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from service_kit.store.database import Database
from service_kit.store.sqlstates import OutcomeUnknown, TransactionRolledBack
from service_kit.words.errors import Unavailable

from gateway.client.store import ClientReader
from gateway.limit.domain import Policy
from gateway.rights.domain import Rights

# A client that is disabled at one replica is refused by the others within this time.
FRESH_SECONDS = 4.0
STALE_SECONDS = 5.0
REMEMBERED = 20_000


@dataclass(frozen=True, kw_only=True)
class ClientStatus:
    is_enabled: bool
    policy: Policy
    rights: Rights
    epoch: int = 0
    made_by: str | None = None
    has_own_limit: bool = False


class Remembered(Protocol):
    """What else is remembered of clients and has to be forgotten when they change,
    such as the tokens of their API keys.
    """

    def forget_all(self) -> None: ...


class ClientStatuses:
    def __init__(self, database: Database, default: Policy) -> None:
        self._database = database
        self._default = default
        self._known: OrderedDict[str, tuple[ClientStatus, float]] = OrderedDict()
        self._reading: dict[str, asyncio.Task[ClientStatus]] = {}
        # Counts what was forgotten: a read that began before is not remembered, it may have seen
        # what was there before the change.
        self._forgotten = 0

    async def of(self, client_id: str) -> ClientStatus:
        """The client's status; while the database is away, the last one that was read serves on."""
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

    async def _renewed(self, client_id: str) -> ClientStatus:
        """Read it, for everybody who waits at the same time."""
        found, forgotten = self._known.get(client_id), self._forgotten
        try:
            status = await self._read(client_id)
        except (Unavailable, TransactionRolledBack, OutcomeUnknown):
            if found is None:
                raise
            status = found[0]
        if forgotten != self._forgotten:
            return status
        self._known[client_id] = (status, time.monotonic())
        self._known.move_to_end(client_id)
        if len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        return status

    def forget_all(self) -> None:
        """Read everybody again the next time:
        a change of one client, made here, reaches those that it registered.
        """
        self._forgotten += 1
        self._known.clear()
        self._reading.clear()

    async def above(self, status: ClientStatus) -> list[tuple[str, Policy]]:
        """The accounts that a request counts on beside its own:
        those of the clients above that are limited by others or have a limit.
        """
        found: list[tuple[str, Policy]] = []
        while status.made_by is not None:
            account, status = status.made_by, await self.of(status.made_by)
            if status.made_by is not None or status.has_own_limit:
                found.append((account, status.policy))
        return found

    def _read_over(self, client_id: str, reading: asyncio.Task[ClientStatus]) -> None:
        """Another read may have taken this one's place meanwhile."""
        if self._reading.get(client_id) is reading:
            del self._reading[client_id]

    async def _read(self, client_id: str) -> ClientStatus:
        async with self._database.reading() as reader:
            client = await ClientReader(reader).find_by_client_id(client_id)
        if client is None:
            return ClientStatus(
                is_enabled=False, policy=self._default, rights=Rights(scopes=frozenset())
            )
        return ClientStatus(
            is_enabled=client.is_enabled,
            policy=client.limit or self._default,
            rights=client.rights,
            epoch=client.epoch,
            made_by=client.made_by,
            has_own_limit=client.limit is not None,
        )
