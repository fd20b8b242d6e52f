"""What the feed tells of a case: ids and business facts, never what the customer said."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Annotated

from pydantic import Field
from service_kit.store.outbox import Event
from service_kit.words.fields import Id, Output, Rating, Timestamp

from complaints.case.domain import Case, Complaint, Step
from complaints.case.fields import Category, EscalationLevel, Number, Percent, Round
from complaints.clock.clocks import Clocks, Told
from complaints.clock.domain import BREACH, ONE_LEVEL_UP, Clock
from complaints.course.domain import TABLE, State
from complaints.words import Channel, Kind, Severity, Verdict


class ComplaintData(Output):
    """A complaint was recorded or moved; `state` is the one that it is in now."""

    complaint_id: Id
    number: Number
    customer_id: Id
    contact_id: Id | None
    kind: Kind
    channel: Channel
    category: Category
    severity: Severity
    state: State
    is_open: bool
    verdict: Verdict | None
    department: Annotated[str | None, Field(max_length=200)]
    satisfaction: Rating | None
    escalation_level: EscalationLevel
    received_at: Timestamp
    closed_at: Timestamp | None


class ClockData(ComplaintData):
    """A clock of a complaint reached a warning or its due date; told once for each."""

    clock: Annotated[str, Field(max_length=64)]
    round: Round
    percent: Percent
    due_at: Timestamp
    provisional: bool


class EscalationData(ComplaintData):
    """A complaint rose to a level because one of its clocks is late."""

    clock: Annotated[str, Field(max_length=64)]
    level: EscalationLevel
    notify: Annotated[str, Field(max_length=200)]


_MOVED = sorted({event for row in TABLE for event in row.events.values()})
EVENTS: Mapping[str, type[Output]] = {
    "complaint.received": ComplaintData,
    **{f"complaint.{event}": ComplaintData for event in _MOVED},
    "complaint.escalated": EscalationData,
    "clock.warned": ClockData,
    "clock.breached": ClockData,
}


def facts(complaint: Complaint) -> dict[str, object]:
    """What every event of a case carries."""
    report = complaint.report
    return {
        "complaint_id": str(complaint.id),
        "number": complaint.number,
        "customer_id": str(report.customer_id),
        "contact_id": str(report.contact_id) if report.contact_id else None,
        "kind": str(report.kind),
        "channel": str(report.channel),
        "category": report.category,
        "severity": str(report.severity),
        "state": str(complaint.state),
        "is_open": complaint.is_open,
        "verdict": str(complaint.verdict) if complaint.verdict else None,
        "department": complaint.department,
        "satisfaction": complaint.satisfaction,
        "escalation_level": complaint.escalation_level,
        "received_at": report.received_at.isoformat(),
        "closed_at": complaint.closed_at.isoformat() if complaint.closed_at else None,
    }


def received(complaint: Complaint, *, at: datetime) -> Event:
    return _event("complaint.received", complaint, at, facts(complaint))


def moved(complaint: Complaint, step: Step) -> Event:
    return _event(f"complaint.{step.event}", complaint, step.at, facts(complaint))


def dated_anew(case: Case, before: Clocks, *, at: datetime) -> Event:
    """For the audit: the clocks that were reckoned again by a newer version of their calendar."""
    clocks = [
        {**_clock_facts(clock), "calendar_version": clock.terms.calendar_version}
        for clock in case.clocks.changed_since(before)
    ]
    return _event("complaint.dated_anew", case.complaint, at, {"clocks": clocks})


def told(
    complaint: Complaint, marks: Iterable[Told], *, at: datetime
) -> tuple[Complaint, list[Event]]:
    """The events of the marks that were reached, and the case raised as they say;
    a level reached before is not told again.
    """
    events: list[Event] = []
    known = facts(complaint)
    for each in marks:
        mark = each.mark
        if mark.is_escalation:
            raised = complaint.escalate(None if mark.level == ONE_LEVEL_UP else mark.level)
            if raised.escalation_level == complaint.escalation_level:
                continue
            complaint, known = raised, {**known, "escalation_level": raised.escalation_level}
            extra = {
                "clock": each.clock.name,
                "level": raised.escalation_level,
                "notify": mark.notify,
            }
            events.append(_event("complaint.escalated", complaint, at, {**known, **extra}))
        else:
            kind = "clock.breached" if mark.percent == BREACH else "clock.warned"
            events.append(
                _event(
                    kind,
                    complaint,
                    at,
                    {**known, **_clock_facts(each.clock), "percent": mark.percent},
                )
            )
    return complaint, events


def _clock_facts(clock: Clock) -> dict[str, object]:
    return {
        "clock": clock.name,
        "round": clock.round,
        "due_at": clock.due_at.isoformat(),
        "provisional": clock.is_provisional,
    }


def _event(kind: str, complaint: Complaint, at: datetime, payload: Mapping[str, object]) -> Event:
    return Event(type=kind, subject=complaint.id, at=at, unit=complaint.unit, payload=payload)
