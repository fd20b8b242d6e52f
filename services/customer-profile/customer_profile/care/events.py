"""What is told about care tasks: when one is due and how it ended, not its words."""

from service_kit.store.outbox import Event
from service_kit.words.fields import Id, Output, Timestamp, written

from customer_profile.care.domain import CareTask, Made, Occasion, TaskState


class CareTaskCreatedData(Output):
    """A care task was made."""

    care_task_id: Id
    customer_id: Id
    plan_id: Id
    occasion: Occasion
    state: TaskState
    due_at: Timestamp


class CareTaskEndedData(Output):
    """A care task was done or skipped."""

    care_task_id: Id
    customer_id: Id
    plan_id: Id
    state: TaskState


def created(made: Made) -> Event:
    task = made.task
    payload = _payload(task) | {"occasion": made.occasion.value, "due_at": written(task.due_at)}
    return Event(
        type="care_task.created",
        subject=task.id,
        unit=made.unit,
        at=task.created_at,
        payload=payload,
    )


def ended(task: CareTask, unit: str) -> Event:
    assert task.ended_at is not None
    type_ = "care_task.completed" if task.state is TaskState.DONE else "care_task.skipped"
    return Event(type=type_, subject=task.id, unit=unit, at=task.ended_at, payload=_payload(task))


def _payload(task: CareTask) -> dict[str, str]:
    return {
        "care_task_id": str(task.id),
        "customer_id": str(task.customer_id),
        "plan_id": str(task.plan_id),
        "state": task.state.value,
    }
