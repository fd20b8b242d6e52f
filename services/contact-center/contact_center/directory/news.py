"""What the news of the other services make of the directory."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from service_kit.store import audit
from service_kit.store.database import Transaction
from service_kit.store.running import Record
from service_kit.web.kept_answers import KeptAnswers
from service_kit.work.consumer import News

from contact_center.directory import strangers
from contact_center.directory.domain import CustomerFacts
from contact_center.directory.store import Digests, DirectoryStore
from contact_center.routing.marks import mark

LEARNED_FROM = frozenset({"customer.created", "customer.changed"})


class Customers(Protocol):
    """Asks customer-profile."""

    async def facts(self, customer_ids: Sequence[UUID]) -> list[CustomerFacts]: ...


class CustomerNews:
    """Follows customer-profile: its events hold no personal values, so it is asked for them, a batch at a time, before the transaction.

    Live news and those of imports are followed apart, so a customer's news come in any order: what was read later stands, and who was
    erased stays so. Each consumer needs a follower of its own, since this one keeps what it asked between `prepare` and the transaction.
    """

    def __init__(self, customers: Customers, digests: Digests, kept_answers: KeptAnswers) -> None:
        self._customers = customers
        self._digests = digests
        self._kept_answers = kept_answers
        self._asked: dict[UUID, CustomerFacts] = {}

    async def prepare(self, batch: Sequence[News]) -> None:
        """Ask once for all customers that the batch says something about."""
        ids = sorted({news.subject for news in batch if news.type in LEARNED_FROM})
        asked = await self._customers.facts(ids) if ids else []
        self._asked = {facts.customer_id: facts for facts in asked}

    async def take(self, tx: Transaction, batch: Sequence[News]) -> None:
        """A batch in few statements: all that was asked is learned at once, then the rest in its order."""
        await _look_again(tx, await DirectoryStore(tx, self._digests).learn(list(self._asked.values())))
        for news in batch:
            if news.type not in LEARNED_FROM:
                await self(tx, news)

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
        await audit.erase(tx, *ids, at=at)
        await self._kept_answers.erase(tx, ids)
        await _look_again(tx, blanked)

    async def _learn(self, tx: Transaction, directory: DirectoryStore, customer_id: UUID) -> None:
        """Take in what was asked before; a customer that was gone by then is told as erased."""
        facts = self._asked.get(customer_id)
        if facts is not None:
            await _look_again(tx, await directory.learn([facts]))


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
