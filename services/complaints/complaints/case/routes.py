"""Complaints over HTTP: recording, reading, listing."""

from secrets import token_urlsafe
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import Depends
from service_kit.access.units import UnitNotAllowed
from service_kit.web.pages import Page, PageOf
from service_kit.web.routing import Router, requires
from service_kit.words.fields import Id
from starlette.responses import Response

from complaints.approval.domain import Hand
from complaints.call import Call
from complaints.case import search, use_cases
from complaints.case.domain import ReceivedInFuture, ReceivedTooLongAgo, Report
from complaints.case.schemas import (
    ComplaintView,
    CourseView,
    NewComplaint,
    RecordedComplaintView,
    StepView,
)
from complaints.case.store import CaseReader, CaseStore, ComplaintUnknown
from complaints.case.views import complaint_view, course_view, recorded_view, step_view
from complaints.case.wanted import Wanted
from complaints.clients.customer_profile import Customers
from complaints.customer.domain import CustomerUnknown, standing
from complaints.customer.store import hold
from complaints.letter.store import letters_of
from complaints.shelf import Shelf
from complaints.sla.store import SlaStore
from complaints.tracking.domain import digest_of

router = Router(tags=["complaints"])

TOKEN_BYTES = 24


def hand_of(call: Call) -> Hand:
    """Who acts in this call."""
    caller = call.caller
    return Hand(sub=caller.sub, client_id=caller.client_id, limit=caller.approval_limit)


def shelf_of(call: Call) -> Shelf:
    return call.part(Shelf)


@router.post(
    "/v1/complaints",
    status_code=201,
    response_model=RecordedComplaintView,
    raises=[CustomerUnknown, ReceivedInFuture, ReceivedTooLongAgo, UnitNotAllowed],
)
async def record_complaint(body: NewComplaint, call: Annotated[Call, requires("complaints:write")]) -> Response:
    """Record a complaint: the first of its eight steps.

    The unit is the customer's. While customer-profile cannot be asked the complaint is recorded all the same, with the unit of the
    body or of the token, and `degraded` says so; the unit is set right later. `tracking_token` is shown this once: with the number it
    lets the customer follow the complaint.
    """
    customers = call.part(Customers)
    asked = await customers.ask(body.customer_id)
    token = token_urlsafe(TOKEN_BYTES)
    async with call.transaction() as tx:
        heard = await hold(tx, asked.customer.id if asked.customer else body.customer_id)
        known = standing(asked, heard, caller=call.caller, unit=body.unit, default_unit=call.settings.default_unit)
        case = await use_cases.record(
            CaseStore(tx, call.caller),
            SlaStore(tx, shelf_of(call)),
            _report(body, call),
            known,
            id=call.new_id(),
            day=call.at.astimezone(ZoneInfo(call.settings.time_zone)).date(),
            tracking_digest=digest_of(token),
            by=hand_of(call),
            at=call.at,
        )
        view = recorded_view(case, tracking_token=token)
        location = f"/v1/complaints/{case.complaint.id}"
        return call.created(view, location=location, version=case.complaint.version, once=["tracking_token"])


def _report(body: NewComplaint, call: Call) -> Report:
    return Report(
        customer_id=body.customer_id,
        contact_id=body.contact_id,
        kind=body.kind,
        channel=body.channel,
        received_at=body.received_at or call.at,
        title=body.title,
        narrative=body.narrative,
        wish=body.wish,
        category=body.category,
        severity=body.severity,
        dissatisfaction=body.dissatisfaction,
        product_name=body.product.name if body.product else None,
        product_lot=body.product.lot if body.product else None,
    )


@router.get("/v1/complaints", response_model=Page[ComplaintView])
async def list_complaints(
    call: Annotated[Call, requires("complaints:read")],
    page: Annotated[PageOf, Depends()],
    wanted: Annotated[Wanted, Depends()],
) -> Response:
    """List complaints, newest first."""
    after = page.after[0] if page.after else None
    async with call.reading() as reader:
        filters = wanted.filters(at=call.at)
        rows = await search.find_complaints(reader, filters, caller=call.caller, limit=page.fetch, after=after)
        cases = await search.cases_of(reader, rows[: page.limit])
        letters = await letters_of(reader, [case.complaint.id for case in cases])
    views = [complaint_view(case, letters[case.complaint.id]) for case in cases]
    return call.page(page, views, next_cursor=page.next_cursor(rows, "id"))


@router.get("/v1/complaints/{complaint_id}", response_model=ComplaintView, raises=[ComplaintUnknown])
async def read_complaint(complaint_id: Id, call: Annotated[Call, requires("complaints:read")]) -> Response:
    """Read a complaint with its clocks and the moves that are allowed now."""
    async with call.reading() as reader:
        case = await CaseReader(reader, call.caller).find(complaint_id)
        letters = await letters_of(reader, [complaint_id])
    return call.answer(complaint_view(case, letters[complaint_id]), version=case.complaint.version)


@router.get("/v1/complaints/{complaint_id}/steps", response_model=Page[StepView], raises=[ComplaintUnknown])
async def list_complaint_steps(
    complaint_id: Id, call: Annotated[Call, requires("complaints:read")], page: Annotated[PageOf, Depends()]
) -> Response:
    """List the moves of a complaint in the order in which they were made, each with what was written down.

    The audit of a complaint is at `GET /v1/audit-entries?subject=`.
    """
    after = page.after[0] if page.after else 0
    async with call.reading() as reader:
        cases = CaseReader(reader, call.caller)
        await cases.find(complaint_id)
        rows = await cases.steps(complaint_id, after=after, limit=page.fetch)
    return call.page(page, [step_view(row) for row in rows], next_cursor=page.next_cursor(rows, "number"))


@router.get("/v1/complaint-course", response_model=CourseView)
async def read_complaint_course(call: Annotated[Call, requires("complaints:read")]) -> Response:
    """Read the table by which complaints move: states, moves, whose they are, and where they lead.

    Labels are in the language of the request.
    """
    return call.answer(course_view(call.language))
