"""The audit's chain: how its rows are linked, how a chain is proven,
and how personal values leave it without breaking it.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, any_, bindparam, select, update

from service_kit.digests import ERASED, link_of, values_digest
from service_kit.store.events import Action
from service_kit.store.tables import audit_entry
from service_kit.words.identity import clock

if TYPE_CHECKING:
    from service_kit.store.database import Transaction
from service_kit.store.running import Reader, Record

CHAIN = (
    select(audit_entry)
    .where(audit_entry.c.subject == bindparam("subject"))
    .order_by(audit_entry.c.sequence)
)
ERASE = (
    update(audit_entry)
    .where(
        audit_entry.c.subject == any_(bindparam("subjects", type_=ARRAY(Uuid))),
        audit_entry.c.salt.is_not(None),
    )
    .values({"values": None, "salt": None})
    .returning(audit_entry.c.subject, audit_entry.c.unit, audit_entry.c.sequence)
)


class ChainBroken(Exception):
    """The audit of a subject was changed: `sequence` is the first row that does not fit."""

    def __init__(self, sequence: int, reason: str) -> None:
        super().__init__(f"row {sequence}: {reason}")
        self.sequence = sequence
        self.reason = reason


async def chain(reader: "Reader", subject: UUID) -> Sequence["Record"]:
    """All rows of one subject, oldest first."""
    return await reader.fetch(CHAIN, subject=subject)


def verify(rows: Sequence[Any]) -> None:
    """Prove the chain of one subject from its first row on; ChainBroken where it does not hold.

    Rows whose values were erased still hold their place: the salted digest stays. What is cut off
    at the end cannot be seen in the rows: the seals (`python -m <part> verify`) tell that.
    """
    previous = b""
    for place, row in enumerate(rows, start=1):
        if row["sequence"] != place or row["subject"] != rows[0]["subject"]:
            raise ChainBroken(place, "a row is missing or out of place")
        if bytes(row["hash"]) != hashlib.sha256(previous + link_of(row)).digest():
            raise ChainBroken(place, "the facts or the order of rows were changed")
        if not _holds_its_values(row):
            raise ChainBroken(place, "the values were changed")
        previous = bytes(row["hash"])


def _holds_its_values(row: Any) -> bool:
    if row["salt"] is None:
        return row["values"] is None
    return values_digest(bytes(row["salt"]), row["values"]) == bytes(row["digest"])


async def erase(tx: "Transaction", *subjects: UUID, at: datetime | None = None) -> int:
    """Erase the values of all rows of these subjects, with the salts by which somebody could test a
    guess; how many rows they were.

    Each chain says so itself, in a row of its own or in that of the erasing change.
    """
    emptied = await tx.fetch(ERASE, subjects=list(subjects))
    last = {row["subject"]: row for row in sorted(emptied, key=lambda row: int(row["sequence"]))}
    for subject, row in last.items():
        tx.audit(
            Action(
                name=ERASED,
                subject=subject,
                at=at or clock(),
                unit=row["unit"],
                values={"through": row["sequence"]},
            )
        )
    return len(emptied)
