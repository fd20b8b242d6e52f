"""The operation that shows a customer as a whole."""

from typing import Annotated, Any

from fastapi import Response
from service_kit.web.routing import Router, requires
from service_kit.words.fields import Id

from gateway.call import Call
from gateway.overview.compose import Composer, CustomerNotFound, written
from gateway.overview.schemas import CustomerOverview

router = Router(tags=["customers"])


@router.get(
    "/v1/customers/{id}/overview", response_model=CustomerOverview, raises=[CustomerNotFound]
)
async def read_customer_overview(
    id: Id, call: Annotated[Call, requires("customers:read")]
) -> Response:
    """Read a customer as a whole: file, tier, scores, open cases, the latest of the timeline, open
    care tasks.

    The parts are asked of their services at once. A service that is down makes the answer poorer,
    not an error.
    """
    request: Any = call.request
    kept = (b"authorization", b"accept-language", b"x-request-id", b"traceparent")
    headers = [pair for pair in request.scope["headers"] if pair[0] in kept]
    overview = await call.part(Composer).overview(
        id, [*headers, (b"host", b"gateway")], scopes=call.caller.scopes
    )
    return call.answer(written(overview))
