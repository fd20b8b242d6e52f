"""Takes in the customer file's news: new customers, moves to another unit, merges and erasures."""

from datetime import datetime
from uuid import UUID

from service_kit.store import audit
from service_kit.store.database import Transaction
from service_kit.web.kept_answers import KeptAnswers
from service_kit.work.consumer import News

from scoring.customer.domain import KnownCustomer, State
from scoring.customer.store import CustomerStore
from scoring.survey.store import SurveyStore
from scoring.tier.store import TierStore
from scoring.transaction.store import TransactionStore

STATES: dict[str, State] = {
    "customer.created": "active",
    "customer.changed": "active",
    "customer.merged": "merged",
    "customer.erased": "erased",
}


class CustomerNews:
    """Keeps the directory; scores follow the customer's unit because they are read through it."""

    def __init__(self, kept_answers: KeptAnswers) -> None:
        self._kept_answers = kept_answers

    async def __call__(self, tx: Transaction, news: News) -> None:
        state = STATES.get(news.type)
        if state is None:
            return
        await CustomerStore(tx).learn(
            [KnownCustomer(id=news.subject, unit=news.unit, state=state)], at=news.at
        )
        if state == "erased":
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
