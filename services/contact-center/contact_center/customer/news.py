"""What the news of the other services change here."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from service_kit.store import audit
from service_kit.store.database import Transaction
from service_kit.web.kept_answers import KeptAnswers
from service_kit.work.consumer import Reads
from service_kit.work.news import News

from contact_center.contact.of_customer import CustomerContacts
from contact_center.customer import strangers
from contact_center.customer.heard import (
    COMPLAINT_STEPS,
    ComplaintStep,
    CustomerChanged,
    CustomerCreated,
    CustomerErased,
    CustomerMerged,
    TierChanged,
)
from contact_center.dedicated.store import DedicationStore
from contact_center.directory.domain import CustomerFacts
from contact_center.directory.store import Digests, DirectoryStore

LEARNED_FROM = (CustomerCreated, CustomerChanged)


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

    @property
    def reads(self) -> Reads:
        return {
            CustomerCreated: self._learn_one,
            CustomerChanged: self._learn_one,
            CustomerMerged: self._merge,
            CustomerErased: self._erase,
        }

    async def prepare(self, batch: Sequence[News[Any]]) -> None:
        """Ask once for all customers that the batch says something about."""
        ids = sorted({news.subject for news in batch if isinstance(news.data, LEARNED_FROM)})
        asked = await self._customers.facts(ids) if ids else []
        self._asked = {facts.customer_id: facts for facts in asked}

    async def take(self, tx: Transaction, batch: Sequence[News[Any]]) -> None:
        """A batch in few statements:
        all that was asked is learned at once, then the rest in its order.
        """
        await self._learn(tx, list(self._asked.values()))
        reads = self.reads
        for news in batch:
            if not isinstance(news.data, LEARNED_FROM):
                await reads[type(news.data)](tx, news)

    async def _learn_one(self, tx: Transaction, news: News[Any]) -> None:
        # A customer that was gone when it was asked for is told as erased.
        facts = self._asked.get(news.subject)
        await self._learn(tx, [] if facts is None else [facts])

    async def _learn(self, tx: Transaction, said: Sequence[CustomerFacts]) -> None:
        if said:
            learned = await DirectoryStore(tx, self._digests).learn(said)
            units = {facts.customer_id: facts.unit for facts in learned if facts.unit is not None}
            await _move(tx, units, at=max(facts.seen_at for facts in said))

    async def _merge(self, tx: Transaction, news: News[CustomerMerged]) -> None:
        """The contacts and the dedicated agent go on in the survivor's unit."""
        customer_id, into, at = news.data.merged_id, news.data.survivor_id, news.at
        survivor = await DirectoryStore(tx, self._digests).merge(customer_id, into=into)
        await DedicationStore(tx).inherit(customer_id, heir=into, at=at)
        await CustomerContacts(tx).reassign(customer_id, into=into)
        if survivor is not None and survivor.unit is not None:
            await _move(tx, {into: survivor.unit}, at=at)

    async def _erase(self, tx: Transaction, news: News[CustomerErased]) -> None:
        customer_id, at = news.subject, news.at
        await strangers.look_soon(tx, customer_id, at=at)
        await DirectoryStore(tx, self._digests).erase(customer_id)
        ids = [customer_id, *await CustomerContacts(tx).erase(customer_id)]
        await audit.erase(tx, *ids, at=at)
        await self._kept_answers.erase(tx, ids)


async def _move(tx: Transaction, units: Mapping[UUID, str], *, at: datetime) -> None:
    """Customers that move take their dedicated agents and their contacts along."""
    await DedicationStore(tx).move(units, at=at)
    await CustomerContacts(tx).move(units)


def tiers(digests: Digests) -> Reads:
    """Follows scoring."""

    async def changed(tx: Transaction, news: News[TierChanged]) -> None:
        await DirectoryStore(tx, digests).set_tier(news.data.customer_id, news.data.new)

    return {TierChanged: changed}


def complaints(digests: Digests) -> Reads:
    """Follows complaints: how many are open for each customer."""

    async def counted(tx: Transaction, news: News[ComplaintStep]) -> None:
        await DirectoryStore(tx, digests).count_complaint(
            news.data.customer_id, news.subject, is_open=news.data.is_open
        )

    return dict.fromkeys(COMPLAINT_STEPS, counted)
