"""Tracking by the customer over HTTP."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from service_kit.store.running import Record
from service_kit.web.call import Call
from service_kit.web.routing import Router, anyone
from service_kit.words.errors import Unauthenticated
from starlette.responses import Response

from complaints.case.labels import called
from complaints.case.moves import State
from complaints.case.number import is_well_formed
from complaints.tracking.domain import TrackingRefused, fits
from complaints.tracking.schemas import TrackedComplaint, TrackedStep, Tracking
from complaints.tracking.store import find_by_number, history_of, promised_for

router = Router(tags=["tracking"])


@router.post("/v1/complaint-tracking", response_model=TrackedComplaint, raises=[TrackingRefused, Unauthenticated])
async def track_complaint(body: Tracking, call: Annotated[Call, anyone()]) -> Response:
    """Follow a complaint with its number and its tracking token.

    Open to anyone, since customers have no access token: the tracking token is the proof, long and random. It travels in a body and not
    in an address, so that no log keeps it.
    """
    if not is_well_formed(body.number):
        raise TrackingRefused
    async with call.reading() as reader:
        row = await find_by_number(reader, body.number)
        if row is None or not fits(body.tracking_token, row["tracking_digest"]):
            raise TrackingRefused
        history = await history_of(reader, row["id"])
        due_at = await promised_for(reader, row["id"])
    return call.answer(_view(row, history, due_at, call.language))


def _view(row: Record, history: Sequence[Record], due_at: datetime | None, language: str) -> TrackedComplaint:
    state = State(row["state"])
    return TrackedComplaint(
        number=row["number"],
        title=row["title"],
        state=state,
        label=called(state, language),
        received_at=row["received_at"],
        due_at=due_at,
        closed_at=row["closed_at"],
        history=[_step(step, language) for step in history],
    )


def _step(step: Record, language: str) -> TrackedStep:
    state = State(step["entered_state"])
    return TrackedStep(state=state, label=called(state, language), at=step["at"])
