"""Taken rights are dead soon: the gateway's list of the least epoch that tokens of a client must have, kept when the gateway is down."""

import asyncio
import hashlib
from collections.abc import Mapping
from typing import Protocol

import httpx2
from sqlalchemy import bindparam, select
from sqlalchemy.dialects.postgresql import insert

from service_kit.addresses import client_for
from service_kit.database import Database
from service_kit.errors import Unavailable
from service_kit.identity import clock
from service_kit.sqlstates import OutcomeUnknown, TransactionRolledBack
from service_kit.tables import key_set

PATH = "/.well-known/token-epochs.json"
POLL_SECONDS = 1.0
ANSWER_SECONDS = 2.0
OUTAGES = (Unavailable, TransactionRolledBack, OutcomeUnknown)

FIND = select(key_set.c["keys"]).where(key_set.c.issuer == bindparam("issuer"))
_keep = insert(key_set).values({name: bindparam(name) for name in ("issuer", "keys", "fetched_at")})
KEEP = _keep.on_conflict_do_update(
    index_elements=[key_set.c.issuer], set_={"keys": _keep.excluded["keys"], "fetched_at": _keep.excluded.fetched_at}
)


def mark_of(client_id: str) -> str:
    """How the list names a client: everybody may read it, and it tells nobody which clients there are."""
    return hashlib.sha256(b"guanxi-client:" + client_id.encode()).hexdigest()[:32]


class Epochs(Protocol):
    """The least epoch by mark; whoever is not in it may have tokens of any epoch."""

    @property
    def least(self) -> Mapping[str, int]: ...


class NoEpochs:
    """No list: nothing was ever taken."""

    least: Mapping[str, int] = {}


class PublishedEpochs:
    """The gateway's list, read every second beside the requests; the own schema keeps it for a start without gateway.

    A gateway that is down or frozen delays nobody: the list as it was last read holds on.
    """

    name = "token-epochs"

    def __init__(self, database: Database, *, gateway_url: str, issuer: str) -> None:
        self._database = database
        self._gateway_url = gateway_url
        self._kept_as = f"{issuer}#token-epochs"
        self._tag = ""
        self.least: Mapping[str, int] = {}

    async def recall(self) -> None:
        """What was kept, before the first request is answered."""
        try:
            async with self._database.reading() as reader:
                kept = await reader.fetch_value(FIND, issuer=self._kept_as)
        except OUTAGES:
            return
        self.least = kept or {}

    async def run(self) -> None:
        async with client_for(self._gateway_url, seconds=ANSWER_SECONDS) as client:
            while True:
                await self._refresh(client)
                await asyncio.sleep(POLL_SECONDS)

    async def _refresh(self, client: httpx2.AsyncClient) -> None:
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                answer = await client.get(PATH, headers={"If-None-Match": self._tag} if self._tag else {})
            if answer.status_code != 200:
                return
            published = {str(mark): int(least) for mark, least in answer.json()["epochs"].items()}
        except (httpx2.HTTPError, TimeoutError, ValueError, KeyError, TypeError, AttributeError):
            return
        if published != self.least:
            self.least = published
            await self._keep()
        self._tag = answer.headers.get("etag", "")

    async def _keep(self) -> None:
        try:
            async with self._database.transaction() as tx:
                await tx.execute(KEEP, issuer=self._kept_as, keys=dict(self.least), fetched_at=clock())
        except OUTAGES:
            # Keeping the list helps a later start; this process has it already.
            return
