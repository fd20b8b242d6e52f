"""Tracking by the customer over HTTP."""

from typing import Annotated

from service_kit.web.routing import Router, anyone
from service_kit.words.errors import Unauthenticated
from starlette.responses import Response

from complaints.call import Call
from complaints.case.number import is_well_formed
from complaints.case.tracking_token import fits
from complaints.tracking.domain import TrackingRefused
from complaints.tracking.schemas import TrackedComplaint, Tracking, tracked
from complaints.tracking.store import TrackingReader

router = Router(tags=["tracking"])


@router.post(
    "/v1/complaint-tracking",
    response_model=TrackedComplaint,
    raises=[TrackingRefused, Unauthenticated],
)
async def track_complaint(body: Tracking, call: Annotated[Call, anyone()]) -> Response:
    """Follow a complaint with its number and its tracking token.

    Open to anyone, since customers have no access token: the tracking token is the proof, long and
    random. It travels in a body and not in an address, so that no log keeps it.
    """
    if not is_well_formed(body.number):
        raise TrackingRefused
    async with call.reading() as reader:
        complaints = TrackingReader(reader)
        row = await complaints.find(body.number)
        if row is None or not fits(body.tracking_token, row["tracking_digest"]):
            raise TrackingRefused
        history = await complaints.history(row["id"])
        due_at = await complaints.promised_for(row["id"])
    return call.answer(tracked(row, history, due_at, call.language))
