"""Follows customer-profile's feed, and asks again for units that could not be asked for."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from service_kit.store.database import Database, Transaction
from service_kit.store.running import Record
from service_kit.web.kept_answers import KeptAnswers
from service_kit.words.identity import Clock
from service_kit.work.consumer import Reads
from service_kit.work.news import News

from complaints.asking import ASKED_AT_ONCE, answers_about
from complaints.customer.domain import Asked, Customers
from complaints.customer.heard import (
    CustomerChanged,
    CustomerCreated,
    CustomerErased,
    CustomerMerged,
)
from complaints.customer.store import CustomerReader, CustomerStore

# The fields of a customer's file that a complaint keeps for its letters.
KEPT_FIELDS = frozenset({"name", "language"})


class Following:
    """Takes in the feed; whose name or language changed is asked for before, where a complaint
    keeps them.

    News holds no personal values. Who cannot be asked now keeps the former name: a letter asks for
    itself, and falls back on it only then.
    """

    def __init__(self, database: Database, customers: Customers, kept_answers: KeptAnswers) -> None:
        self._database = database
        self._customers = customers
        self._kept_answers = kept_answers
        self._asked: dict[UUID, Asked] = {}

    @property
    def reads(self) -> Reads:
        return {
            CustomerCreated: self._created,
            CustomerChanged: self._changed,
            CustomerMerged: self._merged,
            CustomerErased: self._erased,
        }

    async def prepare(self, batch: Sequence[News[Any]]) -> None:
        named = {
            news.subject
            for news in batch
            if isinstance(news.data, CustomerChanged) and KEPT_FIELDS & set(news.data.fields)
        }
        ids: list[UUID] = []
        if named:
            async with self._database.reading() as reader:
                ids = await CustomerReader(reader).kept(sorted(named))
        self._asked = await answers_about(ids, self._customers.ask)

    async def _created(self, tx: Transaction, news: News[CustomerCreated]) -> None:
        await CustomerStore(tx, at=news.at).met(news.subject, news.data.unit)

    async def _changed(self, tx: Transaction, news: News[CustomerChanged]) -> None:
        told = CustomerStore(tx, at=news.at)
        await told.moved(news.subject, news.data.unit)
        asked = self._asked.get(news.subject)
        if asked is not None and asked.customer is not None:
            await told.renamed(news.subject, asked.customer)

    async def _merged(self, tx: Transaction, news: News[CustomerMerged]) -> None:
        await CustomerStore(tx, at=news.at).merged(
            news.data.merged_id, news.data.survivor_id, news.unit
        )

    async def _erased(self, tx: Transaction, news: News[CustomerErased]) -> None:
        complaints = await CustomerStore(tx, at=news.at).erased(news.subject)
        await self._kept_answers.erase(tx, [news.subject, *complaints])


class Confirming:
    """Asks for the files of customers whose complaints were recorded while customer-profile was
    away.

    `again_after` is the setting `confirm_seconds`.
    """

    def __init__(
        self, database: Database, customers: Customers, *, clock: Clock, again_after: timedelta
    ) -> None:
        self._database = database
        self._customers = customers
        self._clock = clock
        self._again_after = again_after

    async def step(self) -> bool:
        """Ask for some; True when there may be more."""
        async with self._database.transaction() as tx:
            taken = await CustomerStore(tx, at=self._clock()).take_unconfirmed(
                again_after=self._again_after, limit=ASKED_AT_ONCE
            )
        # In the order of ids, as everybody who locks several complaints.
        rows = sorted(taken, key=lambda row: row["id"])
        found = await answers_about((row["customer_id"] for row in rows), self._customers.ask)
        async with self._database.transaction() as tx:
            told = CustomerStore(tx, at=self._clock())
            for row in rows:
                await _take_in(told, row, found[row["customer_id"]])
        return len(rows) == ASKED_AT_ONCE and all(asked.is_answered for asked in found.values())


async def _take_in(told: CustomerStore, row: Record, asked: Asked) -> None:
    if asked.customer is not None:
        await told.confirmed(row["id"], row["customer_id"], asked.customer)
    elif asked.is_answered:
        await told.settled(row["id"], row["customer_id"])
