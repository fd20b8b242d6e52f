"""The API of care plans, care tasks and told occasions."""

from dataclasses import replace
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import Depends, Query, Response
from service_kit.access.units import UnitNotAllowed, unit_for
from service_kit.web.pages import Page, PageOf
from service_kit.web.routing import MergePatch, Router, requires
from service_kit.words.fields import EARLIEST, Id
from service_kit.words.merging import merged

from customer_profile.call import Call
from customer_profile.care import birthdays
from customer_profile.care.caring import caring
from customer_profile.care.domain import (
    CarePlan,
    CarePlanNotFound,
    CarePlanOfTheCompany,
    CarePlanWithoutText,
    CareTask,
    CareTaskNotFound,
    CareTaskNotOpen,
    Happening,
    Occasion,
    TaskState,
)
from customer_profile.care.rows import plan_of, segment_of, segment_row, task_of
from customer_profile.care.schemas import (
    CarePlanChange,
    CarePlanView,
    CareTaskView,
    Completion,
    NewCarePlan,
    NewOccasion,
    OccasionView,
    Skipping,
    plan_view,
    task_view,
)
from customer_profile.care.store import CareReader, CareStore
from customer_profile.customer.domain import CustomerNotFound
from customer_profile.customer.store import BEFORE_ALL, CustomerStore

router = Router(tags=["care"])


@router.post(
    "/v1/care-plans", status_code=201, response_model=CarePlanView, raises=[UnitNotAllowed]
)
async def create_care_plan(
    body: NewCarePlan, call: Annotated[Call, requires("care:write")]
) -> Response:
    """Make a care plan.

    Birthdays and closed complaints are noticed by themselves; tell other occasions at POST
    /v1/care-occasions. Without `unit` the plan is for the whole company, or for the caller's first
    unit where the token is bound to units.
    """
    unit = (
        None
        if body.unit is None and call.caller.units is None
        else unit_for(call.caller, body.unit, default="")
    )
    plan = CarePlan(
        id=call.new_id(),
        name=body.name,
        occasion=body.occasion,
        within_days=body.within_days,
        channel=body.channel,
        purpose=body.purpose,
        template={str(language): text for language, text in body.template.items()},
        segment=body.segment.segment() if body.segment else None,
        unit=unit,
        owner=body.owner,
        is_enabled=body.enabled,
        created_at=call.at,
    )
    async with call.transaction() as tx:
        await CareStore.of(tx, call.caller).add_plan(plan, at=call.at)
        if plan.occasion is Occasion.BIRTHDAY:
            await birthdays.look_soon(tx, plan.id, zone=call.settings.time_zone, at=call.at)
        return call.created(plan_view(plan), location=f"/v1/care-plans/{plan.id}", version=1)


@router.get("/v1/care-plans/{plan_id}", response_model=CarePlanView, raises=[CarePlanNotFound])
async def read_care_plan(plan_id: Id, call: Annotated[Call, requires("care:read")]) -> Response:
    """Read a care plan."""
    async with call.reading() as reader:
        plan = await CareReader.of(reader, call.caller).get_plan(plan_id)
    return call.answer(plan_view(plan), version=plan.version)


@router.get("/v1/care-plans", response_model=Page[CarePlanView])
async def list_care_plans(
    call: Annotated[Call, requires("care:read")], page: Annotated[PageOf, Depends()]
) -> Response:
    """List the care plans of the company and of the caller's units."""
    (after,) = page.after or (BEFORE_ALL,)
    async with call.reading() as reader:
        rows = await CareReader.of(reader, call.caller).list_plans(after=after, limit=page.fetch)
    items = [plan_view(plan_of(row)) for row in rows[: page.limit]]
    return call.page(page, items, next_cursor=page.next_cursor(rows, "id"))


@router.patch(
    "/v1/care-plans/{plan_id}",
    response_model=CarePlanView,
    raises=[CarePlanNotFound, CarePlanOfTheCompany, CarePlanWithoutText],
)
async def change_care_plan(
    plan_id: Id,
    body: Annotated[CarePlanChange, MergePatch],
    call: Annotated[Call, requires("care:write")],
) -> Response:
    """Change a care plan; the tasks that it made stay as they are."""
    async with call.transaction() as tx:
        plans = CareStore.of(tx, call.caller)
        before = await plans.get_plan_to_change(plan_id)
        call.require_match(before.version)
        after = replace(before, **sent(before, body), version=before.version + 1)
        await plans.save_plan(before, after, at=call.at)
        if after.occasion is Occasion.BIRTHDAY:
            await birthdays.look_soon(tx, after.id, zone=call.settings.time_zone, at=call.at)
        return call.answer(plan_view(after), version=after.version)


