"""The operation on the customer pyramid."""

from typing import Annotated

from fastapi import Query, Response
from service_kit.access.units import units_of
from service_kit.web.routing import Router, requires
from service_kit.words.fields import Currency, Day

from scoring.call import Call
from scoring.pyramid.schemas import PyramidView, pyramid_view
from scoring.pyramid.store import PyramidReader

router = Router(tags=["pyramid"])


@router.get("/v1/pyramid", response_model=PyramidView)
async def read_pyramid(
    call: Annotated[Call, requires("scores:read")],
    currency: Annotated[
        Currency, Query(description="Whose sums are compared: those of this currency.")
    ],
    since: Annotated[
        Day | None, Query(description="First day of the period; all time by default.")
    ] = None,
    until: Annotated[Day | None, Query(description="Last day of the period.")] = None,
) -> Response:
    """Read how much of the profit comes from how few customers.

    Customers with an order or a refund are ranked by profit (orders less cost and refunds): the top
    1 %, the next 4 % (`high`), the next 15 % (`middle`) and the remaining 80 % (`broad`). Sums are
    exact; losses count.
    """
    async with call.reading() as reader:
        found = await PyramidReader(reader, units_of(call.caller)).pyramid(
            currency=currency, since=since, until=until
        )
    return call.answer(pyramid_view(found, currency))
