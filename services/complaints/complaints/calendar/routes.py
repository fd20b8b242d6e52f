"""Calendars over HTTP."""

from typing import Annotated, Any

from fastapi import Depends, Query
from service_kit.call import Call
from service_kit.database import Record, Transaction
from service_kit.errors import Conflict, PreconditionFailed
from service_kit.outbox import Event
from service_kit.pages import Page, PageOf
from service_kit.routing import Router, requires
from service_kit.words import Code
from starlette.responses import Response

from complaints.calendar.schemas import CalendarBody, CalendarView
from complaints.calendar.store import CalendarStore, CalendarUnknown, create_calendar, replace_calendar
from complaints.calendar.zone import is_known
from complaints.naming import subject_of
from complaints.shelf import Shelf

router = Router(tags=["calendars"])

VersionAsked = Annotated[int | None, Query(ge=1, le=2**31 - 1, json_schema_extra={"format": "int32"})]
PATH = "/v1/calendars/{name}"


class TimeZoneUnknown(Conflict):
    """The time zone database has no zone of this name; Asia/Shanghai is one."""


def _view(row: Record) -> CalendarView:
    return CalendarView(name=row["name"], version=row["version"], written_at=row["written_at"], **row["content"])


def _shelf(call: Call) -> Shelf:
    shelf: Shelf = call.part("shelf")
    return shelf


@router.get("/v1/calendars", response_model=Page[CalendarView])
async def list_calendars(call: Annotated[Call, requires("sla:read")], page: Annotated[PageOf, Depends()]) -> Response:
    """List the calendars, by name."""
    after = page.after[0] if page.after else ""
    async with call.reading() as reader:
        rows = await CalendarStore(reader, _shelf(call)).rows(after=after, limit=page.fetch)
    return call.page(page, [_view(row) for row in rows], next_cursor=page.next_cursor(rows, "name"))


@router.get(PATH, response_model=CalendarView, raises=[CalendarUnknown])
async def read_calendar(name: Code, call: Annotated[Call, requires("sla:read")], version: VersionAsked = None) -> Response:
    """Read a calendar, in its present version or an earlier one.

    Earlier versions are kept because clocks that began under them are reckoned by them.
    """
    async with call.reading() as reader:
        row = await CalendarStore(reader, _shelf(call)).row(name, version=version)
    if row is None:
        raise CalendarUnknown
    return call.answer(_view(row), version=row["version"])


@router.put(PATH, response_model=CalendarView, raises=[TimeZoneUnknown, CalendarUnknown])
async def put_calendar(name: Code, body: CalendarBody, call: Annotated[Call, requires("sla:write")]) -> Response:
    """Create a calendar (`If-None-Match: *`) or replace it by a new version (`If-Match`).

    Clocks that run keep the version they began with, except those whose due date was provisional: they are reckoned anew once the
    holidays of their year are published.
    """
    if not is_known(body.time_zone):
        raise TimeZoneUnknown
    content = body.model_dump(mode="json")
    async with call.transaction() as tx:
        store = CalendarStore(tx, _shelf(call))
        present = await store.row(name, is_locked=True)
        version = await _written(call, tx, name, content, present)
        row = await store.row(name, version=version)
        assert row is not None
        tx.audit(Event(type="calendar.written", subject=subject_of("calendar", name), at=call.at, payload={"version": version}))
        answer = call.answer(_view(row), version=version)
    call.database.signals.wake("redating")
    return answer


async def _written(call: Call, tx: Transaction, name: str, content: dict[str, Any], present: Record | None) -> int:
    if call.creates_only:
        return await create_calendar(tx, name, content, at=call.at)
    if present is None:
        call.require_match(0)
        raise PreconditionFailed
    call.require_match(present["version"])
    return await replace_calendar(tx, name, content, was=present["version"], at=call.at)
