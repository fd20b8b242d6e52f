"""Care plans and tasks in Postgres. A plan makes one task per occasion of a customer: a unique key holds that."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from service_kit.access.units import within_units
from service_kit.store.database import Transaction
from service_kit.store.outbox import Event
from service_kit.store.running import Reader, Record
from service_kit.store.sqlstates import TransactionRolledBack
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
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, insert

from customer_profile.care.domain import (
    CarePlan,
    CarePlanNotFound,
    CarePlanOfTheCompany,
    CareTask,
    CareTaskNotFound,
    Made,
    Occasion,
    Segment,
)
from customer_profile.care.rows import plan_columns, plan_of, task_of, task_row
from customer_profile.customer.domain import Customer
from customer_profile.customer.rows import customer_of
from customer_profile.tables import care_plan, care_task, customer
from customer_profile.timeline.domain import Entry, EntryKind
from customer_profile.timeline.store import TimelineStore

# A plan of the whole company has no unit: everybody may read it, only callers of the whole company may change it.
_readable = or_(care_plan.c.unit.is_(None), within_units(care_plan.c.unit))
FIND_PLAN = select(care_plan).where(care_plan.c.id == bindparam("id"), _readable)
LOCK_PLAN = FIND_PLAN.with_for_update()
LIST_PLANS = (
    select(care_plan)
    .where(care_plan.c.id > bindparam("after", type_=Uuid), _readable)
    .order_by(care_plan.c.id)
    .limit(bindparam("limit", type_=Integer))
)
PLANS_OF = select(care_plan).where(care_plan.c.occasion == bindparam("occasion"), care_plan.c.is_enabled).order_by(care_plan.c.id)
INSERT_PLAN = insert(care_plan)
UPDATE_PLAN = (
    update(care_plan)
    .where(care_plan.c.id == bindparam("of"), care_plan.c.version == bindparam("was"))
    .values(
        {name: bindparam(f"new_{name}", type_=care_plan.c[name].type) for name in (
            "name", "within_days", "channel", "purpose", "template", "segment", "owner", "is_enabled"
        )}
        | {"version": care_plan.c.version + 1}
    )
)  # fmt: skip
DELETE_PLAN = delete(care_plan).where(care_plan.c.id == bindparam("of"))

_of_present = (care_task.c.customer_id == customer.c.id, customer.c.erased_at.is_(None), within_units(customer.c.unit))
FIND_TASK = select(care_task, customer.c.unit).where(care_task.c.id == bindparam("id"), *_of_present)
LOCK_TASK = FIND_TASK.with_for_update(of=care_task)
# An array of arrays cannot be taken apart: the reasons of a task go as one text.
_shapes = {each.name: String() if each.name == "reasons" else each.type for each in care_task.c}
_made = rows("made", **_shapes)
INSERT_TASKS = (
    insert(care_task)
    .from_select(
        list(_shapes),
        select(*(func.string_to_array(_made.c[name], " ") if name == "reasons" else _made.c[name] for name in _shapes)),
    )
    .on_conflict_do_nothing(index_elements=[care_task.c.customer_id, care_task.c.plan_id, care_task.c.occasion_key])
    .returning(care_task.c.id)
)
END_TASK = (
    update(care_task)
    .where(
        care_task.c.customer_id == bindparam("of_customer"),
        care_task.c.id == bindparam("of"),
        care_task.c.version == bindparam("was"),
    )
    .values(
        state=bindparam("new_state"),
        outcome=bindparam("new_outcome"),
        note=bindparam("new_note"),
        ended_at=bindparam("new_ended_at"),
        version=care_task.c.version + 1,
    )
)


def _unless_asked(name: str, type_: Any, condition: Callable[[Any], ColumnElement[bool]]) -> ColumnElement[bool]:
    """True where nothing is asked for, else what the condition says of it."""
    asked: Any = bindparam(name, type_=type_)
    return or_(asked.is_(None), condition(asked))


# Customers of a plan's unit and segment who keep a birthday and have no task of this plan for it yet, behind an id. They are
# kept until the transaction ends, so that no file is erased while it is greeted.
CELEBRATED = (
    select(*[each for each in customer.c if each.name not in ("erased_at", "birthday")])
    .where(
        customer.c.birthday == any_(bindparam("birthdays", type_=ARRAY(SmallInteger))),
        customer.c.id > bindparam("after", type_=Uuid),
        customer.c.erased_at.is_(None),
        within_units(customer.c.unit),
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
        tuple_(care_task.c.due_at, care_task.c.id) > tuple_(bindparam("after_at", type_=Moment), bindparam("after", type_=Uuid)),
        *_of_present,
    )
    if of_customer:
        statement = statement.where(care_task.c.customer_id == bindparam("customer_id", type_=Uuid))
    if state:
        statement = statement.where(care_task.c.state == bindparam("state", type_=String))
    return statement.order_by(care_task.c.due_at, care_task.c.id).limit(bindparam("limit", type_=Integer))


class CareStore:
    """Plans and tasks in one transaction."""

    def __init__(self, tx: Transaction, units: Sequence[str] | None) -> None:
        self._tx = tx
        self._units = units

    async def plan_to_change(self, plan_id: UUID) -> CarePlan:
        """The plan, locked; CarePlanNotFound where this caller sees none such, CarePlanOfTheCompany where seeing is all that is allowed."""
        row = await self._tx.fetch_one(LOCK_PLAN, id=plan_id, units=self._units)
        if row is None:
            raise CarePlanNotFound()
        if row["unit"] is None and self._units is not None:
            raise CarePlanOfTheCompany()
        return plan_of(row)

    async def add_plan(self, plan: CarePlan, *, at: datetime) -> None:
        row = plan_columns(plan)
        await self._tx.execute(
            INSERT_PLAN,
            id=plan.id,
            version=plan.version,
            occasion=plan.occasion.value,
            unit=plan.unit,
            is_built_in=plan.is_built_in,
            created_at=plan.created_at,
            **row,
        )
        self._audit("care_plan.created", plan, at=at)

    async def save_plan(self, before: CarePlan, after: CarePlan, *, at: datetime) -> None:
        given = {f"new_{name}": value for name, value in plan_columns(after).items()}
        if not await self._tx.execute(UPDATE_PLAN, of=after.id, was=before.version, **given):
            raise TransactionRolledBack("the care plan changed meanwhile")
        self._audit("care_plan.changed", after, at=at)

    async def remove_plan(self, plan: CarePlan, *, at: datetime) -> None:
        await self._tx.execute(DELETE_PLAN, of=plan.id)
        self._audit("care_plan.removed", plan, at=at)

    def _audit(self, action: str, plan: CarePlan, *, at: datetime) -> None:
        """Plans are nobody's news: who wrote them, and how they were then, stands in the audit."""
        payload = {"care_plan_id": str(plan.id), "version": plan.version, "occasion": plan.occasion.value, **plan_columns(plan)}
        self._tx.audit(Event(type=action, subject=plan.id, unit=plan.unit, at=at, payload=payload))

    async def plans(self, occasion: Occasion) -> list[CarePlan]:
        """The enabled plans for an occasion, of all units."""
        return [plan_of(row) for row in await self._tx.fetch(PLANS_OF, occasion=occasion.value)]

    async def task_to_end(self, task_id: UUID) -> tuple[CareTask, str]:
        """The task, locked, and its customer's unit; CareTaskNotFound where there is none within the units."""
        row = await self._tx.fetch_one(LOCK_TASK, id=task_id, units=self._units)
        if row is None:
            raise CareTaskNotFound()
        return task_of(row), row["unit"]

    async def add_tasks(self, made: Sequence[Made]) -> list[CareTask]:
        """Write new tasks, tell them and show them on the timeline; those whose occasion had made one already are left out."""
        new_rows = [task_row(each.task) | {"reasons": " ".join(each.task.reasons)} for each in made]
        columns = {f"made_{name}": [row[name] for row in new_rows] for name in _shapes}
        written_ids = {row["id"] for row in await self._tx.fetch(INSERT_TASKS, **columns)}
        new = [each for each in made if each.task.id in written_ids]
        tasks = [each.task for each in new]
        await TimelineStore(self._tx).add(*(entry_of(task, "care_task.created", id=task.id, at=task.created_at) for task in tasks))
        for each in new:
            self._tx.record(created(each))
        return tasks

    async def end_task(self, before: CareTask, after: CareTask, *, unit: str, entry_id: UUID) -> None:
        """Write that a task was done or skipped, tell it and show it on the timeline."""
        assert after.ended_at is not None
        ended = await self._tx.execute(
            END_TASK,
            of_customer=after.customer_id,
            of=after.id,
            was=before.version,
            new_state=after.state.value,
            new_outcome=after.outcome,
            new_note=after.note,
            new_ended_at=after.ended_at,
        )
        if not ended:
            raise TransactionRolledBack("the care task changed meanwhile")
        type_ = "care_task.completed" if after.state.value == "done" else "care_task.skipped"
        payload = {
            "care_task_id": str(after.id),
            "customer_id": str(after.customer_id),
            "plan_id": str(after.plan_id),
            "state": after.state.value,
        }
        await TimelineStore(self._tx).add(entry_of(after, type_, id=entry_id, at=after.ended_at))
        event = Event(type=type_, subject=after.id, unit=unit, at=after.ended_at, payload=payload)
        self._tx.record(event, values={"outcome": after.outcome, "note": after.note})

    async def celebrated(self, plan: CarePlan, birthdays: Sequence[int], *, key: str, after: UUID, limit: int) -> list[Customer]:
        """Customers of the plan who keep one of the birthdays (as 229) and have no task of it yet, by id, behind an id."""
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


