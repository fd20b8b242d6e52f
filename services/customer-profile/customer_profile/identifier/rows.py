"""Identifiers as members of a row and back."""

from collections.abc import Mapping, Sequence
from typing import Any

from service_kit.words.identifiers import IdentifierType

from customer_profile.identifier.domain import Identifier


def identifiers_of(rows: Sequence[Mapping[str, Any]]) -> tuple[Identifier, ...]:
    return tuple(
        Identifier(
            type=IdentifierType(row["type"]),
            value=row["value"],
            system=row.get("system") or "",
            digest=row.get("digest", ""),
            sealed=row.get("sealed", ""),
        )
        for row in rows
    )


def identifiers_row(identifiers: Sequence[Identifier]) -> list[dict[str, str | None]]:
    return [identifier_row(identifier) for identifier in identifiers]


def identifier_row(identifier: Identifier) -> dict[str, str | None]:
    """All members that are shown, also those that are null,
    so that lists can show them as they lie.
    """
    row: dict[str, str | None] = {
        "type": identifier.type.value,
        "system": identifier.system or None,
        "value": identifier.value,
    }
    if identifier.digest:
        row |= {"digest": identifier.digest, "sealed": identifier.sealed}
    return row