@router.delete(
    "/v1/care-plans/{plan_id}", status_code=204, raises=[CarePlanNotFound, CarePlanOfTheCompany]
)
async def remove_care_plan(plan_id: Id, call: Annotated[Call, requires("care:write")]) -> Response:
    """Remove a care plan; the tasks that it made stay."""
    async with call.transaction() as tx:
        plans = CareStore.of(tx, call.caller)
        plan = await plans.get_plan_to_change(plan_id)
        call.require_match(plan.version)
        await plans.remove_plan(plan, at=call.at)
        return call.nothing()


@router.post("/v1/care-occasions", response_model=OccasionView, raises=[CustomerNotFound])
async def tell_occasion(
    body: NewOccasion, call: Annotated[Call, requires("care:write")]
) -> Response:
    """Tell that something happened which care plans wait for, such as a delivery.

    The tasks of all plans for it are made and answered. An occasion told again with the same `key`
    makes no second task; without a key it counts once a day of the company's time zone.
    """
    at = body.occurred_at or call.at
    day = at.astimezone(ZoneInfo(call.settings.time_zone)).date()
    # What is noticed here has keys of its own: whoever tells a birthday takes none of them.
    happening = Happening(
        key=f"told:{body.occasion}:{body.key or day.isoformat()}", occasion=body.occasion, at=at
    )
    async with call.transaction() as tx:
        customers = CustomerStore.of(tx, call.caller)
        await customers.keep(body.customer_id)
        customer = await customers.get(body.customer_id)
        made = await caring(tx, call.settings, at=call.at).answer(customer, happening)
        view = OccasionView(
            customer_id=customer.id,
            occasion=body.occasion,
            tasks=[task_view(task) for task in made[:200]],
        )
        return call.answer(view, units=[customer.unit])


@router.get("/v1/care-tasks", response_model=Page[CareTaskView])
async def list_care_tasks(
    call: Annotated[Call, requires("care:read")],
    page: Annotated[PageOf, Depends()],
    customer_id: Annotated[Id | None, Query()] = None,
    state: Annotated[TaskState | None, Query()] = None,
) -> Response:
    """List care tasks, those due first in front."""
    after = page.after or (EARLIEST, BEFORE_ALL)
    async with call.reading() as reader:
        tasks = CareReader.of(reader, call.caller)
        rows = await tasks.list_tasks(
            customer_id=customer_id, state=state, after=after, limit=page.fetch
        )
    items = [task_view(task_of(row)) for row in rows[: page.limit]]
    return call.page(page, items, next_cursor=page.next_cursor(rows, "due_at", "id"))


@router.get("/v1/care-tasks/{task_id}", response_model=CareTaskView, raises=[CareTaskNotFound])
async def read_care_task(task_id: Id, call: Annotated[Call, requires("care:read")]) -> Response:
    """Read a care task."""
    async with call.reading() as reader:
        task = await CareReader.of(reader, call.caller).get_task(task_id)
    return call.answer(task_view(task), version=task.version)


@router.post(
    "/v1/care-tasks/{task_id}/completion",
    response_model=CareTaskView,
    raises=[CareTaskNotFound, CareTaskNotOpen],
)
async def complete_care_task(
    task_id: Id, body: Completion, call: Annotated[Call, requires("care:write")]
) -> Response:
    """Say that a care task was done, and how it went."""
    async with call.transaction() as tx:
        tasks = CareStore.of(tx, call.caller)
        before, unit = await tasks.get_task_to_change(task_id)
        call.honor_match(before.version)
        after = before.completed(body.outcome, note=body.note, at=call.at)
        return await ended(call, tasks, before, after, unit)


@router.post(
    "/v1/care-tasks/{task_id}/skipping",
    response_model=CareTaskView,
    raises=[CareTaskNotFound, CareTaskNotOpen],
)
async def skip_care_task(
    task_id: Id, body: Skipping, call: Annotated[Call, requires("care:write")]
) -> Response:
    """Leave a care task undone, for a reason."""
    async with call.transaction() as tx:
        tasks = CareStore.of(tx, call.caller)
        before, unit = await tasks.get_task_to_change(task_id)
        call.honor_match(before.version)
        after = before.skipped(body.reason, note=body.note, at=call.at)
        return await ended(call, tasks, before, after, unit)


async def ended(
    call: Call, tasks: CareStore, before: CareTask, after: CareTask, unit: str
) -> Response:
    await tasks.end_task(before, after, unit=unit, entry_id=call.new_id())
    return call.answer(task_view(after), version=after.version)


def sent(before: CarePlan, body: CarePlanChange) -> dict[str, Any]:
    """The fields that were sent, as the domain holds them."""
    given = {name: getattr(body, name) for name in body.model_fields_set}
    if "enabled" in given:
        given["is_enabled"] = given.pop("enabled")
    if "segment" in given:
        patch = body.segment.model_dump(mode="json", exclude_unset=True) if body.segment else None
        given["segment"] = (
            None if patch is None else segment_of(merged(segment_row(before.segment), patch))
        )
    if "template" in given:
        given["template"] = merged(
            before.template, {str(language): text for language, text in body.template.items()}
        )
    return given
