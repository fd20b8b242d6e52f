"""Service-level policies over HTTP."""

from typing import Annotated

from fastapi import Depends
from service_kit.store.database import Transaction
from service_kit.web.documents import DocumentAnswers, VersionAsked
from service_kit.web.pages import Page, PageOf
from service_kit.web.routing import Router, requires
from service_kit.words.fields import Code
from service_kit.words.messages import said
from starlette.responses import Response

from complaints.calendar.domain import LevelsAreCompanyWide, check_whole_company
from complaints.calendar.store import CALENDARS
from complaints.call import Call
from complaints.sla.domain import CalendarMissing, ClockNamedTwice, PolicyNotFound
from complaints.sla.schemas import EscalationRuleBody, PolicyBody, PolicyView, policy_view
from complaints.sla.store import POLICIES

router = Router(tags=["sla-policies"])
PATH = "/v1/sla-policies"
answers = DocumentAnswers(POLICIES, policy_view, path=PATH)
EVERY_BREACH = EscalationRuleBody()


@router.get(PATH, response_model=Page[PolicyView])
async def list_sla_policies(
    call: Annotated[Call, requires("sla:read")], page: Annotated[PageOf, Depends()]
) -> Response:
    """List the service-level policies, by name."""
    return await answers.page(call, page)


@router.get(f"{PATH}/{{name}}", response_model=PolicyView, raises=[PolicyNotFound])
async def read_sla_policy(
    name: Code, call: Annotated[Call, requires("sla:read")], version: VersionAsked = None
) -> Response:
    """Read a service-level policy, in its present version or an earlier one."""
    return await answers.one(call, name, version)


@router.put(
    f"{PATH}/{{name}}",
    response_model=PolicyView,
    responses={201: {"model": PolicyView, "description": "Created."}},
    raises=[CalendarMissing, ClockNamedTwice, LevelsAreCompanyWide],
)
async def replace_sla_policy(
    name: Code, body: PolicyBody, call: Annotated[Call, requires("sla:write")]
) -> Response:
    """Create a service-level policy (`If-None-Match: *`) or replace it by a new version
    (`If-Match`).

    Cases recorded before keep the version under which they were recorded.
    """
    check_whole_company(call.caller)
    names = [clock.name for clock in body.clocks]
    if len(names) != len(set(names)):
        raise ClockNamedTwice
    escalation = [EVERY_BREACH] if body.escalation is None else body.escalation
    async with call.transaction() as tx:
        await _check_calendars(tx, body)
        content = body.model_copy(update={"escalation": escalation}).model_dump(mode="json")
        return await answers.replaced(call, tx, name, content=content)


async def _check_calendars(tx: Transaction, body: PolicyBody) -> None:
    named = {clock.calendar for clock in body.clocks if clock.time == "business"}
    missing = named - set(await CALENDARS.versions(tx, named))
    if missing:
        raise CalendarMissing(said("There is no calendar {name}; PUT it first.", name=min(missing)))
