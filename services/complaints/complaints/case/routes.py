"""Complaints over HTTP: recording, reading, listing."""

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
from complaints.case import use_cases
from complaints.case.domain import ComplaintNotFound, ReceivedInFuture, ReceivedTooLongAgo, Report
from complaints.case.letters import letters_of
from complaints.case.schemas import NewComplaint
from complaints.case.store import CaseReader, CaseStore
from complaints.case.tracking_token import digest_of, new_token
from complaints.case.views import (
    ComplaintView,
    RecordedComplaintView,
    StepView,
    complaint_view,
    recorded_view,
    step_view,
)
from complaints.case.wanted import Wanted
from complaints.customer.domain import CustomerNotFound, Customers, standing
from complaints.customer.store import CustomerStore
from complaints.sla.store import Shelves, SlaStore

router = Router(tags=["complaints"])


@router.post(
    "/v1/complaints",
    status_code=201,
    response_model=RecordedComplaintView,
    raises=[CustomerNotFound, ReceivedInFuture, ReceivedTooLongAgo, UnitNotAllowed],
)
async def record_complaint(
    body: NewComplaint, call: Annotated[Call, requires("complaints:write")]
) -> Response:
    """Record a complaint: the first of its eight steps.

    The unit is the customer's. While customer-profile cannot be asked the complaint is recorded all
    the same, with the unit of the body or of the token, and `degraded` says so; the unit is set
    right later. `tracking_token` is shown this once: with the number it lets the customer follow
    the complaint.
    """
    customers = call.part(Customers)
    asked = await customers.ask(body.customer_id)
    token = new_token()
    async with call.transaction() as tx:
        heard = await CustomerStore(tx, at=call.at).hold(
            asked.customer.id if asked.customer else body.customer_id
        )
        known = standing(
            asked,
            heard,
            caller=call.caller,
            unit=body.unit,
            default_unit=call.settings.default_unit,
        )
        case = await use_cases.record(
            CaseStore(tx, call.caller),
            SlaStore(tx, call.part(Shelves)),
            _report(body, call),
            known,
            id=call.new_id(),
            day=call.at.astimezone(ZoneInfo(call.settings.time_zone)).date(),
            tracking_digest=digest_of(token),
            by=Hand.of(call.caller),
            at=call.at,
        )
        view = recorded_view(case, tracking_token=token)
        location = f"/v1/complaints/{case.id}"
        return call.created(
            view, location=location, version=case.complaint.version, once=["tracking_token"]
        )


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
        cases = await CaseReader(reader, call.caller).page(
            wanted.filters(at=call.at), after=after, limit=page.fetch
        )
        letters = await letters_of(reader, [case.id for case in cases])
    views = [complaint_view(case, letters[case.id]) for case in cases[: page.limit]]
    return call.page(page, views, next_cursor=page.next_cursor(cases, "id"))


@router.get(
    "/v1/complaints/{complaint_id}", response_model=ComplaintView, raises=[ComplaintNotFound]
)
async def read_complaint(
    complaint_id: Id, call: Annotated[Call, requires("complaints:read")]
) -> Response:
    """Read a complaint with its clocks and the moves that are allowed now."""
    async with call.reading() as reader:
        case = await CaseReader(reader, call.caller).find(complaint_id)
        letters = await letters_of(reader, [complaint_id])
    return call.answer(complaint_view(case, letters[complaint_id]), version=case.complaint.version)


@router.get(
    "/v1/complaints/{complaint_id}/steps", response_model=Page[StepView], raises=[ComplaintNotFound]
)
async def list_complaint_steps(
    complaint_id: Id,
    call: Annotated[Call, requires("complaints:read")],
    page: Annotated[PageOf, Depends()],
) -> Response:
    """List the moves of a complaint in the order in which they were made, each with what was
    written down.

    The audit of a complaint is at `GET /v1/audit-entries?subject=`.
    """
    after = page.after[0] if page.after else 0
    async with call.reading() as reader:
        cases = CaseReader(reader, call.caller)
        await cases.find(complaint_id)
        rows = await cases.steps(complaint_id, after=after, limit=page.fetch)
    return call.page(
        page, [step_view(row) for row in rows], next_cursor=page.next_cursor(rows, "number")
    )
