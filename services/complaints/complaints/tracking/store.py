"""Complaints as their customers find them."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from service_kit.store.running import Reader, Record
from sqlalchemy import bindparam, func, or_, select

from complaints.case.search import id_of_number
from complaints.tables import clock, complaint, complaint_step

LONGEST_HISTORY = 200
FIND = select(complaint).where(complaint.c.id == bindparam("id"))
HISTORY = (
    select(complaint_step.c.entered_state, complaint_step.c.at)
    .where(
        complaint_step.c.complaint_id == bindparam("complaint_id"),
        complaint_step.c.left_state != complaint_step.c.entered_state,
    )
    .order_by(complaint_step.c.number.desc())
    .limit(LONGEST_HISTORY)
)

# Of all clocks these three alone are promises to the customer; the others are kept within the
# house.
_is_promise = or_(*(clock.c.name == name for name in ("first_reply", "next_update", "resolution")))
PROMISED = select(func.min(clock.c.due_at)).where(
    clock.c.complaint_id == bindparam("complaint_id"),
    _is_promise,
    clock.c.stopped_at.is_(None),
    clock.c.is_paused.is_(False),
)


class TrackingReader:
    """Reads a complaint for whoever holds its token."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def find(self, number: str) -> Record | None:
        complaint_id = await id_of_number(self._reader, number)
        return None if complaint_id is None else await self._reader.fetch_one(FIND, id=complaint_id)

    async def history(self, complaint_id: UUID) -> Sequence[Record]:
        """The states that were entered, oldest first."""
        return (await self._reader.fetch(HISTORY, complaint_id=complaint_id))[::-1]

    async def promised_for(self, complaint_id: UUID) -> datetime | None:
        """When the customer hears from us next at the latest;
        None when nothing is promised, or while we wait for the customer.
        """
        due_at: datetime | None = await self._reader.fetch_value(
            PROMISED, complaint_id=complaint_id
        )
        return due_at
