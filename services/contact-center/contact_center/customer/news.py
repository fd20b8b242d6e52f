"""What the news of the other services change here."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from service_kit.store import audit
from service_kit.store.database import Transaction
from service_kit.web.kept_answers import KeptAnswers
from service_kit.work.consumer import News

from contact_center.contact.of_customer import CustomerContacts
from contact_center.customer import strangers
from contact_center.dedicated.store import DedicationStore
from contact_center.directory.domain import CustomerFacts
from contact_center.directory.store import Digests, DirectoryStore

LEARNED_FROM = frozenset({"customer.created", "customer.changed"})


class Customers(Protocol):
    """Asks customer-profile."""

    async def facts(self, customer_ids: Sequence[UUID]) -> list[CustomerFacts]: ...


class CustomerNews:
    """Follows customer-profile: its events hold no personal values, so it is asked for them, a
    batch at a time, before the transaction.

    Live news and those of imports are followed apart, so a customer's news come in any order: what
    was read later stands, and who was erased stays so. Each consumer needs a follower of its own,
    since this one keeps what it asked between `prepare` and the transaction.
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
        """A batch in few statements:
        all that was asked is learned at once, then the rest in its order.
        """
        await self._learn(tx, list(self._asked.values()))
        for news in batch:
            if news.type not in LEARNED_FROM:
                await self(tx, news)

    async def __call__(self, tx: Transaction, news: News) -> None:
        if news.type in LEARNED_FROM:
            # A customer that was gone when it was asked for is told as erased.
            facts = self._asked.get(news.subject)
            await self._learn(tx, [] if facts is None else [facts])
        elif news.type == "customer.merged":
            merged = UUID(str(news.payload.get("merged_id", news.subject)))
            await self._merge(tx, merged, into=UUID(str(news.payload["survivor_id"])), at=news.at)
        elif news.type == "customer.erased":
            await self._erase(tx, news.subject, at=news.at)

    async def _learn(self, tx: Transaction, said: Sequence[CustomerFacts]) -> None:
        if said:
            learned = await DirectoryStore(tx, self._digests).learn(said)
            units = {facts.customer_id: facts.unit for facts in learned if facts.unit is not None}
            await _move(tx, units, at=max(facts.seen_at for facts in said))

    async def _merge(self, tx: Transaction, customer_id: UUID, *, into: UUID, at: datetime) -> None:
        """The contacts and the dedicated agent go on in the survivor's unit."""
        survivor = await DirectoryStore(tx, self._digests).merge(customer_id, into=into)
        await DedicationStore(tx).inherit(customer_id, heir=into, at=at)
        await CustomerContacts(tx).reassign(customer_id, into=into)
        if survivor is not None and survivor.unit is not None:
            await _move(tx, {into: survivor.unit}, at=at)

    async def _erase(self, tx: Transaction, customer_id: UUID, *, at: datetime) -> None:
        await strangers.look_soon(tx, customer_id, at=at)
        await DirectoryStore(tx, self._digests).erase(customer_id)
        ids = [customer_id, *await CustomerContacts(tx).erase(customer_id)]
        await audit.erase(tx, *ids, at=at)
        await self._kept_answers.erase(tx, ids)


async def _move(tx: Transaction, units: Mapping[UUID, str], *, at: datetime) -> None:
    """Customers that move take their dedicated agents and their contacts along."""
    await DedicationStore(tx).move(units, at=at)
    await CustomerContacts(tx).move(units)


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
        is_open = bool(
            news.payload.get("is_open", news.payload.get("state") not in ("closed", "withdrawn"))
        )
        customer_id = UUID(str(news.payload["customer_id"]))
        await DirectoryStore(tx, self._digests).count_complaint(
            customer_id, news.subject, is_open=is_open
        )
