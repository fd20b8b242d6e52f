"""What the news of the other services make of the directory."""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from service_kit import audit
from service_kit.consumer import News
from service_kit.database import Record, Transaction
from service_kit.kept_answers import KeptAnswers

from contact_center.directory import strangers
from contact_center.directory.domain import CustomerFacts
from contact_center.directory.store import Digests, DirectoryStore
from contact_center.routing.marks import mark

LEARNED_FROM = frozenset({"customer.created", "customer.changed"})


class Customers(Protocol):
    """Asks customer-profile."""

    async def facts(self, customer_id: UUID) -> CustomerFacts | None: ...


class CustomerNews:
    """Follows customer-profile: its events hold no personal values, so it is asked for them, a batch at a time, before the transaction."""

    def __init__(self, customers: Customers, digests: Digests, kept_answers: KeptAnswers, *, parallel: int) -> None:
        self._customers = customers
        self._digests = digests
        self._kept_answers = kept_answers
        self._places = asyncio.Semaphore(parallel)
        self._asked: dict[UUID, CustomerFacts] = {}

    async def prepare(self, batch: Sequence[News]) -> None:
        """Ask once for every customer that the batch says something about."""
        ids = {news.subject for news in batch if news.type in LEARNED_FROM}
        asked = await asyncio.gather(*(self._ask(customer_id) for customer_id in ids))
        self._asked = {facts.customer_id: facts for facts in asked if facts is not None}

    async def _ask(self, customer_id: UUID) -> CustomerFacts | None:
        async with self._places:
            return await self._customers.facts(customer_id)

    async def __call__(self, tx: Transaction, news: News) -> None:
        directory = DirectoryStore(tx, self._digests)
        if news.type in LEARNED_FROM:
            await self._learn(tx, directory, news.subject)
        elif news.type == "customer.merged":
            merged = UUID(str(news.payload.get("merged_id", news.subject)))
            await _look_again(tx, await directory.merge(merged, into=UUID(str(news.payload["survivor_id"])), at=news.at))
        elif news.type == "customer.erased":
            await self._erase(tx, directory, news.subject, at=news.at)

    async def _erase(self, tx: Transaction, directory: DirectoryStore, customer_id: UUID, *, at: datetime) -> None:
        await strangers.look_soon(tx, customer_id, at=at)
        blanked, offers = await directory.erase(customer_id)
        ids = [customer_id, *(row["id"] for row in blanked), *offers]
        await audit.erase(tx, *ids)
        await self._kept_answers.erase(tx, ids)
        await _look_again(tx, blanked)

    async def _learn(self, tx: Transaction, directory: DirectoryStore, customer_id: UUID) -> None:
        facts = self._asked.get(customer_id)
        if facts is None:
            # Requeued news come without a batch; a customer that is gone by now is told as erased.
            facts = await self._ask(customer_id)
        if facts is not None:
            await _look_again(tx, await directory.learn(facts))


class TierNews:
    """Follows scoring."""

    def __init__(self, digests: Digests) -> None:
        self._digests = digests

    async def __call__(self, tx: Transaction, news: News) -> None:
        if news.type != "tier.changed":
            return
        customer_id = UUID(str(news.payload.get("customer_id", news.subject)))
        await DirectoryStore(tx, self._digests).set_tier(customer_id, news.payload.get("new"))


class ComplaintNews:
    """Follows complaints: how many are open for each customer."""

    def __init__(self, digests: Digests) -> None:
        self._digests = digests

    async def __call__(self, tx: Transaction, news: News) -> None:
        if not news.type.startswith("complaint.") or "customer_id" not in news.payload:
            return
        is_open = bool(news.payload.get("is_open", news.payload.get("state") not in ("closed", "withdrawn")))
        customer_id = UUID(str(news.payload["customer_id"]))
        await DirectoryStore(tx, self._digests).count_complaint(customer_id, news.subject, is_open=is_open)


async def _look_again(tx: Transaction, changed: Iterable[Record]) -> None:
    """The router looks again at contacts that wait, since their rows have another version now."""
    waiting = {row["id"] for row in changed if row["state"] == "queued"}
    if waiting:
        await mark(tx, "contact", *waiting)
