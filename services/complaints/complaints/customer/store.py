"""What becomes of a customer's complaints when the customer moves, is merged or is erased."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from service_kit.database import Record, Transaction
from service_kit.outbox import Event
from service_kit.tables import audit_entry
from sqlalchemy import ARRAY, Uuid, any_, bindparam, func, or_, select, update

from complaints.tables import complaint, complaint_step, letter

ERASED = "(erased)"
MOVE = (
    update(complaint)
    .where(
        complaint.c.customer_id == bindparam("of_customer"),
        or_(complaint.c.unit != bindparam("to_unit"), complaint.c.is_unit_confirmed.is_(False)),
    )
    .values(unit=bindparam("to_unit"), is_unit_confirmed=True, version=complaint.c.version + 1)
    .returning(complaint.c.id)
)
HAND_OVER = (
    update(complaint)
    .where(complaint.c.customer_id == bindparam("of_customer"))
    .values(
        customer_id=bindparam("to_customer"),
        unit=func.coalesce(bindparam("to_unit", type_=complaint.c.unit.type), complaint.c.unit),
        version=complaint.c.version + 1,
    )
    .returning(complaint.c.id, complaint.c.unit)
)
LOCK = (
    select(complaint.c.id, complaint.c.unit, complaint.c.proposal)
    .where(complaint.c.customer_id == bindparam("of_customer"))
    .order_by(complaint.c.id)
    .with_for_update()
)
ERASE = (
    update(complaint)
    .where(complaint.c.id == bindparam("of"))
    .values(
        title=ERASED,
        narrative=None,
        wish=None,
        proposal=bindparam("new_proposal", type_=complaint.c.proposal.type),
        version=complaint.c.version + 1,
    )
)
# Who moved the case and when stays, and so do the sums of a proposal; what was written about the customer goes.
ERASE_STEPS = (
    update(complaint_step)
    .where(complaint_step.c.complaint_id == any_(bindparam("ids", type_=ARRAY(Uuid))))
    .values(record=func.jsonb_build_object("erased", True))
)
ERASE_LETTERS = update(letter).where(letter.c.complaint_id == any_(bindparam("ids", type_=ARRAY(Uuid)))).values(pdf=None, docx=None)
ERASE_AUDIT = (
    update(audit_entry).where(audit_entry.c.subject == any_(bindparam("ids", type_=ARRAY(Uuid)))).values({"values": None, "salt": None})
)
_unconfirmed = (
    select(complaint.c.id)
    .where(
        complaint.c.is_unit_confirmed.is_(False),
        or_(complaint.c.asked_at.is_(None), complaint.c.asked_at < bindparam("before")),
    )
    .order_by(complaint.c.asked_at.nulls_first(), complaint.c.id)
    .limit(bindparam("limit"))
    .with_for_update(skip_locked=True)
)
# Whoever asks next looks at the longest-waiting ones first; what is asked now is not asked again by a replica meanwhile.
TAKE_UNCONFIRMED = (
    update(complaint)
    .where(complaint.c.id.in_(_unconfirmed))
    .values(asked_at=bindparam("at"))
    .returning(complaint.c.id, complaint.c.customer_id)
)


class CustomerNews:
    """The effects of what customer-profile tells, each on all complaints of one customer."""

    def __init__(self, tx: Transaction, *, at: datetime) -> None:
        self._tx = tx
        self._at = at

    async def moved(self, customer_id: UUID, unit: str) -> None:
        """The customer belongs to a unit (now, or it is only learned now): the complaints go along."""
        for row in await self._tx.fetch(MOVE, of_customer=customer_id, to_unit=unit):
            self._audit(row["id"], "complaint.unit_changed", unit, {"unit": unit})

    async def merged(self, customer_id: UUID, into: UUID, unit: str | None) -> None:
        """The file is now part of another one."""
        for row in await self._tx.fetch(HAND_OVER, of_customer=customer_id, to_customer=into, to_unit=unit):
            payload = {"customer_id": str(into), "formerly": str(customer_id)}
            self._audit(row["id"], "complaint.customer_merged", row["unit"], payload)

    async def erased(self, customer_id: UUID) -> None:
        """Nothing that the customer said or that was written to them stays; the books do."""
        rows = await self._tx.fetch(LOCK, of_customer=customer_id)
        ids = [row["id"] for row in rows]
        erased = [{"of": row["id"], "new_proposal": _without_words(row["proposal"])} for row in rows]
        await self._tx.execute_many(ERASE, erased)
        for statement in (ERASE_STEPS, ERASE_LETTERS, ERASE_AUDIT):
            await self._tx.execute(statement, ids=ids)
        for row in rows:
            self._audit(row["id"], "complaint.erased", row["unit"], {})

    def _audit(self, complaint_id: UUID, action: str, unit: str, payload: Mapping[str, Any]) -> None:
        self._tx.audit(Event(type=action, subject=complaint_id, at=self._at, unit=unit, payload=payload))


def _without_words(proposal: dict[str, Any] | None) -> dict[str, Any] | None:
    """What was to be done and what it costs, without what was said."""
    if proposal is None:
        return None
    remedies = [{**remedy, "description": None} for remedy in proposal["remedies"]]
    return {**proposal, "problem_restated": ERASED, "remedies": remedies}


async def take_unconfirmed(tx: Transaction, *, at: datetime, again_after: timedelta, limit: int) -> Sequence[Record]:
    """Complaints whose customer's unit is still to be asked for."""
    return await tx.fetch(TAKE_UNCONFIRMED, at=at, before=at - again_after, limit=limit)
