"""Complaints as their customers find them."""

from collections.abc import Sequence
from uuid import UUID

from service_kit.database import Reader, Record
from sqlalchemy import bindparam, select

from complaints.case.search import id_of_number
from complaints.tables import complaint, complaint_step

LONGEST_HISTORY = 200
FIND = select(complaint).where(complaint.c.id == bindparam("id"))
HISTORY = (
    select(complaint_step.c.entered_state, complaint_step.c.at)
    .where(complaint_step.c.complaint_id == bindparam("complaint_id"), complaint_step.c.left_state != complaint_step.c.entered_state)
    .order_by(complaint_step.c.number.desc())
    .limit(LONGEST_HISTORY)
)


async def find_by_number(reader: Reader, number: str) -> Record | None:
    complaint_id = await id_of_number(reader, number)
    return None if complaint_id is None else await reader.fetch_one(FIND, id=complaint_id)


async def history_of(reader: Reader, complaint_id: UUID) -> Sequence[Record]:
    """The states that were entered, oldest first."""
    return (await reader.fetch(HISTORY, complaint_id=complaint_id))[::-1]
