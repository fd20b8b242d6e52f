"""Service-level policies over HTTP."""

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

from complaints.calendar.store import CalendarStore
from complaints.naming import subject_of
from complaints.shelf import Shelf
from complaints.sla.schemas import EscalationRuleBody, PolicyBody, PolicyView
from complaints.sla.store import PolicyUnknown, SlaStore, create_policy, replace_policy

router = Router(tags=["sla-policies"])

VersionAsked = Annotated[int | None, Query(ge=1, le=2**31 - 1, json_schema_extra={"format": "int32"})]
PATH = "/v1/sla-policies/{name}"
EVERY_BREACH = EscalationRuleBody()


class CalendarMissing(Conflict):
    """A clock counts by a calendar that does not exist; PUT the calendar first."""


class ClockNamedTwice(Conflict):
    """Every clock of a policy has a name of its own."""


def _view(row: Record) -> PolicyView:
    return PolicyView(name=row["name"], version=row["version"], written_at=row["written_at"], **row["content"])


def _shelf(call: Call) -> Shelf:
    shelf: Shelf = call.part("shelf")
    return shelf


@router.get("/v1/sla-policies", response_model=Page[PolicyView])
async def list_sla_policies(call: Annotated[Call, requires("sla:read")], page: Annotated[PageOf, Depends()]) -> Response:
    """List the service-level policies, by name."""
    after = page.after[0] if page.after else ""
    async with call.reading() as reader:
        rows = await SlaStore(reader, _shelf(call)).rows(after=after, limit=page.fetch)
    return call.page(page, [_view(row) for row in rows], next_cursor=page.next_cursor(rows, "name"))


@router.get(PATH, response_model=PolicyView, raises=[PolicyUnknown])
async def read_sla_policy(name: Code, call: Annotated[Call, requires("sla:read")], version: VersionAsked = None) -> Response:
    """Read a service-level policy, in its present version or an earlier one."""
    async with call.reading() as reader:
        row = await SlaStore(reader, _shelf(call)).row(name, version=version)
    if row is None:
        raise PolicyUnknown
    return call.answer(_view(row), version=row["version"])


@router.put(PATH, response_model=PolicyView, raises=[CalendarMissing, ClockNamedTwice])
async def put_sla_policy(name: Code, body: PolicyBody, call: Annotated[Call, requires("sla:write")]) -> Response:
    """Create a service-level policy (`If-None-Match: *`) or replace it by a new version (`If-Match`).

    Cases recorded before keep the version under which they were recorded.
    """
    names = [clock.name for clock in body.clocks]
    if len(names) != len(set(names)):
        raise ClockNamedTwice
    escalation = [EVERY_BREACH] if body.escalation is None else body.escalation
    content = body.model_copy(update={"escalation": escalation}).model_dump(mode="json")
    async with call.transaction() as tx:
        store = SlaStore(tx, _shelf(call))
        present = await store.row(name, is_locked=True)
        await _check_calendars(CalendarStore(tx, _shelf(call)), body)
        version = await _written(call, tx, name, content, present)
        row = await store.row(name, version=version)
        assert row is not None
        tx.audit(Event(type="sla_policy.written", subject=subject_of("sla-policy", name), at=call.at, payload={"version": version}))
        return call.answer(_view(row), version=version)


async def _check_calendars(calendars: CalendarStore, body: PolicyBody) -> None:
    named = {clock.calendar for clock in body.clocks if clock.time == "business"}
    missing = named - set(await calendars.versions(named))
    if missing:
        raise CalendarMissing(f"There is no calendar {min(missing)}; PUT it first.")


async def _written(call: Call, tx: Transaction, name: str, content: dict[str, Any], present: Record | None) -> int:
    if call.creates_only:
        return await create_policy(tx, name, content, at=call.at)
    if present is None:
        call.require_match(0)
        raise PreconditionFailed
    call.require_match(present["version"])
    return await replace_policy(tx, name, content, was=present["version"], at=call.at)
