"""Service-level policies over HTTP."""

from typing import Annotated

from fastapi import Depends, Query
from service_kit.store.database import Transaction
from service_kit.store.outbox import Event
from service_kit.store.running import Record
from service_kit.web.pages import Page, PageOf
from service_kit.web.routing import Router, requires
from service_kit.words.errors import Conflict
from service_kit.words.fields import Code
from service_kit.words.messages import said
from starlette.responses import Response

from complaints.calendar.store import CALENDARS
from complaints.call import Call
from complaints.naming import subject_of
from complaints.sla.schemas import EscalationRuleBody, PolicyBody, PolicyView
from complaints.sla.store import POLICIES, PolicyUnknown
from complaints.versioned import Condition, LevelsAreCompanyWide, check_whole_company

router = Router(tags=["sla-policies"])

VersionAsked = Annotated[int | None, Query(ge=1, le=2**31 - 1, json_schema_extra={"format": "int32"})]
PATH = "/v1/sla-policies/{name}"
EVERY_BREACH = EscalationRuleBody()


class CalendarMissing(Conflict):
    """A clock counts by a calendar that does not exist; PUT the calendar first.

    A conflict with what is there now: the same policy is accepted once the calendar exists.
    """


class ClockNamedTwice(Conflict):
    """Every clock of a policy has a name of its own.

    A conflict between two members of the body: a JSON Schema can ask for different items, but not for different names of them.
    """


def _view(row: Record) -> PolicyView:
    return PolicyView(name=row["name"], version=row["version"], written_at=row["written_at"], **row["content"])


@router.get("/v1/sla-policies", response_model=Page[PolicyView])
async def list_sla_policies(call: Annotated[Call, requires("sla:read")], page: Annotated[PageOf, Depends()]) -> Response:
    """List the service-level policies, by name."""
    after = page.after[0] if page.after else ""
    async with call.reading() as reader:
        rows = await POLICIES.page(reader, after=after, limit=page.fetch)
    return call.page(page, [_view(row) for row in rows], next_cursor=page.next_cursor(rows, "name"))


@router.get(PATH, response_model=PolicyView, raises=[PolicyUnknown])
async def read_sla_policy(name: Code, call: Annotated[Call, requires("sla:read")], version: VersionAsked = None) -> Response:
    """Read a service-level policy, in its present version or an earlier one."""
    async with call.reading() as reader:
        row = await POLICIES.find(reader, name, version=version)
    if row is None:
        raise PolicyUnknown
    return call.answer(_view(row), version=row["version"])


@router.put(
    PATH,
    response_model=PolicyView,
    responses={201: {"model": PolicyView, "description": "Created."}},
    raises=[CalendarMissing, ClockNamedTwice, LevelsAreCompanyWide],
)
async def put_sla_policy(name: Code, body: PolicyBody, call: Annotated[Call, requires("sla:write")]) -> Response:
    """Create a service-level policy (`If-None-Match: *`) or replace it by a new version (`If-Match`).

    Cases recorded before keep the version under which they were recorded.
    """
    check_whole_company(call.caller)
    names = [clock.name for clock in body.clocks]
    if len(names) != len(set(names)):
        raise ClockNamedTwice
    escalation = [EVERY_BREACH] if body.escalation is None else body.escalation
    content = body.model_copy(update={"escalation": escalation}).model_dump(mode="json")
    condition = Condition(creates_only=call.creates_only, require_match=call.require_match)
    async with call.transaction() as tx:
        await _check_calendars(tx, body)
        row = await POLICIES.put(tx, name, content, condition=condition, at=call.at)
        payload = {"version": row["version"]}
        tx.audit(Event(type="sla_policy.written", subject=subject_of("sla-policy", name), at=call.at, payload=payload))
        return _written(row, call)


def _written(row: Record, call: Call) -> Response:
    view, version = _view(row), row["version"]
    if version == 1:
        return call.created(view, location=f"/v1/sla-policies/{view.name}", version=version)
    return call.answer(view, version=version)


async def _check_calendars(tx: Transaction, body: PolicyBody) -> None:
    named = {clock.calendar for clock in body.clocks if clock.time == "business"}
    missing = named - set(await CALENDARS.present(tx, named))
    if missing:
        raise CalendarMissing(said("There is no calendar {name}; PUT it first.", name=min(missing)))