async def find_plan(reader: Reader, plan_id: UUID, units: Sequence[str] | None) -> CarePlan:
    """The plan; CarePlanNotFound where there is none that this caller may see."""
    row = await reader.fetch_one(FIND_PLAN, id=plan_id, units=units)
    if row is None:
        raise CarePlanNotFound()
    return plan_of(row)


async def find_task(reader: Reader, task_id: UUID, units: Sequence[str] | None) -> CareTask:
    row = await reader.fetch_one(FIND_TASK, id=task_id, units=units)
    if row is None:
        raise CareTaskNotFound()
    return task_of(row)


async def list_plans(reader: Reader, *, after: UUID, limit: int, units: Sequence[str] | None) -> list[Record]:
    return await reader.fetch(LIST_PLANS, after=after, limit=limit, units=units)


async def list_tasks(
    reader: Reader, *, customer_id: UUID | None, state: str | None, after: tuple[Any, UUID], limit: int, units: Sequence[str] | None
) -> list[Record]:
    """The rows of tasks by due moment, behind a moment and an id."""
    filters: dict[str, object] = {} if customer_id is None else {"customer_id": customer_id}
    filters |= {} if state is None else {"state": state}
    statement = listing(of_customer=customer_id is not None, state=state is not None)
    return await reader.fetch(statement, after_at=after[0], after=after[1], limit=limit, units=units, **filters)


def created(made: Made) -> Event:
    task = made.task
    payload = {
        "care_task_id": str(task.id),
        "customer_id": str(task.customer_id),
        "plan_id": str(task.plan_id),
        "occasion": made.occasion.value,
        "state": task.state.value,
        "due_at": written(task.due_at),
    }
    return Event(type="care_task.created", subject=task.id, unit=made.unit, at=task.created_at, payload=payload)


def entry_of(task: CareTask, label: str, *, id: UUID, at: Any) -> Entry:
    """What of a task the timeline shows; the outcome only, notes stay with the task."""
    return Entry(
        customer_id=task.customer_id,
        id=id,
        occurred_at=at,
        channel=task.channel.value,
        kind=EntryKind.CARE,
        label=label if task.state.value != "skipped" else "care_task.skipped",
        details={"plan": task.plan, "due_at": written(task.due_at), "state": task.state.value, "outcome": task.outcome},
        ref_type="care_task",
        ref_id=task.id,
    )
