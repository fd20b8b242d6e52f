"""The digests that audit rows and other sealed rows stand on."""

import hashlib
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from pydantic_core import from_json, to_json
from sqlalchemy import Table

# The action of the row that an erasure leaves in the chain: an emptied row counts as erased only
# below one of these.
ERASED = "audit.erased"
# Most members are these; asking an abstract class about each of them was half the cost of a digest.
_PLAIN = (str, int, type(None))
_PLAIN_KINDS = frozenset({*_PLAIN, bool})
_WRITTEN_AS_TEXT = (UUID, date, Decimal)


def values_digest(salt: bytes, values: Mapping[str, Any] | None) -> bytes:
    """SHA-256 over the salt and the values as canonical JSON,
    so that erased values cannot be guessed from it.
    """
    return hashlib.sha256(salt + canonical(values)).digest()


def is_erasure(action: str) -> bool:
    """Whether the actions of an audit row say that what stood before it was erased."""
    return any(word.endswith(".erased") for word in action.split())


def link_of(row: Any) -> bytes:
    """What an audit row adds to the chain:
    hash = SHA-256(previous hash || SHA-256(facts that stay) || digest of the values).
    """
    at = row["at"].astimezone(UTC).isoformat()
    facts = [
        str(row["subject"]),
        at,
        row["action"],
        row["client_id"],
        row["actor"],
        row["unit"],
        row["request_id"],
    ]
    return hashlib.sha256(to_json(facts)).digest() + bytes(row["digest"])


def row_hash(table: Table, row: Mapping[str, Any]) -> bytes:
    """What a sealed row of another table comes to:
    all of it but what an erasure empties, for which its salted digest stands.
    """
    kept = [column.name for column in table.columns if column.name not in table.info["erasable"]]
    return facts_hash({name: row[name] for name in kept})


def facts_hash(facts: Mapping[str, Any]) -> bytes:
    """What is not there does not count,
    so that a column which a later release adds leaves the hashes of older rows as they are.
    """
    return hashlib.sha256(
        canonical({name: _in_utc(value) for name, value in facts.items() if value is not None})
    ).digest()


def _in_utc(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    return value.hex() if isinstance(value, bytes) else value


def canonical(values: Any) -> bytes:
    """JSON with sorted keys,
    the same for the values that are written and for those that a jsonb column gives back.
    """
    return to_json(_sorted(values))


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        # Nearly all members are plain; a call for each of them was half the cost of a digest.
        return {
            str(key): member if type(member := value[key]) in _PLAIN_KINDS else _sorted(member)
            for key in sorted(value, key=str)
        }
    if isinstance(value, _PLAIN):
        return value
    if isinstance(value, list | tuple):
        return [_sorted(member) for member in value]
    if isinstance(value, float):
        # A jsonb column keeps the number as it is written, not its kind: 1e22 comes back as an
        # integer, -0.0 as 0.
        return int(Decimal(repr(value))) if value.is_integer() else value
    return value if isinstance(value, _WRITTEN_AS_TEXT) else _sorted(from_json(to_json(value)))
