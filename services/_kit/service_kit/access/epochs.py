"""Taken rights are dead soon: the gateway's list of the least epoch that tokens of a
client must have, kept when the gateway is down.
"""

import asyncio
import hashlib
from collections.abc import Mapping
from contextlib import suppress
from typing import Protocol

import asyncpg
import httpx2
from sqlalchemy import bindparam, select
from sqlalchemy.dialects.postgresql import insert

from service_kit.process.addresses import client_for
from service_kit.process.logs import logger
from service_kit.store.database import Database
from service_kit.store.sqlstates import OutcomeUnknown, TransactionRolledBack
from service_kit.store.tables import key_set
from service_kit.words.errors import Unavailable
from service_kit.words.identity import clock

log = logger(__name__)
PATH = "/.well-known/token-epochs.json"
POLL_SECONDS = 1.0
ANSWER_SECONDS = 2.0
# A schema that is not migrated yet is one of them: it keeps nobody from starting, and /readyz tells
# of it.
OUTAGES = (Unavailable, TransactionRolledBack, OutcomeUnknown, asyncpg.PostgresError)

FIND = select(key_set.c["keys"]).where(key_set.c.issuer == bindparam("issuer"))
_keep = insert(key_set).values({name: bindparam(name) for name in ("issuer", "keys", "fetched_at")})
KEEP = _keep.on_conflict_do_update(
    index_elements=[key_set.c.issuer],
    set_={"keys": _keep.excluded["keys"], "fetched_at": _keep.excluded.fetched_at},
)


def mark_of(client_id: str) -> str:
    """How the list names a client:
    everybody may read it, and it tells nobody which clients there are.
    """
    return hashlib.sha256(b"guanxi-client:" + client_id.encode()).hexdigest()[:32]


class TakenRightsUnknown(Unavailable):
    """Which clients lost rights lately could not be read yet, so that no access token is accepted;
    repeat the request.
    """


class Epochs(Protocol):
    """The least epoch by mark; whoever is not in it may have tokens of any epoch.
    TakenRightsUnknown until it was read once.
    """

    @property
    def least(self) -> Mapping[str, int]: ...


class NoEpochs:
    """No list: nothing was ever taken."""

    least: Mapping[str, int] = {}


class PublishedEpochs:
    """The gateway's list, read every second beside the requests; the own schema keeps it for a
    start without gateway.

    A gateway that is down or frozen delays nobody: the list as it was last read holds on. Only a
    list that the gateway has read takes its place.
    """

    name = "token-epochs"

    def __init__(self, database: Database, *, gateway_url: str, issuer: str) -> None:
        self._database = database
        self._gateway_url = gateway_url
        self._kept_as = f"{issuer}#token-epochs"
        self._tag = ""
        self._least: Mapping[str, int] | None = None
        self._kept: Mapping[str, int] | None = None
        self._has_news = asyncio.Event()

    @property
    def least(self) -> Mapping[str, int]:
        return known(self._least)

    async def run(self) -> None:
        # A database that keeps silent delays no news from the gateway, nor the other way round.
        async with asyncio.TaskGroup() as group:
            group.create_task(self._follow())
            group.create_task(self._store())

    async def _follow(self) -> None:
        async with client_for(self._gateway_url, seconds=ANSWER_SECONDS) as client:
            while True:
                await self._refresh(client)
                await asyncio.sleep(POLL_SECONDS)

    async def _refresh(self, client: httpx2.AsyncClient) -> None:
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                answer = await client.get(
                    PATH, headers={"If-None-Match": self._tag} if self._tag else {}
                )
            if answer.status_code != 200:
                return
            published = {str(mark): int(least) for mark, least in answer.json()["epochs"].items()}
        except (httpx2.HTTPError, TimeoutError, ValueError, KeyError, TypeError, AttributeError):
            return
        if published != self._least:
            self._least = published
            self._has_news.set()
        self._tag = answer.headers.get("etag", "")

    async def _store(self) -> None:
        while True:
            self._has_news.clear()
            await self.settle()
            with suppress(TimeoutError):
                async with asyncio.timeout(POLL_SECONDS):
                    await self._has_news.wait()

    async def settle(self) -> None:
        """Recall what was kept, before the first request if that can be had,
        and keep what is newer; what fails is tried again.
        """
        try:
            if self._kept is None:
                await self._recall()
            if self._least != self._kept:
                await self._keep(self.least)
        except OUTAGES as error:
            log.warning(
                "the list of taken rights is not kept", reason=f"{type(error).__name__}: {error}"
            )

    async def _recall(self) -> None:
        async with self._database.reading() as reader:
            self._kept = await reader.fetch_value(FIND, issuer=self._kept_as) or {}
        if self._least is None:
            self._least = self._kept

    async def _keep(self, least: Mapping[str, int]) -> None:
        async with self._database.transaction() as tx:
            await tx.execute(KEEP, issuer=self._kept_as, keys=dict(least), fetched_at=clock())
        self._kept = least


def known(least: Mapping[str, int] | None) -> Mapping[str, int]:
    """The list, or TakenRightsUnknown: nothing read is not the same as nothing taken."""
    if least is None:
        raise TakenRightsUnknown()
    return least
