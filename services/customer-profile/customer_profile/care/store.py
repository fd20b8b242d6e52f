"""Care plans and tasks in Postgres.
A plan makes one task per occasion of a customer: a unique key holds that.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from service_kit.access.units import within_units
from service_kit.store.database import Transaction
from service_kit.store.events import Action
from service_kit.store.running import Record
from service_kit.store.statements import rows
from service_kit.store.tables import Moment
from service_kit.words.fields import written
from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    SmallInteger,
    String,
    Uuid,
    any_,
    bindparam,
    delete,
    exists,
    func,
    or_,
    select,
    tuple_,
)
from sqlalchemy.dialects.postgresql import ARRAY, insert

from customer_profile.care import events
from customer_profile.care.domain import (
    CarePlan,
    CarePlanNotFound,
    CarePlanOfTheCompany,
    CareTask,
    CareTaskNotFound,
    Made,
    Occasion,
    Segment,
    TaskState,
)
from customer_profile.care.rows import plan_of, plan_row, task_of, task_row
from customer_profile.customer.domain import Customer
from customer_profile.customer.present import COLUMNS, SEEN, of_seen
from customer_profile.customer.rows import customer_of
from customer_profile.stores import Access, Store, by_id, change, changing
from customer_profile.tables import care_plan, care_task, customer
from customer_profile.timeline.domain import Entry, EntryKind
from customer_profile.timeline.store import TimelineStore

CHANGING = (
    "name",
    "within_days",
    "channel",
    "purpose",
    "template",
    "segment",
    "owner",
    "is_enabled",
)
# A plan of the whole company has no unit: everybody may read it, only callers of the whole company
# may change it.
_readable = or_(care_plan.c.unit.is_(None), within_units(care_plan.c.unit))
FIND_PLAN = select(care_plan).where(care_plan.c.id == bindparam("id"), _readable)
LOCK_PLAN = FIND_PLAN.with_for_update()
LIST_PLANS = by_id(select(care_plan).where(_readable), care_plan.c.id)
PLANS_OF = (
    select(care_plan)
    .where(care_plan.c.occasion == bindparam("occasion"), care_plan.c.is_enabled)
    .order_by(care_plan.c.id)
)
INSERT_PLAN = insert(care_plan)
UPDATE_PLAN = changing(care_plan, *CHANGING)
DELETE_PLAN = delete(care_plan).where(care_plan.c.id == bindparam("of"))

FIND_TASK = select(care_task, customer.c.unit).where(
    care_task.c.id == bindparam("id"), of_seen(care_task)
)
LOCK_TASK = FIND_TASK.with_for_update(of=care_task)
# An array of arrays cannot be taken apart: the reasons of a task go as one text.
_shapes = {each.name: String() if each.name == "reasons" else each.type for each in care_task.c}
_made = rows("made", **_shapes)
INSERT_TASKS = (
    insert(care_task)
    .from_select(
        list(_shapes),
        select(
            *(
                func.string_to_array(_made.c[name], " ") if name == "reasons" else _made.c[name]
                for name in _shapes
            )
        ),
    )
    .on_conflict_do_nothing(
        index_elements=[care_task.c.customer_id, care_task.c.plan_id, care_task.c.occasion_key]
    )
    .returning(care_task.c.id)
)
END_TASK = changing(care_task, "state", "outcome", "note", "ended_at")


def _unless_asked(
    name: str, type_: Any, condition: Callable[[Any], ColumnElement[bool]]
) -> ColumnElement[bool]:
    """True where nothing is asked for, else what the condition says of it."""
    asked: Any = bindparam(name, type_=type_)
    return or_(asked.is_(None), condition(asked))


# Customers of a plan's unit and segment who keep a birthday and have no task of this plan for it
# yet, behind an id. They are kept until the transaction ends, so that no file is erased while it is
# greeted.
CELEBRATED = (
    select(*COLUMNS)
    .where(
        customer.c.birthday == any_(bindparam("birthdays", type_=ARRAY(SmallInteger))),
        customer.c.id > bindparam("after", type_=Uuid),
        SEEN,
        _unless_asked("of_kind", String, lambda kind: customer.c.kind == kind),
        _unless_asked("tier_min", SmallInteger, lambda stars: customer.c.tier >= stars),
        _unless_asked("tag", String, lambda tag: tag == any_(customer.c.tags)),
        ~exists().where(
            care_task.c.customer_id == customer.c.id,
            care_task.c.plan_id == bindparam("plan_id", type_=Uuid),
            care_task.c.occasion_key == bindparam("occasion_key", type_=String),
        ),
    )
    .order_by(customer.c.id)
    .limit(bindparam("limit", type_=Integer))
    .with_for_update(key_share=True, read=True)
)


@cache
def listing(*, of_customer: bool, state: bool) -> Select[Any]:
    """Tasks by due moment, behind a moment and an id."""
    statement = select(care_task).where(
        tuple_(care_task.c.due_at, care_task.c.id)
        > tuple_(bindparam("after_at", type_=Moment), bindparam("after", type_=Uuid)),
        of_seen(care_task),
    )
    if of_customer:
        statement = statement.where(care_task.c.customer_id == bindparam("customer_id", type_=Uuid))
    if state:
        statement = statement.where(care_task.c.state == bindparam("state", type_=String))
    return statement.order_by(care_task.c.due_at, care_task.c.id).limit(
        bindparam("limit", type_=Integer)
    )


class CareReader(Store[Access]):
    """Reads plans and tasks."""

    async def get_plan(self, plan_id: UUID) -> CarePlan:
        """The plan; CarePlanNotFound where there is none that this caller may see."""
        return plan_of(await self._plan(FIND_PLAN, plan_id))

    async def _plan(self, statement: Select[Any], plan_id: UUID) -> Record:
        row = await self._tx.fetch_one(statement, id=plan_id, units=self._units)
        if row is None:
            raise CarePlanNotFound()
        return row

    async def list_plans(self, *, after: UUID, limit: int) -> list[Record]:
        """The rows of plans by id, behind an id."""
        return await self._tx.fetch(LIST_PLANS, after=after, limit=limit, units=self._units)

    async def get_task(self, task_id: UUID) -> CareTask:
        """The task; CareTaskNotFound where there is none within the units."""
        return task_of(await self._task(FIND_TASK, task_id))

    async def _task(self, statement: Select[Any], task_id: UUID) -> Record:
        row = await self._tx.fetch_one(statement, id=task_id, units=self._units)
        if row is None:
            raise CareTaskNotFound()
        return row

    async def list_tasks(
        self, *, customer_id: UUID | None, state: TaskState | None, after: Sequence[Any], limit: int
    ) -> list[Record]:
        """The rows of tasks by due moment, behind a moment and an id."""
        filters = {
            name: value
            for name, value in (("customer_id", customer_id), ("state", state))
            if value is not None
        }
        statement = listing(of_customer=customer_id is not None, state=state is not None)
        return await self._tx.fetch(
            statement, after_at=after[0], after=after[1], limit=limit, units=self._units, **filters
        )


class CareStore(CareReader[Transaction]):
    """Reads and writes plans and tasks."""

    async def get_plan_to_change(self, plan_id: UUID) -> CarePlan:
        """The plan, locked; CarePlanNotFound as in `get_plan`,
        CarePlanOfTheCompany where seeing is all that is allowed.
        """
        row = await self._plan(LOCK_PLAN, plan_id)
        if row["unit"] is None and self._units is not None:
            raise CarePlanOfTheCompany()
        return plan_of(row)

    async def add_plan(self, plan: CarePlan, *, at: datetime) -> None:
        await self._tx.execute(INSERT_PLAN, **plan_row(plan))
        self._audit("care_plan.created", plan, at=at)

    async def save_plan(self, before: CarePlan, after: CarePlan, *, at: datetime) -> None:
        await change(self._tx, UPDATE_PLAN, plan_row(after), was=before.version)
        self._audit("care_plan.changed", after, at=at)

    async def remove_plan(self, plan: CarePlan, *, at: datetime) -> None:
        await self._tx.execute(DELETE_PLAN, of=plan.id)
        self._audit("care_plan.removed", plan, at=at)

    def _audit(self, action: str, plan: CarePlan, *, at: datetime) -> None:
        """Plans are nobody's news: who wrote them, and how they were then, stands in the audit."""
        row = plan_row(plan)
        values = {
            "care_plan_id": str(plan.id),
            **{name: row[name] for name in ("version", "occasion", *CHANGING)},
        }
        self._tx.audit(Action(name=action, subject=plan.id, unit=plan.unit, at=at, values=values))

    async def plans(self, occasion: Occasion) -> list[CarePlan]:
        """The enabled plans for an occasion, of all units."""
        return [plan_of(row) for row in await self._tx.fetch(PLANS_OF, occasion=occasion.value)]

    async def get_task_to_change(self, task_id: UUID) -> tuple[CareTask, str]:
        """The task, locked, and its customer's unit; CareTaskNotFound as in `get_task`."""
        row = await self._task(LOCK_TASK, task_id)
        return task_of(row), row["unit"]

    async def add_tasks(self, made: Sequence[Made]) -> list[CareTask]:
        """Write new tasks, tell them and show them on the timeline;
        those whose occasion had made one already are left out.
        """
        new_rows = [task_row(each.task) | {"reasons": " ".join(each.task.reasons)} for each in made]
        columns = {f"made_{name}": [row[name] for row in new_rows] for name in _shapes}
        written_ids = {row["id"] for row in await self._tx.fetch(INSERT_TASKS, **columns)}
        new = [each for each in made if each.task.id in written_ids]
        tasks = [each.task for each in new]
        entries = [
            entry_of(task, "care_task.created", id=task.id, at=task.created_at) for task in tasks
        ]
        await TimelineStore(self._tx, None).add(*entries)
        for each in new:
            self._tx.record(events.CareTaskCreated.of(each))
        return tasks

    async def end_task(
        self, before: CareTask, after: CareTask, *, unit: str, entry_id: UUID
    ) -> None:
        """Write that a task was done or skipped, tell it and show it on the timeline."""
        await change(self._tx, END_TASK, task_row(after), was=before.version)
        event = events.CareTaskEnded.of(after, unit=unit)
        await TimelineStore(self._tx, None).add(
            entry_of(after, event.name, id=entry_id, at=event.at)
        )
        self._tx.record(event, values={"outcome": after.outcome, "note": after.note})

    async def celebrated(
        self, plan: CarePlan, birthdays: Sequence[int], *, key: str, after: UUID, limit: int
    ) -> list[Customer]:
        """Customers of the plan who keep one of the birthdays (as 229) and have no task of it yet,
        by id, behind an id.
        """
        segment = plan.segment or Segment()
        rows = await self._tx.fetch(
            CELEBRATED,
            plan_id=plan.id,
            units=None if plan.unit is None else [plan.unit],
            of_kind=None if segment.kind is None else segment.kind.value,
            tier_min=segment.tier_min,
            tag=segment.tag,
            birthdays=list(birthdays),
            occasion_key=key,
            after=after,
            limit=limit,
        )
        return [customer_of(row) for row in rows]


def entry_of(task: CareTask, label: str, *, id: UUID, at: Any) -> Entry:
    """What of a task the timeline shows; the outcome only, notes stay with the task."""
    return Entry(
        customer_id=task.customer_id,
        id=id,
        occurred_at=at,
        channel=task.channel.value,
        kind=EntryKind.CARE,
        label=label if task.state.value != "skipped" else "care_task.skipped",
        details={
            "plan": task.plan,
            "due_at": written(task.due_at),
            "state": task.state.value,
            "outcome": task.outcome,
        },
        ref_type="care_task",
        ref_id=task.id,
    )
