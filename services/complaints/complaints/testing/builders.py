"""Cases, clocks and policies with usual values, and a clock that stands."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from service_kit.words.money import Money

from complaints.approval.domain import Hand
from complaints.calendar.domain import Calendar, Window
from complaints.calendar.zone import HOUR
from complaints.case import records
from complaints.case.domain import Complaint, Report
from complaints.clock.domain import BREACH, Mark, Terms
from complaints.course.domain import State
from complaints.customer.domain import Recipient
from complaints.sla.domain import Applies, ClockRule, EscalationRule, Policy
from complaints.words import Channel, Kind, Measure, RemedyType, Severity

OFFICE_HOURS: tuple[Window, ...] = ((9 * HOUR, 12 * HOUR), (13 * HOUR, 18 * HOUR))
OFFICE_WEEK: Mapping[int, tuple[Window, ...]] = dict.fromkeys(range(5), OFFICE_HOURS)


def a_calendar(
    *,
    name: str = "office",
    version: int = 1,
    time_zone: str = "Asia/Shanghai",
    windows: Mapping[int, tuple[Window, ...]] = OFFICE_WEEK,
    holidays: Iterable[date] = (),
    working_days: Iterable[date] = (),
    published_until: date | None = None,
) -> Calendar:
    return Calendar(
        name=name,
        version=version,
        time_zone=time_zone,
        windows=windows,
        holidays=frozenset(holidays),
        working_days=frozenset(working_days),
        published_until=published_until,
    )


NOON = datetime(2026, 3, 11, 4, 0, tzinfo=UTC)
AN_ID = UUID("01890a5d-ac96-774b-bcce-b302099a8057")


def yuan(amount: str) -> Money:
    return Money(Decimal(amount), "CNY")


def a_hand(sub: str = "li", *, limit: Money | None = None) -> Hand:
    return Hand(sub=sub, client_id="desk", limit=limit)


def a_report(
    *,
    customer_id: UUID = AN_ID,
    kind: Kind = Kind.COMPLAINT,
    channel: Channel = Channel.VOICE,
    severity: Severity = Severity.MEDIUM,
    received_at: datetime = NOON,
) -> Report:
    return Report(
        customer_id=customer_id,
        kind=kind,
        channel=channel,
        received_at=received_at,
        title="Router restarts every night",
        narrative="Since Monday the router restarts at two in the morning.",
        wish="A new router",
        category="equipment",
        severity=severity,
        dissatisfaction=4,
        product_name="Router R1",
        product_lot="L-2026-02",
    )


def a_complaint(
    *,
    id: UUID = AN_ID,
    state: State = State.RECEIVED,
    resumes_to: State | None = None,
    report: Report | None = None,
    proposal: records.Proposal | None = None,
    proposer: str | None = None,
    unit: str = "cn.gd.gz",
    escalation_level: int = 0,
) -> Complaint:
    return Complaint(
        id=id,
        number="C20260311-2222222",
        report=report or a_report(),
        recorded_at=NOON,
        unit=unit,
        is_unit_confirmed=True,
        tier=3,
        recipient=Recipient(name="张伟", language="zh-CN"),
        state=state,
        resumes_to=resumes_to,
        proposal=proposal,
        proposer=proposer,
        escalation_level=escalation_level,
        policy=("standard", 1),
    )


def a_proposal(*amounts: Money | None) -> records.Proposal:
    """A proposal with one remedy per amount; None is an apology that costs nothing."""
    remedies = tuple(
        records.Remedy(
            number=number,
            type=RemedyType.MONEY if amount else RemedyType.APOLOGY,
            amount=amount,
            description=None,
        )
        for number, amount in enumerate(amounts, start=1)
    )
    return records.Proposal(
        problem_restated="Your router restarts every night.",
        remedies=remedies,
        customer_agrees=True,
        customer_satisfied=True,
        next_update_at=None,
    )


def some_terms(
    *,
    name: str = "resolution",
    allowed: timedelta = timedelta(hours=4),
    measure: Measure = Measure.ELAPSED,
    marks: tuple[Mark, ...] = (Mark(50), Mark(75), Mark(BREACH), Mark(BREACH, 1)),
) -> Terms:
    return Terms(
        name=name,
        allowed=allowed,
        measure=measure,
        calendar=None,
        calendar_version=None,
        marks=marks,
    )


def a_policy(
    *,
    name: str = "standard",
    version: int = 1,
    applies: Applies | None = None,
    clocks: Iterable[ClockRule] = (),
    escalation: Iterable[EscalationRule] = (EscalationRule(),),
    written_at: datetime = NOON,
) -> Policy:
    return Policy(
        name=name,
        version=version,
        applies=applies or Applies(),
        clocks=tuple(clocks),
        escalation=tuple(escalation),
        written_at=written_at,
    )


def a_clock_rule(
    name: str = "first_reply",
    *,
    hours: float = 4,
    measure: Measure = Measure.BUSINESS,
    calendar: str = "cn-standard",
    warn_at: tuple[int, ...] = (75,),
) -> ClockRule:
    return ClockRule(
        name=name,
        allowed=timedelta(hours=hours),
        measure=measure,
        calendar=calendar,
        warn_at=warn_at,
    )


class StoppedClock:
    """A clock that moves when told to."""

    def __init__(self, at: datetime = NOON) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def forward(self, **span: float) -> datetime:
        """Move on by so many `hours`, `minutes`, ..."""
        self.at += timedelta(**span)
        return self.at
