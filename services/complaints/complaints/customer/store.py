"""What becomes of a customer's complaints when the customer moves, is merged or is erased."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from service_kit.store import audit
from service_kit.store.database import Transaction
from service_kit.store.events import Action
from service_kit.store.running import Reader, Record
from sqlalchemy import (
    ARRAY,
    Boolean,
    String,
    Uuid,
    any_,
    bindparam,
    case,
    delete,
    func,
    literal,
    null,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import insert as upsert

from complaints.customer.domain import Customer, Heard
from complaints.tables import STEP_ERASED, complaint, complaint_step, customer, letter, note

ERASED = "(erased)"
# A file merged into another that was merged since, and so on: longer rows than this are not
# followed.
LONGEST_MERGE = 8
HOLD = select(customer).where(customer.c.id == bindparam("id")).with_for_update(read=True)
MEET = (
    upsert(customer)
    .values(id=bindparam("id"), is_erased=False)
    .on_conflict_do_nothing()
    .returning(customer.c.id)
)
_news = upsert(customer).values(
    id=bindparam("id"),
    unit=bindparam("unit", type_=String),
    told_at=bindparam("told_at"),
    merged_into=bindparam("merged_into", type_=Uuid),
    is_erased=bindparam("is_erased", type_=Boolean),
)
# News of imports come behind live ones: an older word fills what was not told, and changes nothing
# else.
_is_newer = or_(customer.c.told_at.is_(None), _news.excluded.told_at >= customer.c.told_at)
HEAR = _news.on_conflict_do_update(
    index_elements=[customer.c.id],
    set_={
        "unit": case(
            (_is_newer, func.coalesce(_news.excluded.unit, customer.c.unit)),
            else_=func.coalesce(customer.c.unit, _news.excluded.unit),
        ),
        "told_at": func.greatest(_news.excluded.told_at, customer.c.told_at),
        "merged_into": func.coalesce(_news.excluded.merged_into, customer.c.merged_into),
        "is_erased": or_(customer.c.is_erased, _news.excluded.is_erased),
    },
)
TOLD_AT = select(customer.c.told_at).where(customer.c.id == bindparam("id")).with_for_update()
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
        recipient_name=None,
        recipient_language=None,
        # Nobody is left to be asked for: an answer that is under way confirms nothing any more.
        is_unit_confirmed=True,
        proposal=bindparam("new_proposal", type_=complaint.c.proposal.type),
        version=complaint.c.version + 1,
    )
)
# Who moved the case and when stays, and so do the sums of a proposal; what was written about the
# customer goes.
ERASE_STEPS = (
    update(complaint_step)
    .where(complaint_step.c.complaint_id == any_(bindparam("ids", type_=ARRAY(Uuid))))
    .values(record=literal(STEP_ERASED, JSONB), salt=null())
)
ERASE_LETTERS = (
    update(letter)
    .where(letter.c.complaint_id == any_(bindparam("ids", type_=ARRAY(Uuid))))
    .values(pdf=None, docx=None)
)
FORGET_NOTES = (
    delete(note)
    .where(note.c.complaint_id == any_(bindparam("ids", type_=ARRAY(Uuid))))
    .returning(note.c.id)
)
# The answer to a question is older than what news said since: it counts only where nothing has been
# confirmed meanwhile.
_still_open = (
    complaint.c.id == bindparam("of"),
    complaint.c.customer_id == bindparam("of_customer"),
    complaint.c.is_unit_confirmed.is_(False),
)
_confirmed = {"is_unit_confirmed": True, "version": complaint.c.version + 1}
CONFIRM = (
    update(complaint)
    .where(*_still_open)
    .values(
        customer_id=bindparam("to_customer"),
        unit=bindparam("to_unit"),
        tier=bindparam("to_tier", type_=complaint.c.tier.type),
        recipient_name=bindparam("to_name", type_=complaint.c.recipient_name.type),
        recipient_language=bindparam("to_language", type_=complaint.c.recipient_language.type),
        **_confirmed,
    )
    .returning(complaint.c.id)
)
# A name that an erasure took is not brought back by an answer that was given before it.
RENAME = (
    update(complaint)
    .where(
        complaint.c.customer_id == bindparam("of_customer"), complaint.c.recipient_name.is_not(None)
    )
    .values(
        recipient_name=bindparam("to_name", type_=complaint.c.recipient_name.type),
        recipient_language=bindparam("to_language", type_=complaint.c.recipient_language.type),
    )
)
KEPT = (
    select(complaint.c.customer_id)
    .where(
        complaint.c.customer_id == any_(bindparam("ids", type_=ARRAY(Uuid))),
        complaint.c.recipient_name.is_not(None),
    )
    .distinct()
)
SETTLE = update(complaint).where(*_still_open).values(**_confirmed).returning(complaint.c.unit)
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
# Whoever asks next looks at the longest-waiting ones first; what is asked now is not asked again by
# a replica meanwhile.
TAKE_UNCONFIRMED = (
    update(complaint)
    .where(complaint.c.id.in_(_unconfirmed))
    .values(asked_at=bindparam("at"))
    .returning(complaint.c.id, complaint.c.customer_id)
)


class CustomerReader:
    """Reads what complaints keep of their customers."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def kept(self, customer_ids: Sequence[UUID]) -> list[UUID]:
        """Those of the customers whose name some complaint keeps."""
        return [
            row["customer_id"] for row in await self._reader.fetch(KEPT, ids=list(customer_ids))
        ]


