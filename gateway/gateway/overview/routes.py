"""The operation that shows a customer as a whole."""

from typing import Annotated, Any

from fastapi import Response
from pydantic import Field
from service_kit.web.routing import Router, requires
from service_kit.words.fields import Id, JsonObject, Output

from gateway.call import Call
from gateway.overview.compose import Composer, CustomerNotFound, written

router = Router(tags=["customers"])
Part = Annotated[str, Field(max_length=40)]
Things = Annotated[list[JsonObject], Field(max_length=200)]


class CustomerOverview(Output):
    """A customer as a whole. `degraded` names parts whose service did not answer in time.

    `withheld` names those that the token may not see, in whole or, as `recent`, in part.
    """

    customer: JsonObject | None
    tier: JsonObject | None
    scores: Things
    open_cases: Things
    recent: Things
    care_tasks: Things
    degraded: Annotated[list[Part], Field(max_length=10)]
    withheld: Annotated[list[Part], Field(max_length=10)]


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
