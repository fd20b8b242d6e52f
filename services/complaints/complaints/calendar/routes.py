"""Calendars over HTTP."""

from typing import Annotated

from fastapi import Depends, Query
from service_kit.store.outbox import Event
from service_kit.store.running import Record
from service_kit.web.pages import Page, PageOf
from service_kit.web.routing import Router, requires
from service_kit.words.errors import Conflict
from service_kit.words.fields import Code
from starlette.responses import Response

from complaints.calendar.schemas import CalendarBody, CalendarView
from complaints.calendar.store import CALENDARS, CalendarUnknown
from complaints.calendar.zone import is_known
from complaints.call import Call
from complaints.naming import subject_of
from complaints.versioned import Condition, LevelsAreCompanyWide, check_whole_company

router = Router(tags=["calendars"])

VersionAsked = Annotated[int | None, Query(ge=1, le=2**31 - 1, json_schema_extra={"format": "int32"})]
PATH = "/v1/calendars/{name}"


class TimeZoneUnknown(Conflict):
    """The time zone database has no zone of this name; Asia/Shanghai is one.

    A conflict and not a fault of form: the names change with the database that the service finds, and no schema can list them.
    """


def _view(row: Record) -> CalendarView:
    return CalendarView(name=row["name"], version=row["version"], written_at=row["written_at"], **row["content"])


@router.get("/v1/calendars", response_model=Page[CalendarView])
async def list_calendars(call: Annotated[Call, requires("sla:read")], page: Annotated[PageOf, Depends()]) -> Response:
    """List the calendars, by name."""
    after = page.after[0] if page.after else ""
    async with call.reading() as reader:
        rows = await CALENDARS.page(reader, after=after, limit=page.fetch)
    return call.page(page, [_view(row) for row in rows], next_cursor=page.next_cursor(rows, "name"))


@router.get(PATH, response_model=CalendarView, raises=[CalendarUnknown])
async def read_calendar(name: Code, call: Annotated[Call, requires("sla:read")], version: VersionAsked = None) -> Response:
    """Read a calendar, in its present version or an earlier one.

    Earlier versions are kept because clocks that began under them are reckoned by them.
    """
    async with call.reading() as reader:
        row = await CALENDARS.find(reader, name, version=version)
    if row is None:
        raise CalendarUnknown
    return call.answer(_view(row), version=row["version"])


@router.put(
    PATH,
    response_model=CalendarView,
    responses={201: {"model": CalendarView, "description": "Created."}},
    raises=[TimeZoneUnknown, LevelsAreCompanyWide],
)
async def put_calendar(name: Code, body: CalendarBody, call: Annotated[Call, requires("sla:write")]) -> Response:
    """Create a calendar (`If-None-Match: *`) or replace it by a new version (`If-Match`).

    Clocks that run keep the version they began with, except those whose due date was provisional: they are reckoned anew once the
    holidays of their year are published.
    """
    check_whole_company(call.caller)
    if not is_known(body.time_zone):
        raise TimeZoneUnknown
    content = body.model_dump(mode="json")
    until = body.published_until
    condition = Condition(creates_only=call.creates_only, require_match=call.require_match)
    async with call.transaction() as tx:
        row = await CALENDARS.put(tx, name, content, condition=condition, at=call.at, published_until=until)
        payload = {"version": row["version"]}
        tx.audit(Event(type="calendar.written", subject=subject_of("calendar", name), at=call.at, payload=payload))
        answer = _written(row, call)
    call.database.signals.wake("redating")
    return answer


def _written(row: Record, call: Call) -> Response:
    view, version = _view(row), row["version"]
    if version == 1:
        return call.created(view, location=f"/v1/calendars/{view.name}", version=version)
    return call.answer(view, version=version)
