"""Cases in Postgres."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from service_kit.access.caller import Caller
from service_kit.access.units import units_of, within_units
from service_kit.digests import row_hash, values_digest
from service_kit.store.database import Transaction
from service_kit.store.events import Action, Told
from service_kit.store.outbox import Proof
from service_kit.store.running import Reader, Record
from service_kit.store.statements import rows
from sqlalchemy import ARRAY, Uuid, any_, bindparam, insert, null, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from complaints.approval.domain import Books, Hand
from complaints.approval.store import CompensationStore
from complaints.case.domain import (
    Case,
    Complaint,
    ComplaintChanged,
    ComplaintNotFound,
    Report,
    Step,
)
from complaints.case.record_json import proposal_of, written
from complaints.case.search import search
from complaints.clock.clocks import Clocks, Reached
from complaints.clock.store import ClockReader, ClockStore
from complaints.course.domain import Move, State
from complaints.customer.domain import Recipient
from complaints.tables import complaint, complaint_number, complaint_step
from complaints.words import Channel, Kind, Severity, Verdict

FIND = select(complaint).where(complaint.c.id == bindparam("id"), within_units(complaint.c.unit))
LOCK = FIND.with_for_update()
UNITS = select(complaint.c.unit).where(complaint.c.id == any_(bindparam("ids", type_=ARRAY(Uuid))))
# Those who tell what is due, thousands at once, need the facts of a case and nothing of what was
# said in it.
_SAID = ("narrative", "wish", "proposal", "recipient_name", "recipient_language")
# The moves after which the present proposal gives something else than before.
GIVING = (Move.PROPOSAL, Move.APPROVAL, Move.WITHDRAWAL)
LOCK_ALL = (
    select(*(null().label(each.name) if each.name in _SAID else each for each in complaint.c))
    .where(complaint.c.id == any_(bindparam("ids", type_=ARRAY(Uuid))))
    .order_by(complaint.c.id)
    .with_for_update()
)
CLAIM_NUMBER = (
    upsert(complaint_number)
    .values(number=bindparam("number"), complaint_id=bindparam("complaint_id"))
    .on_conflict_do_nothing()
    .returning(complaint_number.c.number)
)
INSERT = insert(complaint)
INSERT_STEP = insert(complaint_step)
_MOVING = (
    "unit", "is_unit_confirmed", "tier", "state", "resumes_to", "verdict", "department", "handler",
    "proposal", "proposer", "satisfaction", "escalation_level", "steps", "due_at", "closed_at",
)  # fmt: skip
UPDATE = (
    update(complaint)
    .where(complaint.c.id == bindparam("of"), complaint.c.version == bindparam("was"))
    .values(
        {name: bindparam(f"new_{name}", type_=complaint.c[name].type) for name in _MOVING}
        | {"version": complaint.c.version + 1}
    )
)
STEPS = (
    select(complaint_step)
    .where(
        complaint_step.c.complaint_id == bindparam("complaint_id"),
        complaint_step.c.number > bindparam("after"),
    )
    .order_by(complaint_step.c.number)
    .limit(bindparam("limit"))
)
LAST_STEP = (
    select(complaint_step)
    .where(
        complaint_step.c.complaint_id == bindparam("complaint_id"),
        complaint_step.c.move == bindparam("move"),
    )
    .order_by(complaint_step.c.number.desc())
    .limit(1)
)


# What a clock tells changes neither its due date nor, with it, any index.
_levels = rows("levels", id=Uuid, value=complaint.c.escalation_level.type)
TOLD = (
    update(complaint)
    .where(complaint.c.id == _levels.c.id)
    .values(version=complaint.c.version + 1, escalation_level=_levels.c.value)
)
_dues = rows("dues", id=Uuid, value=complaint.c.due_at.type)
DATED = (
    update(complaint)
    .where(complaint.c.id == _dues.c.id)
    .values(version=complaint.c.version + 1, due_at=_dues.c.value)
)


async def may_read(reader: Reader, caller: Caller, ids: Sequence[UUID]) -> bool | None:
    """Whether the caller sees the complaints among these ids where they lie now;
    None where there is none of them.
    """
    units = [row["unit"] for row in await reader.fetch(UNITS, ids=list(ids))]
    return all(caller.sees(unit) for unit in units) if units else None


class CaseReader:
    """Reads cases as a caller may see them."""

    def __init__(self, reader: Reader, caller: Caller) -> None:
        self._reader = reader
        self._clocks = ClockReader(reader)
        self._units = units_of(caller)

    async def find(self, complaint_id: UUID) -> Case:
        """Raises ComplaintNotFound."""
        return await self._found(
            await self._reader.fetch_one(FIND, id=complaint_id, units=self._units)
        )

    async def page(
        self, filters: Mapping[str, object], *, after: UUID | None, limit: int
    ) -> list[Case]:
        """Those that fit all the filters, newest first."""
        return await self._cases(
            await search(self._reader, filters, units=self._units, after=after, limit=limit)
        )

    async def steps(self, complaint_id: UUID, *, after: int, limit: int) -> list[Record]:
        return await self._reader.fetch(STEPS, complaint_id=complaint_id, after=after, limit=limit)

    async def last_record(self, complaint_id: UUID, move: str) -> dict[str, Any]:
        """What was written down at the last move of a kind; empty when there was none."""
        row = await self._reader.fetch_one(LAST_STEP, complaint_id=complaint_id, move=move)
        return dict(row["record"]) if row else {}

    async def _found(self, row: Record | None) -> Case:
        if row is None:
            raise ComplaintNotFound
        return (await self._cases([row]))[0]

    async def _cases(self, rows: Sequence[Record]) -> list[Case]:
        clocks = await self._clocks.of([row["id"] for row in rows])
        return [Case(complaint_of(row), clocks[row["id"]]) for row in rows]


class CaseStore(CaseReader):
    """The port `Cases`, in one transaction."""

    def __init__(self, tx: Transaction, caller: Caller) -> None:
        super().__init__(tx, caller)
        self._tx = tx
        self._clocks: ClockStore = ClockStore(tx)
        self._books = CompensationStore(tx)

    async def load(self, complaint_id: UUID) -> Case:
        return await self._found(await self._tx.fetch_one(LOCK, id=complaint_id, units=self._units))

    async def books(self, complaint: Complaint, *, since: datetime) -> Books:
        return await self._books.books(complaint.id, complaint.report.customer_id, since=since)

    async def load_all(self, ids: Sequence[UUID]) -> list[Case]:
        return await self._cases(await self._tx.fetch(LOCK_ALL, ids=list(ids)))

    async def load_telling(self, ids: Sequence[UUID], *, at: datetime) -> list[Case]:
        rows = await self._tx.fetch(LOCK_ALL, ids=list(ids))
        clocks = await self._clocks.telling([row["id"] for row in rows], at=at)
        return [Case(complaint_of(row), clocks[row["id"]]) for row in rows]

    async def claim_number(self, number: str, complaint_id: UUID) -> bool:
        return (
            await self._tx.fetch_one(CLAIM_NUMBER, number=number, complaint_id=complaint_id)
            is not None
        )

    async def add(
        self, case: Case, told: Sequence[Told], *, by: Hand, tracking_digest: bytes
    ) -> None:
        new = case.complaint
        policy_name, policy_version = new.policy or (None, None)
        await self._tx.execute(
            INSERT,
            id=new.id,
            number=new.number,
            recorded_at=new.recorded_at,
            policy_name=policy_name,
            policy_version=policy_version,
            tracking_digest=tracking_digest,
            version=new.version,
            recipient_name=new.recipient.name,
            recipient_language=new.recipient.language,
            **vars(new.report),
            **_moving(case),
        )
        await self._clocks.save(new.id, Clocks(()), case.clocks)
        self._tell(
            told,
            {"title": new.report.title, "narrative": new.report.narrative, "wish": new.report.wish},
        )

    async def save(
        self, case: Case, *, before: Case, told: Sequence[Told], step: Step | None = None
    ) -> Case:
        new = {f"new_{name}": value for name, value in _moving(case).items()}
        was = before.complaint.version
        if not await self._tx.execute(UPDATE, of=case.complaint.id, was=was, **new):
            raise ComplaintChanged
        proofs = [await self._add(step, case.complaint.id)] if step else []
        if step is not None:
            await self._give(case.complaint, step)
        await self._clocks.save(case.complaint.id, before.clocks, case.clocks)
        self._tell(told, {"record": written(step.record)} if step else {}, proofs)
        return Case(replace(case.complaint, version=was + 1), case.clocks)

    async def _give(self, complaint: Complaint, step: Step) -> None:
        """Keep the books; a proposal of before there were any has no step,
        and stays in them as it was taken over.
        """
        proposed = complaint.proposal.step if complaint.proposal else None
        if step.move in GIVING and proposed is not None:
            await self._books.give(complaint.id, proposed, complaint.given, at=step.at)

    async def save_told(
        self, cases: Sequence[Case], marks: Sequence[tuple[UUID, Reached]], told: Sequence[Told]
    ) -> None:
        if not cases:
            return
        levels = {case.complaint.id: case.complaint.escalation_level for case in cases}
        await self._tx.execute(TOLD, levels_id=list(levels), levels_value=list(levels.values()))
        await self._clocks.save_told(marks)
        self._tell(told, {})

    async def save_dates(
        self, cases: Sequence[tuple[Case, Case]], audited: Sequence[Action]
    ) -> None:
        if not cases:
            return
        dues = {after.complaint.id: after.clocks.due_at for _, after in cases}
        await self._tx.execute(DATED, dues_id=list(dues), dues_value=list(dues.values()))
        await self._clocks.save_many(
            [(after.complaint.id, before.clocks, after.clocks) for before, after in cases]
        )
        for action in audited:
            self._tx.audit(action)

    async def _add(self, step: Step, complaint_id: UUID) -> Proof:
        """Write the step, and give what proves it:
        the move's event has it sealed beside its own audit row.
        """
        row = {"complaint_id": complaint_id, **_step(step), "salt": os.urandom(16)}
        row["digest"] = values_digest(row["salt"], row["record"])
        await self._tx.execute(INSERT_STEP, **row)
        return Proof(
            subject=complaint_id,
            kind=complaint_step.name,
            sequence=step.number,
            hash=row_hash(complaint_step, row),
        )

    def _tell(
        self, told: Sequence[Told], values: dict[str, object], proofs: Sequence[Proof] = ()
    ) -> None:
        """The personal part goes to the audit of the last event,
        which is that of the move itself.
        """
        for place, event in enumerate(told, start=1):
            is_last = place == len(told)
            self._tx.record(
                event, values=values if is_last else None, proofs=proofs if is_last else ()
            )


def complaint_of(row: Record) -> Complaint:
    """A complaint from its row."""
    return Complaint(
        id=row["id"],
        number=row["number"],
        report=report_of(row),
        recorded_at=row["recorded_at"],
        unit=row["unit"],
        is_unit_confirmed=row["is_unit_confirmed"],
        tier=row["tier"],
        recipient=Recipient(name=row["recipient_name"], language=row["recipient_language"]),
        state=State(row["state"]),
        resumes_to=State(row["resumes_to"]) if row["resumes_to"] else None,
        verdict=Verdict(row["verdict"]) if row["verdict"] else None,
        department=row["department"],
        handler=row["handler"],
        proposal=proposal_of(row["proposal"]),
        proposer=row["proposer"],
        satisfaction=row["satisfaction"],
        escalation_level=row["escalation_level"],
        policy=(row["policy_name"], row["policy_version"]) if row["policy_name"] else None,
        steps=row["steps"],
        closed_at=row["closed_at"],
        version=row["version"],
    )


def report_of(row: Record) -> Report:
    return Report(
        customer_id=row["customer_id"],
        contact_id=row["contact_id"],
        kind=Kind(row["kind"]),
        channel=Channel(row["channel"]),
        received_at=row["received_at"],
        title=row["title"],
        narrative=row["narrative"],
        wish=row["wish"],
        category=row["category"],
        severity=Severity(row["severity"]),
        dissatisfaction=row["dissatisfaction"],
        product_name=row["product_name"],
        product_lot=row["product_lot"],
    )


def _moving(case: Case) -> dict[str, object]:
    new = case.complaint
    return {
        "unit": new.unit,
        "is_unit_confirmed": new.is_unit_confirmed,
        "tier": new.tier,
        "state": str(new.state),
        "resumes_to": str(new.resumes_to) if new.resumes_to else None,
        "verdict": str(new.verdict) if new.verdict else None,
        "department": new.department,
        "handler": new.handler,
        "proposal": written(new.proposal) if new.proposal else None,
        "proposer": new.proposer,
        "satisfaction": new.satisfaction,
        "escalation_level": new.escalation_level,
        "steps": new.steps,
        "due_at": case.clocks.due_at,
        "closed_at": new.closed_at,
    }


def _step(step: Step) -> dict[str, Any]:
    return {
        "number": step.number,
        "move": str(step.move),
        "outcome": str(step.outcome),
        "left_state": str(step.left),
        "entered_state": str(step.entered),
        "record": written(step.record),
        "actor": step.by.sub,
        "client_id": step.by.client_id,
        "at": step.at,
    }
