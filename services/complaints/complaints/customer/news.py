"""Follows customer-profile's feed, and asks again for units that could not be asked for."""

import asyncio
from datetime import timedelta
from uuid import UUID

from service_kit.consumer import News
from service_kit.database import Database, Record, Transaction
from service_kit.identity import Clock
from service_kit.kept_answers import KeptAnswers

from complaints.clients.customer_profile import Customers
from complaints.customer.domain import Asked
from complaints.customer.store import CustomerNews, take_unconfirmed

ASKED_AT_ONCE = 10


class NewsOfCustomers:
    """Takes in the feed event by event; what does not concern complaints is passed over."""

    def __init__(self, kept_answers: KeptAnswers) -> None:
        self._kept_answers = kept_answers

    async def __call__(self, tx: Transaction, news: News) -> None:
        told = CustomerNews(tx, at=news.at)
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
                await told.merged(merged, UUID(payload["survivor_id"]), payload.get("unit") or news.unit)
            case "customer.erased":
                complaints = await told.erased(news.subject)
                await self._kept_answers.erase(tx, [news.subject, *complaints])


class Confirming:
    """Asks for the files of customers whose complaints were recorded while customer-profile was away."""

    def __init__(self, database: Database, customers: Customers, *, clock: Clock, again_after: timedelta) -> None:
        self._database = database
        self._customers = customers
        self._clock = clock
        self._again_after = again_after

    async def step(self) -> bool:
        """Ask for some; True when there may be more."""
        async with self._database.transaction() as tx:
            taken = await take_unconfirmed(tx, at=self._clock(), again_after=self._again_after, limit=ASKED_AT_ONCE)
        # In the order of ids, as everybody who locks several complaints.
        rows = sorted(taken, key=lambda row: row["id"])
        found: list[Asked] = await asyncio.gather(*(self._customers.ask(row["customer_id"]) for row in rows))
        async with self._database.transaction() as tx:
            told = CustomerNews(tx, at=self._clock())
            for row, asked in zip(rows, found, strict=True):
                await _take_in(told, row, asked)
        return len(rows) == ASKED_AT_ONCE and all(asked.is_answered for asked in found)


async def _take_in(told: CustomerNews, row: Record, asked: Asked) -> None:
    if asked.customer is not None:
        await told.confirmed(row["id"], row["customer_id"], asked.customer)
    elif asked.is_answered:
        await told.settled(row["id"], row["customer_id"])
