"""What is done with cases: load, decide, save; clocks and events go along with every move."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Protocol
from uuid import UUID

from service_kit.store.events import Action, Told

from complaints.approval.domain import Books, Hand
from complaints.case import events
from complaints.case.domain import (
    Case,
    Complaint,
    ReceivedInFuture,
    ReceivedTooLongAgo,
    Report,
    Step,
)
from complaints.case.number import complaint_number
from complaints.case.records import Proposal
from complaints.clock.clocks import Clocks, Reached
from complaints.clock.domain import Terms, Timeline
from complaints.course.domain import State
from complaints.customer.domain import Standing
from complaints.sla.domain import Levels, Policy, closest

# The clocks of two machines differ by less.
CLOCK_SKEW = timedelta(minutes=5)
# Business time is walked day by day from when a complaint was received, with its row locked.
LONGEST_AGO = timedelta(days=3_653)
NUMBER_ATTEMPTS = 20

Take = Callable[[Complaint, Books], tuple[Complaint, Step]]


class Cases(Protocol):
    """Where cases are kept."""

    async def load(self, complaint_id: UUID) -> Case:
        """The case, locked for a change;
        ComplaintNotFound when there is none that the caller may see.
        """
        ...

    async def books(self, complaint: Complaint, *, since: datetime) -> Books:
        """What was decided for this case and its customer before;
        nobody else decides for this customer meanwhile.
        """
        ...

    async def load_all(self, ids: Sequence[UUID]) -> list[Case]:
        """Several cases without what was said in them, locked in the order of their ids."""
        ...

    async def load_telling(self, ids: Sequence[UUID], *, at: datetime) -> list[Case]:
        """The same, each with those of its clocks alone that have something to tell by now."""
        ...

    async def claim_number(self, number: str, complaint_id: UUID) -> bool:
        """Whether the number was free and is now this complaint's."""
        ...

    async def add(
        self, case: Case, told: Sequence[Told], *, by: Hand, tracking_digest: bytes
    ) -> None: ...

    async def save(
        self, case: Case, *, before: Case, told: Sequence[Told], step: Step | None = None
    ) -> Case: ...

    async def save_told(
        self, cases: Sequence[Case], marks: Sequence[tuple[UUID, Reached]], told: Sequence[Told]
    ) -> None:
        """What the clocks of several cases told, all at once; `marks` by complaint."""
        ...

    async def save_dates(
        self, cases: Sequence[tuple[Case, Case]], audited: Sequence[Action]
    ) -> None:
        """New due dates, as pairs of before and after; told to the audit alone."""
        ...


class ServiceLevels(Protocol):
    """Where policies and calendars are kept."""

    async def policies(self) -> list[Policy]: ...

    async def levels(self, policy: Policy | None) -> Levels: ...

    async def levels_of(self, policy: tuple[str, int] | None, clocks: Clocks) -> Levels: ...


async def record(
    cases: Cases,
    service_levels: ServiceLevels,
    report: Report,
    standing: Standing,
    *,
    id: UUID,
    day: date,
    tracking_digest: bytes,
    by: Hand,
    at: datetime,
) -> Case:
    """The first step: the report becomes a numbered case,
    and its clocks count from when it was received.
    """
    if report.received_at > at + CLOCK_SKEW:
        raise ReceivedInFuture
    if report.received_at < at - LONGEST_AGO:
        raise ReceivedTooLongAgo
    policy = closest(
        await service_levels.policies(),
        kind=report.kind,
        severity=report.severity,
        tier=standing.tier,
        channel=report.channel,
    )
    levels = await service_levels.levels(policy)
    complaint = Complaint.receive(
        replace(report, customer_id=standing.customer_id),
        standing,
        id=id,
        number=await _free_number(cases, id, day),
        policy=(policy.name, policy.version) if policy else None,
        at=at,
    )
    clocks = Clocks(()).begin(
        levels.terms, levels.timeline, state=State.RECEIVED, at=report.received_at
    )
    case = Case(complaint, clocks)
    await cases.add(
        case, [events.received(complaint, at=at)], by=by, tracking_digest=tracking_digest
    )
    return case


async def _free_number(cases: Cases, id: UUID, day: date) -> str:
    for attempt in range(NUMBER_ATTEMPTS):
        number = complaint_number(id, day=day, attempt=attempt)
        if await cases.claim_number(number, id):
            return number
    raise RuntimeError(f"no complaint number is free on {day}")


async def move(
    cases: Cases,
    service_levels: ServiceLevels,
    complaint_id: UUID,
    take: Take,
    *,
    window: timedelta | None = None,
    at: datetime,
) -> Case:
    """One move: what fell due before it is told first, then the clocks follow the state that it
    leads to.

    Within a `window` (the setting `compensation_days`) it is weighed by what the customer was given
    before in other cases.
    """
    before = await cases.load(complaint_id)
    books = Books() if window is None else await cases.books(before.complaint, since=at - window)
    after, step = take(before.complaint, books)
    levels = await service_levels.levels_of(after.policy, before.clocks)
    clocks, marks = before.clocks.tell(at=at)
    after, told = events.told(after, marks, at=at)
    clocks = clocks.enter(after.state, levels.terms, levels.timeline, at=at)
    if isinstance(step.record, Proposal) and step.record.next_update_at is not None:
        clocks = _promised(clocks, levels, until=step.record.next_update_at, at=at)
    return await cases.save(
        Case(after, clocks), before=before, told=[*told, events.moved(after, step)], step=step
    )


def _promised(clocks: Clocks, levels: Levels, *, until: datetime, at: datetime) -> Clocks:
    policy = levels.policy or Policy.without_clocks()
    return clocks.promise(policy.promise(until - at), levels.timeline, at=at)


async def tell_due(cases: Cases, ids: Iterable[UUID], *, at: datetime) -> None:
    """What the clocks of these cases have to tell by now;
    told once, whoever else tries at the same time.
    """
    after: list[Case] = []
    marks: list[tuple[UUID, Reached]] = []
    told: list[Told] = []
    for case in await cases.load_telling(sorted(set(ids)), at=at):
        clocks, its_marks = case.clocks.tell(at=at)
        if its_marks:
            complaint, its_events = events.told(case.complaint, its_marks, at=at)
            after.append(Case(complaint, clocks))
            marks += [(complaint.id, mark) for mark in its_marks]
            told += its_events
    await cases.save_told(after, marks, told)


async def date_anew(
    cases: Cases,
    ids: Iterable[UUID],
    timeline_of: Callable[[Terms], tuple[Terms, Timeline] | None],
    *,
    at: datetime,
) -> None:
    """Reckon the clocks of these cases by newer calendars where `timeline_of` gives one."""
    saved: list[tuple[Case, Case]] = []
    for before in await cases.load_all(sorted(set(ids))):
        clocks = before.clocks.dated_anew(timeline_of)
        if clocks != before.clocks:
            saved.append((before, Case(before.complaint, clocks)))
    await cases.save_dates(
        saved, [events.dated_anew(after, before.clocks, at=at) for before, after in saved]
    )
