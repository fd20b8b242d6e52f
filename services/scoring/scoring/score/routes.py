"""The scores of one customer."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import Query, Response
from service_kit.access.units import units_of
from service_kit.store.running import Reader
from service_kit.web.routing import Router, requires
from service_kit.words.fields import Day, Id

from scoring.call import Call
from scoring.card.store import CardReader
from scoring.company_day import today
from scoring.customer.acquaintance import NOT_ACQUAINTED, named_customer
from scoring.purchase.store import PurchaseReader
from scoring.score.domain import Score, profit_alone, satisfaction, scores
from scoring.score.schemas import CustomerScores, customer_scores
from scoring.survey.store import SurveyReader
from scoring.tier.schemas import tier_view
from scoring.tier.store import TierReader

router = Router(tags=["scores"])


@router.get(
    "/v1/customers/{customer_id}/scores", response_model=CustomerScores, raises=[*NOT_ACQUAINTED]
)
async def read_customer_scores(
    customer_id: Id,
    call: Annotated[Call, requires("scores:read")],
    as_of: Annotated[
        Day | None,
        Query(description="The scores as they stood on this day; the latest by default."),
    ] = None,
) -> Response:
    """Read a customer's scores with their explanations, and the tier.

    `rfm` is the sum of four quintiles (recency, frequency, monetary value, tenure); `profit` orders
    less cost and refunds; `p_alive` and `churn_risk` probabilities; `expected_orders` the order
    days of the horizon; `order_value` the expected value of an order; `clv` the discounted profit
    of the horizon; `satisfaction` the mean of a year's survey answers. Every value is the exact sum
    of its parts. A new order shows at once.
    """
    own = (await named_customer(call, customer_id)).id
    day = as_of or today(call)
    async with call.reading() as reader:
        found = await _of_purchases(reader, own, as_of)
        answers = await SurveyReader(reader, units_of(call.caller)).of_customer(own, until=day)
        standing = await TierReader(reader).standing_of(own)
    contentment = satisfaction(answers, as_of=day)
    if contentment is not None:
        found.append(contentment)
    return call.answer(
        customer_scores(customer_id, found, None if standing is None else tier_view(standing))
    )


async def _of_purchases(reader: Reader, customer_id: UUID, as_of: date | None) -> list[Score]:
    """From the cards; where a currency has none yet, the profit alone, from the statistics."""
    kept, purchases = CardReader(reader), PurchaseReader(reader)
    cards = await kept.latest([customer_id], until=as_of)
    definitions = await kept.by_run({card.run_id for card in cards})
    found = [score for card in cards for score in scores(card, definitions[card.run_id])]
    if as_of is None:
        statistics = await purchases.of_customers([customer_id])
    else:
        statistics = await purchases.until([customer_id], until=as_of)
    carded = {card.statistic.currency for card in cards}
    return found + [profit_alone(each) for each in statistics if each.currency not in carded]
