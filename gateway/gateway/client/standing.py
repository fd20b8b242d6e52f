"""How each client stands at the moment (enabled, rights, limit), remembered for a few seconds by every replica."""

import time
from collections import OrderedDict
from dataclasses import dataclass

from service_kit.database import Database
from service_kit.errors import Unavailable
from service_kit.sqlstates import TransactionRolledBack

from gateway.client.store import ClientStore
from gateway.limit.domain import Policy
from gateway.rights.domain import Rights

# A client that is disabled at one replica is refused by the others within this time.
FRESH_SECONDS = 5.0
REMEMBERED = 20_000


@dataclass(frozen=True, kw_only=True)
class Standing:
    is_enabled: bool
    policy: Policy
    rights: Rights


class Standings:
    def __init__(self, database: Database, default: Policy) -> None:
        self._database = database
        self._default = default
        self._known: OrderedDict[str, tuple[Standing, float]] = OrderedDict()

    async def of(self, client_id: str) -> Standing:
        """The client's standing; while the database is away, the last one that was read serves on."""
        found, now = self._known.get(client_id), time.monotonic()
        if found is not None and now - found[1] < FRESH_SECONDS:
            return found[0]
        try:
            standing = await self._read(client_id)
        except (Unavailable, TransactionRolledBack):
            if found is None:
                raise
            standing = found[0]
        self._known[client_id] = (standing, now)
        self._known.move_to_end(client_id)
        if len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        return standing

    def forget(self, client_id: str) -> None:
        """Read it again the next time, because it was changed here."""
        self._known.pop(client_id, None)

    async def _read(self, client_id: str) -> Standing:
        async with self._database.reading() as reader:
            client = await ClientStore(reader).find_by_client_id(client_id)
        if client is None:
            return Standing(is_enabled=False, policy=self._default, rights=Rights(scopes=frozenset()))
        return Standing(is_enabled=client.is_enabled, policy=client.limit or self._default, rights=client.rights)
