"""Follows customer-profile's feed, and asks again for units that could not be asked for."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from service_kit.store.database import Database, Transaction
from service_kit.store.running import Record
from service_kit.web.kept_answers import KeptAnswers
from service_kit.words.identity import Clock
from service_kit.work.consumer import News

from complaints.asking import ASKED_AT_ONCE, answers_about
from complaints.customer.domain import Asked, Customers
from complaints.customer.store import CustomerReader, CustomerStore

# The fields of a customer's file that a complaint keeps for its letters.
KEPT_FIELDS = frozenset({"name", "language"})


class NewsOfCustomers:
    """Takes in the feed event by event; what does not concern complaints is passed over."""

    def __init__(self, kept_answers: KeptAnswers) -> None:
        self._kept_answers = kept_answers

    async def __call__(self, tx: Transaction, news: News) -> None:
        told = CustomerStore(tx, at=news.at)
        payload = news.payload
        match news.type:
            case "customer.created":
                if unit := payload.get("unit") or news.unit:
                    await told.met(news.subject, unit)
            case "customer.changed":
                if unit := payload.get("unit") or news.unit:
                    await told.moved(news.subject, unit)
            case "customer.merged":
                merged = UUID(payload["merged_id"]) if "merged_id" in payload else news.subject
                await told.merged(
                    merged, UUID(payload["survivor_id"]), payload.get("unit") or news.unit
                )
            case "customer.erased":
                complaints = await told.erased(news.subject)
                await self._kept_answers.erase(tx, [news.subject, *complaints])


class Following:
    """Takes in the feed; whose name or language changed is asked for before, where a complaint
    keeps them.

    News holds no personal values. Who cannot be asked now keeps the former name: a letter asks for
    itself, and falls back on it only then.
    """

    def __init__(self, database: Database, customers: Customers, kept_answers: KeptAnswers) -> None:
        self._database = database
        self._customers = customers
        self._take_in = NewsOfCustomers(kept_answers)
        self._asked: dict[UUID, Asked] = {}

    async def prepare(self, batch: Sequence[News]) -> None:
        named = {
            news.subject
            for news in batch
            if news.type == "customer.changed" and KEPT_FIELDS & set(news.payload.get("fields", ()))
        }
        ids: list[UUID] = []
        if named:
            async with self._database.reading() as reader:
                ids = await CustomerReader(reader).kept(sorted(named))
        self._asked = await answers_about(ids, self._customers.ask)

    async def __call__(self, tx: Transaction, news: News) -> None:
        await self._take_in(tx, news)
        asked = self._asked.get(news.subject)
        if asked is not None and asked.customer is not None and news.type == "customer.changed":
            await CustomerStore(tx, at=news.at).renamed(news.subject, asked.customer)


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
