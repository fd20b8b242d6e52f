"""What is told about care tasks: when one is due and how it ended, not its words."""

from service_kit.store.events import Event, Told
from service_kit.words.fields import Id, Timestamp

from customer_profile.care.domain import CareTask, Made, Occasion, TaskState


class CareTaskCreated(Event, type="care_task.created"):
    """A care task was made."""

    care_task_id: Id
    customer_id: Id
    plan_id: Id
    occasion: Occasion
    state: TaskState
    due_at: Timestamp

    @classmethod
    def of(cls, made: Made) -> Told:
        task = made.task
        told = cls(
            care_task_id=task.id,
            customer_id=task.customer_id,
            plan_id=task.plan_id,
            occasion=made.occasion,
            state=task.state,
            due_at=task.due_at,
        )
        return told.about(task.id, unit=made.unit, at=task.created_at)


class CareTaskEnded(Event):
    """A care task was done or skipped."""

    care_task_id: Id
    customer_id: Id
    plan_id: Id
    state: TaskState

    @classmethod
    def of(cls, task: CareTask, *, unit: str) -> Told:
        assert task.ended_at is not None
        kind = CareTaskCompleted if task.state is TaskState.DONE else CareTaskSkipped
        told = kind(
            care_task_id=task.id,
            customer_id=task.customer_id,
            plan_id=task.plan_id,
            state=task.state,
        )
        return told.about(task.id, unit=unit, at=task.ended_at)


class CareTaskCompleted(CareTaskEnded, type="care_task.completed"):
    """A care task was done."""


class CareTaskSkipped(CareTaskEnded, type="care_task.skipped"):
    """A care task was skipped."""
