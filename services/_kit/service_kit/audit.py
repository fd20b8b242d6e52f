"""The audit's chain: how its rows are sealed, how a chain is proven, and how personal values leave it without breaking it."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, date
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

from pydantic_core import from_json, to_json
from sqlalchemy import ARRAY, Uuid, any_, bindparam, select, update

from service_kit.tables import audit_entry

if TYPE_CHECKING:
    from service_kit.database import Reader, Record, Transaction

CHAIN = select(audit_entry).where(audit_entry.c.subject == bindparam("subject")).order_by(audit_entry.c.sequence)
ERASE = (
    update(audit_entry)
    .where(audit_entry.c.subject == any_(bindparam("subjects", type_=ARRAY(Uuid))))
    .values({"values": None, "salt": None})
)
# Most members are these; asking an abstract class about each of them was half the cost of a digest.
_PLAIN = (str, int, type(None))
_PLAIN_KINDS = frozenset({*_PLAIN, bool})
_WRITTEN_AS_TEXT = (UUID, date, Decimal)


class ChainBroken(Exception):
    """The audit of a subject was changed: `sequence` is the first row that does not fit."""

    def __init__(self, sequence: int, reason: str) -> None:
        super().__init__(f"row {sequence}: {reason}")
        self.sequence = sequence


async def chain(reader: "Reader", subject: UUID) -> Sequence["Record"]:
    """All rows of one subject, oldest first."""
    return await reader.fetch(CHAIN, subject=subject)


def verify(rows: Sequence[Any]) -> None:
    """Prove the chain of one subject from its first row on; ChainBroken where it does not hold.

    Rows whose values were erased still hold their place: the salted digest stays. What is cut off at the end cannot be seen in the
    rows; keep the last hash elsewhere to be sure of that too.
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


async def erase(tx: "Transaction", *subjects: UUID) -> int:
    """Erase the values of all rows of these subjects, with the salts by which somebody could test a guess; how many rows they were."""
    return await tx.execute(ERASE, subjects=list(subjects))


def values_digest(salt: bytes, values: Mapping[str, Any] | None) -> bytes:
    """SHA-256 over the salt and the values as canonical JSON, so that erased values cannot be guessed from it."""
    return hashlib.sha256(salt + canonical(values)).digest()


def link_of(row: Any) -> bytes:
    """What an audit row adds to the chain: hash = SHA-256(previous hash || SHA-256(facts that stay) || digest of the values)."""
    at = row["at"].astimezone(UTC).isoformat()
    facts = [str(row["subject"]), at, row["action"], row["client_id"], row["actor"], row["unit"], row["request_id"]]
    return hashlib.sha256(to_json(facts)).digest() + bytes(row["digest"])


def canonical(values: Any) -> bytes:
    """JSON with sorted keys, the same for the values that are written and for those that a jsonb column gives back."""
    return to_json(_sorted(values))


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        # Nearly all members are plain; a call for each of them was half the cost of a digest.
        return {str(key): member if type(member := value[key]) in _PLAIN_KINDS else _sorted(member) for key in sorted(value, key=str)}
    if isinstance(value, _PLAIN):
        return value
    if isinstance(value, list | tuple):
        return [_sorted(member) for member in value]
    if isinstance(value, float):
        # A jsonb column keeps the number as it is written, not its kind: 1e22 comes back as an integer, -0.0 as 0.
        return int(Decimal(repr(value))) if value.is_integer() else value
    return value if isinstance(value, _WRITTEN_AS_TEXT) else _sorted(from_json(to_json(value)))
