"""Marks that tell the router what changed: written with the change, taken away by the router that saw it."""

from uuid import UUID

from service_kit.store.database import Transaction
from service_kit.words.identity import new_id
from sqlalchemy import insert

from contact_center.tables import routing_mark

MARK = insert(routing_mark)
TREATMENTS = UUID(int=0)
"""The treatments are one thing to the router, so they share one subject."""


async def mark(tx: Transaction, kind: str, *subjects: UUID) -> None:
    """Tell the router to look at these again; `kind` is contact, agent, queue or treatments."""
    if len(subjects) == 1:
        await tx.execute(MARK, subject=subjects[0], id=new_id(), kind=kind)
    else:
        await tx.execute_many(MARK, [{"subject": subject, "id": new_id(), "kind": kind} for subject in subjects])
