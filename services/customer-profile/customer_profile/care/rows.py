"""Care plans and tasks as rows and back."""

from typing import Any

from service_kit.store.running import Record

from customer_profile.care.domain import CarePlan, CareTask, Occasion, Segment, TaskState
from customer_profile.customer.domain import Kind
from customer_profile.touch import Channel, Purpose


def plan_of(row: Record) -> CarePlan:
    return CarePlan(
        id=row["id"],
        version=row["version"],
        name=row["name"],
        occasion=Occasion(row["occasion"]),
        within_days=row["within_days"],
        channel=Channel(row["channel"]),
        purpose=Purpose(row["purpose"]),
        template=row["template"],
        segment=segment_of(row["segment"]),
        unit=row["unit"],
        owner=row["owner"],
        is_enabled=row["is_enabled"],
        is_built_in=row["is_built_in"],
        created_at=row["created_at"],
    )


def plan_row(plan: CarePlan) -> dict[str, Any]:
    return {
        "id": plan.id,
        "version": plan.version,
        "occasion": plan.occasion.value,
        "unit": plan.unit,
        "is_built_in": plan.is_built_in,
        "created_at": plan.created_at,
        "name": plan.name,
        "within_days": plan.within_days,
        "channel": plan.channel.value,
        "purpose": plan.purpose.value,
        "template": dict(plan.template),
        "segment": segment_row(plan.segment),
        "owner": plan.owner,
        "is_enabled": plan.is_enabled,
    }


def segment_row(segment: Segment | None) -> dict[str, Any] | None:
    if segment is None:
        return None
    return {
        "kind": segment.kind.value if segment.kind else None,
        "tier_min": segment.tier_min,
        "tag": segment.tag,
    }


def segment_of(row: dict[str, Any] | None) -> Segment | None:
    """The segment of a row, or of what a merge patch made of it:
    what is left out does not matter.
    """
    if row is None:
        return None
    kind = row.get("kind")
    return Segment(
        kind=Kind(kind) if kind else None, tier_min=row.get("tier_min"), tag=row.get("tag")
    )


def task_of(row: Record) -> CareTask:
    return CareTask(
        id=row["id"],
        version=row["version"],
        customer_id=row["customer_id"],
        plan_id=row["plan_id"],
        plan=row["plan"],
        occasion_key=row["occasion_key"],
        due_at=row["due_at"],
        owner=row["owner"],
        channel=Channel(row["channel"]),
        text=row["text"],
        state=TaskState(row["state"]),
        reasons=tuple(row["reasons"]),
        outcome=row["outcome"],
        note=row["note"],
        ended_at=row["ended_at"],
        created_at=row["created_at"],
    )


def task_row(task: CareTask) -> dict[str, Any]:
    return {
        "customer_id": task.customer_id,
        "id": task.id,
        "version": task.version,
        "plan_id": task.plan_id,
        "plan": task.plan,
        "occasion_key": task.occasion_key,
        "due_at": task.due_at,
        "owner": task.owner,
        "channel": task.channel.value,
        "text": task.text,
        "state": task.state.value,
        "reasons": list(task.reasons),
        "outcome": task.outcome,
        "note": task.note,
        "ended_at": task.ended_at,
        "created_at": task.created_at,
    }
