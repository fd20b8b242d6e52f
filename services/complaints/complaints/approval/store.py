"""The books of compensation in Postgres:
what customers were given, one row for each currency of a proposal that stands.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from service_kit.store.database import Transaction
from service_kit.store.running import Record
from service_kit.words.money import Money
from sqlalchemy import bindparam, delete, func, insert, or_, select
from sqlalchemy.dialects.postgresql import insert as upsert

from complaints.approval.domain import Books
from complaints.tables import compensation, compensation_account, complaint, complaint_step

# Of two cases of one customer that are decided at once, the second waits here and then sees what
# the first one gave.
_account = upsert(compensation_account).values(customer_id=bindparam("customer_id"))
HOLD_ACCOUNT = _account.on_conflict_do_update(
    index_elements=[compensation_account.c.customer_id],
    set_={"customer_id": _account.excluded.customer_id},
)
# Whose a case is, is asked of the case itself: it follows merges and late confirmations without a
# copy.
GIVEN = (
    select(compensation.c.currency, func.sum(compensation.c.amount).label("amount"))
    .select_from(compensation.join(complaint, complaint.c.id == compensation.c.complaint_id))
    .where(
        complaint.c.customer_id == bindparam("customer_id"),
        or_(
            compensation.c.complaint_id == bindparam("of"),
            compensation.c.given_at > bindparam("since"),
        ),
    )
    .group_by(compensation.c.currency)
    .order_by(compensation.c.currency)
)
DECISIONS = (
    select(
        complaint_step.c.number,
        complaint_step.c.move,
        complaint_step.c.outcome,
        complaint_step.c.actor,
    )
    .where(
        complaint_step.c.complaint_id == bindparam("complaint_id"),
        or_(complaint_step.c.move == "proposal", complaint_step.c.move == "approval"),
    )
    .order_by(complaint_step.c.number)
)
CLEAR = delete(compensation).where(
    compensation.c.complaint_id == bindparam("of"), compensation.c.step == bindparam("of_step")
)
GIVE = insert(compensation)


class CompensationStore:
    """Reads and keeps the books, in one transaction."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    async def books(self, complaint_id: UUID, customer_id: UUID, *, since: datetime) -> Books:
        """What is known of a case and its customer, held until this transaction ends."""
        await self._tx.execute(HOLD_ACCOUNT, customer_id=customer_id)
        given = await self._tx.fetch(GIVEN, customer_id=customer_id, of=complaint_id, since=since)
        decisions = await self._tx.fetch(DECISIONS, complaint_id=complaint_id)
        proposals = [row for row in decisions if row["move"] == "proposal"]
        return Books(
            given=tuple(Money(row["amount"], row["currency"]) for row in given),
            authors=tuple(dict.fromkeys(row["actor"] for row in proposals)),
            is_rejected=any(_is_rejection(row) for row in decisions),
            proposal_step=proposals[-1]["number"] if proposals else None,
        )

    async def give(
        self, complaint_id: UUID, step: int, given: Sequence[Money], *, at: datetime
    ) -> None:
        """What a proposal gives, in the place of what it was said to give before."""
        await self._tx.execute(CLEAR, of=complaint_id, of_step=step)
        sums = [{"currency": each.currency, "amount": each.amount} for each in given if each.amount]
        await self._tx.execute_many(
            GIVE,
            [{"complaint_id": complaint_id, "step": step, "given_at": at, **each} for each in sums],
        )


def _is_rejection(row: Record) -> bool:
    return bool(row["move"] == "approval" and row["outcome"] == "rejected")