class CustomerStore(CustomerReader):
    """Keeps what customer-profile tells,
    each word with its effect on all complaints of one customer.
    """

    def __init__(self, tx: Transaction, *, at: datetime) -> None:
        super().__init__(tx)
        self._tx = tx
        self._at = at

    async def hold(self, customer_id: UUID) -> Heard:
        """What was heard of a customer, or of the file that theirs was merged into;
        more is heard only after this transaction.
        """
        row = await self._held(customer_id)
        for _ in range(LONGEST_MERGE):
            if row["merged_into"] is None:
                break
            row = await self._held(row["merged_into"])
        return Heard(
            customer_id=row["id"],
            unit=row["unit"],
            told_at=row["told_at"],
            is_erased=row["is_erased"],
        )

    async def _held(self, customer_id: UUID) -> Record:
        row = await self._tx.fetch_one(HOLD, id=customer_id)
        if row is None:
            await self._tx.fetch_one(MEET, id=customer_id)
            row = await self._tx.fetch_one(HOLD, id=customer_id)
            assert row is not None
        return row

    async def take_unconfirmed(self, *, again_after: timedelta, limit: int) -> Sequence[Record]:
        """Complaints whose customer's unit is still to be asked for."""
        return await self._tx.fetch(
            TAKE_UNCONFIRMED, at=self._at, before=self._at - again_after, limit=limit
        )

    async def moved(self, customer_id: UUID, unit: str) -> None:
        """The customer belongs to another unit now: the complaints go along."""
        is_old = await self._is_old(customer_id)
        await self._hear(customer_id, unit=unit)
        if not is_old:
            await self._move(customer_id, unit)

    async def met(self, customer_id: UUID, unit: str) -> None:
        """There is a file, and it says the unit.
        Nobody can have read an earlier one, so that there is nothing to remember.
        """
        if not await self._is_old(customer_id):
            await self._move(customer_id, unit)

    async def _is_old(self, customer_id: UUID) -> bool:
        """Whether something newer was told of the customer already."""
        told_at: datetime | None = await self._tx.fetch_value(TOLD_AT, id=customer_id)
        return told_at is not None and told_at > self._at

    async def _move(self, customer_id: UUID, unit: str) -> None:
        for row in await self._tx.fetch(MOVE, of_customer=customer_id, to_unit=unit):
            self._audit(row["id"], "complaint.unit_changed", unit, {"unit": unit})

    async def merged(self, customer_id: UUID, into: UUID, unit: str | None) -> None:
        """The file is now part of another one."""
        await self._hear(customer_id, unit=unit, merged_into=into)
        await self._hear(into, unit=unit)
        for row in await self._tx.fetch(
            HAND_OVER, of_customer=customer_id, to_customer=into, to_unit=unit
        ):
            payload = {"customer_id": str(into), "formerly": str(customer_id)}
            self._audit(row["id"], "complaint.customer_merged", row["unit"], payload)

    async def erased(self, customer_id: UUID) -> list[UUID]:
        """Nothing that the customer said or that was written to them stays; the books do.
        The ids of the complaints and of what hung on them.
        """
        await self._hear(customer_id, is_erased=True)
        rows = await self._tx.fetch(LOCK, of_customer=customer_id)
        ids = [row["id"] for row in rows]
        erased = [
            {"of": row["id"], "new_proposal": _without_words(row["proposal"])} for row in rows
        ]
        await self._tx.execute_many(ERASE, erased)
        for statement in (ERASE_STEPS, ERASE_LETTERS):
            await self._tx.execute(statement, ids=ids)
        notes = [row["id"] for row in await self._tx.fetch(FORGET_NOTES, ids=ids)]
        await audit.erase(self._tx, customer_id, *ids, *notes, at=self._at)
        for row in rows:
            self._audit(row["id"], "complaint.erased", row["unit"], {})
        return ids + notes

    async def confirmed(self, complaint_id: UUID, customer_id: UUID, customer: Customer) -> None:
        """The file could be asked at last;
        one that was merged meanwhile answers as the file that is left.
        """
        file = {"to_customer": customer.id, "to_unit": customer.unit, "to_tier": customer.tier}
        recipient = {"to_name": customer.name, "to_language": customer.language}
        if await self._tx.fetch_one(
            CONFIRM, of=complaint_id, of_customer=customer_id, **file, **recipient
        ):
            payload = {
                "unit": customer.unit,
                "customer_id": str(customer.id),
                "tier": customer.tier,
            }
            self._audit(complaint_id, "complaint.customer_confirmed", customer.unit, payload)

    async def renamed(self, customer_id: UUID, customer: Customer) -> None:
        """The customer has another name, or is spoken to in another language:
        later letters say so.
        """
        await self._tx.execute(
            RENAME, of_customer=customer_id, to_name=customer.name, to_language=customer.language
        )

    async def settled(self, complaint_id: UUID, customer_id: UUID) -> None:
        """There is no such customer to ask for:
        the complaint stays where its recorder put it, and nobody asks again.
        """
        row = await self._tx.fetch_one(SETTLE, of=complaint_id, of_customer=customer_id)
        if row is not None:
            self._audit(
                complaint_id,
                "complaint.customer_not_found",
                row["unit"],
                {"customer_id": str(customer_id)},
            )

    async def _hear(
        self,
        customer_id: UUID,
        *,
        unit: str | None = None,
        merged_into: UUID | None = None,
        is_erased: bool = False,
    ) -> None:
        await self._tx.execute(
            HEAR,
            id=customer_id,
            unit=unit,
            told_at=self._at,
            merged_into=merged_into,
            is_erased=is_erased,
        )

    def _audit(self, complaint_id: UUID, action: str, unit: str, values: Mapping[str, Any]) -> None:
        self._tx.audit(
            Action(name=action, subject=complaint_id, at=self._at, unit=unit, values=values)
        )


def _without_words(proposal: dict[str, Any] | None) -> dict[str, Any] | None:
    """What was to be done and what it costs, without what was said."""
    if proposal is None:
        return None
    remedies = [{**remedy, "description": None} for remedy in proposal["remedies"]]
    return {**proposal, "problem_restated": ERASED, "remedies": remedies}
