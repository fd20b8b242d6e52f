"""What the feed tells of a case: ids and business facts, never what the customer said."""

import sys
from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any

from pydantic import Field
from service_kit.store.events import Action, Event, Told, by_type, events_in
from service_kit.words.fields import Id, Rating, Timestamp

from complaints.case.domain import Case, Complaint, Step
from complaints.case.fields import Category, EscalationLevel, Number, Percent, Round
from complaints.clock.clocks import Clocks, Reached
from complaints.clock.domain import BREACH, ONE_LEVEL_UP, Clock
from complaints.course.domain import State
from complaints.words import Channel, Kind, Severity, Verdict


class ComplaintTold(Event):
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

    @classmethod
    def of(cls, complaint: Complaint, *, at: datetime, **more: Any) -> Told:
        """`more` are the members that this type tells beside those of every complaint."""
        report = complaint.report
        told = cls(
            complaint_id=complaint.id,
            number=complaint.number,
            customer_id=report.customer_id,
            contact_id=report.contact_id,
            kind=report.kind,
            channel=report.channel,
            category=report.category,
            severity=report.severity,
            state=complaint.state,
            is_open=complaint.is_open,
            verdict=complaint.verdict,
            department=complaint.department,
            satisfaction=complaint.satisfaction,
            escalation_level=complaint.escalation_level,
            received_at=report.received_at,
            closed_at=complaint.closed_at,
            **more,
        )
        return told.about(complaint.id, unit=complaint.unit, at=at)


class ComplaintReceived(ComplaintTold, type="complaint.received"):
    """A complaint was recorded."""


class ComplaintAcknowledged(ComplaintTold, type="complaint.acknowledged"):
    """The customer was told that the complaint arrived."""


class ComplaintAssessed(ComplaintTold, type="complaint.assessed"):
    """A complaint was found to be valid."""


class ComplaintNotUpheld(ComplaintTold, type="complaint.not_upheld"):
    """A complaint was found not to be valid."""


class ComplaintAssigned(ComplaintTold, type="complaint.assigned"):
    """A department was made responsible for a complaint."""


class ComplaintAnalyzed(ComplaintTold, type="complaint.analyzed"):
    """The cause of a complaint was found."""


class ComplaintProposed(ComplaintTold, type="complaint.proposed"):
    """Remedies for a complaint were proposed."""


class ComplaintApproved(ComplaintTold, type="complaint.approved"):
    """A proposal was approved."""


class ComplaintReturned(ComplaintTold, type="complaint.returned"):
    """A proposal was sent back to be changed."""


class ComplaintRejected(ComplaintTold, type="complaint.rejected"):
    """A proposal was turned down."""


class ComplaintImplementation(ComplaintTold, type="complaint.implementation"):
    """Some of the approved remedies were carried out."""


class ComplaintImplemented(ComplaintTold, type="complaint.implemented"):
    """All approved remedies were carried out."""


class ComplaintAnswered(ComplaintTold, type="complaint.answered"):
    """The customer was answered."""


class ComplaintFeedback(ComplaintTold, type="complaint.feedback"):
    """The customer said what they think of the answer."""


class ComplaintClosed(ComplaintTold, type="complaint.closed"):
    """A complaint was summed up and closed."""


class ComplaintWithdrawn(ComplaintTold, type="complaint.withdrawn"):
    """The customer took a complaint back."""


class ComplaintReopened(ComplaintTold, type="complaint.reopened"):
    """A complaint that was over is worked on again."""


class ComplaintReassigned(ComplaintTold, type="complaint.reassigned"):
    """A complaint came to another department or handler."""


class ComplaintPaused(ComplaintTold, type="complaint.paused"):
    """The clocks of a complaint stand still."""


class ComplaintResumed(ComplaintTold, type="complaint.resumed"):
    """The clocks of a complaint run on."""


class ComplaintEscalated(ComplaintTold, type="complaint.escalated"):
    """A complaint rose to a level because one of its clocks is late."""

    clock: Annotated[str, Field(max_length=64)]
    level: EscalationLevel
    notify: Annotated[str, Field(max_length=200)]


class ClockTold(ComplaintTold):
    """A clock of a complaint reached a warning or its due date; told once for each."""

    clock: Annotated[str, Field(max_length=64)]
    round: Round
    percent: Percent
    due_at: Timestamp
    provisional: bool


class ClockWarned(ClockTold, type="clock.warned"):
    """A clock of a complaint reached a warning; told once for each."""


class ClockBreached(ClockTold, type="clock.breached"):
    """A clock of a complaint reached its due date; told once."""


EVENTS = events_in(sys.modules[__name__])
MOVES = by_type(event for event in EVENTS if issubclass(event, ComplaintTold))


def received(complaint: Complaint, *, at: datetime) -> Told:
    return ComplaintReceived.of(complaint, at=at)


def moved(complaint: Complaint, step: Step) -> Told:
    return MOVES[f"complaint.{step.event}"].of(complaint, at=step.at)


def dated_anew(case: Case, before: Clocks, *, at: datetime) -> Action:
    """For the audit: the clocks that were reckoned again by a newer version of their calendar."""
    clocks = [
        {
            **_reading(clock),
            "due_at": clock.due_at.isoformat(),
            "calendar_version": clock.terms.calendar_version,
        }
        for clock in case.clocks.changed_since(before)
    ]
    return Action(
        name="complaint.dated_anew",
        subject=case.complaint.id,
        unit=case.complaint.unit,
        at=at,
        values={"clocks": clocks},
    )


def told(
    complaint: Complaint, marks: Iterable[Reached], *, at: datetime
) -> tuple[Complaint, list[Told]]:
    """The events of the marks that were reached, and the case raised as they say;
    a level reached before is not told again.
    """
    events: list[Told] = []
    for each in marks:
        mark = each.mark
        if mark.is_escalation:
            raised = complaint.escalate(None if mark.level == ONE_LEVEL_UP else mark.level)
            if raised.escalation_level == complaint.escalation_level:
                continue
            complaint = raised
            rise = {
                "clock": each.clock.name,
                "level": raised.escalation_level,
                "notify": mark.notify,
            }
            events.append(ComplaintEscalated.of(complaint, at=at, **rise))
        else:
            reached = ClockBreached if mark.percent == BREACH else ClockWarned
            events.append(
                reached.of(complaint, at=at, percent=mark.percent, **_reading(each.clock))
            )
    return complaint, events


def _reading(clock: Clock) -> dict[str, Any]:
    return {
        "clock": clock.name,
        "round": clock.round,
        "due_at": clock.due_at,
        "provisional": clock.is_provisional,
    }
