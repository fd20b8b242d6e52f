"""Marks that tell the router what changed:
written with the change, taken away by the router that saw it.
"""

from collections.abc import Sequence
from uuid import UUID

from service_kit.store.database import Transaction
from service_kit.store.running import Reader, Record
from service_kit.store.statements import rows
from service_kit.words.identity import new_id
from sqlalchemy import Uuid, bindparam, delete, insert, select, tuple_

from contact_center.tables import routing_mark

MARK = insert(routing_mark)
MARKS = select(routing_mark.c.subject, routing_mark.c.id, routing_mark.c.kind).limit(
    bindparam("limit")
)
_seen = rows("seen", subject=Uuid, id=Uuid)
UNMARK = delete(routing_mark).where(
    tuple_(routing_mark.c.subject, routing_mark.c.id).in_(select(_seen.c.subject, _seen.c.id))
)
TREATMENTS = UUID(int=0)
"""The treatments are one thing to the router, so they share one subject."""


async def mark(tx: Transaction, kind: str, *subjects: UUID) -> None:
    """Tell the router to look at these again; `kind` is contact, agent, queue or treatments."""
    if len(subjects) == 1:
        await tx.execute(MARK, subject=subjects[0], id=new_id(), kind=kind)
    else:
        await tx.execute_many(
            MARK, [{"subject": subject, "id": new_id(), "kind": kind} for subject in subjects]
        )


async def marks(reader: Reader, *, limit: int) -> list[Record]:
    return await reader.fetch(MARKS, limit=limit)


async def unmark(tx: Transaction, seen: Sequence[Record]) -> None:
    """Take away marks that were seen; those that came since stay."""
    if seen:
        await tx.execute(
            UNMARK,
            seen_subject=[mark["subject"] for mark in seen],
            seen_id=[mark["id"] for mark in seen],
        )
