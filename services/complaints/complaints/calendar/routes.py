"""Calendars over HTTP."""

from typing import Annotated

from fastapi import Depends
from service_kit.web.documents import DocumentAnswers, VersionAsked
from service_kit.web.pages import Page, PageOf
from service_kit.web.routing import Router, requires
from service_kit.words.fields import Code
from starlette.responses import Response

from complaints.calendar.domain import (
    CalendarNotFound,
    LevelsAreCompanyWide,
    TimeZoneUnknown,
    check_whole_company,
)
from complaints.calendar.schemas import CalendarBody, CalendarView, calendar_view
from complaints.calendar.store import CALENDARS
from complaints.calendar.zone import is_known
from complaints.call import Call

router = Router(tags=["calendars"])
PATH = "/v1/calendars"
answers = DocumentAnswers(CALENDARS, calendar_view, path=PATH)


@router.get(PATH, response_model=Page[CalendarView])
async def list_calendars(
    call: Annotated[Call, requires("sla:read")], page: Annotated[PageOf, Depends()]
) -> Response:
    """List the calendars, by name."""
    return await answers.page(call, page)


@router.get(f"{PATH}/{{name}}", response_model=CalendarView, raises=[CalendarNotFound])
async def read_calendar(
    name: Code, call: Annotated[Call, requires("sla:read")], version: VersionAsked = None
) -> Response:
    """Read a calendar, in its present version or an earlier one.

    Earlier versions are kept because clocks that began under them are reckoned by them.
    """
    return await answers.one(call, name, version)


@router.put(
    f"{PATH}/{{name}}",
    response_model=CalendarView,
    responses={201: {"model": CalendarView, "description": "Created."}},
    raises=[TimeZoneUnknown, LevelsAreCompanyWide],
)
async def replace_calendar(
    name: Code, body: CalendarBody, call: Annotated[Call, requires("sla:write")]
) -> Response:
    """Create a calendar (`If-None-Match: *`) or replace it by a new version (`If-Match`).

    Clocks that run keep the version they began with, except those whose due date was provisional:
    they are reckoned anew once the holidays of their year are published.
    """
    check_whole_company(call.caller)
    if not is_known(body.time_zone):
        raise TimeZoneUnknown
    async with call.transaction() as tx:
        content = body.model_dump(mode="json")
        answer = await answers.replaced(
            call, tx, name, content=content, published_until=body.published_until
        )
    call.database.signals.wake("redating")
    return answer
