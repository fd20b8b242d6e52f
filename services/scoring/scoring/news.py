"""Takes in the customer file's news: new customers, moves to another unit, merges and erasures."""

from datetime import datetime
from typing import Any
from uuid import UUID

from service_kit.store import audit
from service_kit.store.database import Transaction
from service_kit.web.kept_answers import KeptAnswers
from service_kit.work.consumer import Reads
from service_kit.work.news import News

from scoring.customer.domain import KnownCustomer, State
from scoring.customer.store import CustomerStore
from scoring.heard import CustomerChanged, CustomerCreated, CustomerErased, CustomerMerged
from scoring.survey.store import SurveyStore
from scoring.tier.store import TierStore
from scoring.transaction.store import TransactionStore


class CustomerNews:
    """Keeps the directory; scores follow the customer's unit because they are read through it."""

    def __init__(self, kept_answers: KeptAnswers) -> None:
        self._kept_answers = kept_answers

    @property
    def reads(self) -> Reads:
        return {
            CustomerCreated: self._met,
            CustomerChanged: self._met,
            CustomerMerged: self._merged,
            CustomerErased: self._erased,
        }

    async def _met(self, tx: Transaction, news: News[Any]) -> None:
        await _learn(tx, news, news.subject, "active")

    async def _merged(self, tx: Transaction, news: News[CustomerMerged]) -> None:
        await _learn(tx, news, news.data.merged_id, "merged")

    async def _erased(self, tx: Transaction, news: News[CustomerErased]) -> None:
        await _learn(tx, news, news.subject, "erased")
        await self._erase(tx, news.subject, at=news.at)

    async def _erase(self, tx: Transaction, customer_id: UUID, *, at: datetime) -> None:
        """What an erased customer wrote, and what was written about them, goes;
        the books (sums without a name) stay.
        """
        await TierStore(tx).erase_reasons(customer_id)
        answers = await SurveyStore(tx, None).erase_remarks(customer_id)
        ids = [customer_id, *answers, *await TransactionStore(tx, None).ids_of(customer_id)]
        await audit.erase(tx, *ids, at=at)
        await self._kept_answers.erase(tx, ids)


async def _learn(tx: Transaction, news: News[Any], customer_id: UUID, state: State) -> None:
    known = KnownCustomer(id=customer_id, unit=news.unit, state=state)
    await CustomerStore(tx).learn([known], at=news.at)
