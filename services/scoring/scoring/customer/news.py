"""Takes in the customer file's news: new customers, moves to another unit, merges and erasures."""

from service_kit.consumer import News
from service_kit.database import Transaction

from scoring.customer import store
from scoring.customer.domain import KnownCustomer, State
from scoring.survey import store as surveys

STATES: dict[str, State] = {
    "customer.created": "active",
    "customer.changed": "active",
    "customer.merged": "merged",
    "customer.erased": "erased",
}


async def on_customer_news(tx: Transaction, news: News) -> None:
    """Keep the directory; scores follow the customer's unit because they are read through it.

    What an erased customer wrote is erased here too; the books (sums without a name) stay.
    """
    state = STATES.get(news.type)
    if state is None:
        return
    await store.learn(tx, [KnownCustomer(id=news.subject, unit=news.unit, state=state)], at=news.at)
    if state == "erased":
        await surveys.erase_remarks(tx, news.subject, at=news.at)
