"""The customer's file as JSON, masked for whoever may not see everything;
straight from the row, since nothing is read more often.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic_core import from_json, to_json

from customer_profile.customer.rows import SHOWN, Row
from customer_profile.customer.sensitive import sensitive_names, shown_facts
from customer_profile.identifier.domain import Vault

TOLD = ("kind", "learned", "recorded_at", "confirmed_at", "purposes")
MOST_SOURCES_SHOWN = 50


def file_json(row: Row, *, vault: Vault | None, with_sources: bool = False) -> bytes:
    """The whole file as CustomerView has it.
    Without a vault sensitive facts are left out and named in `masked`.
    """
    hidden = [] if vault is not None else sensitive_names(row)
    facts = shown_facts(row["facts"], hidden)
    view = {name: row[name] for name in SHOWN}
    view["identifiers"] = [identifier_shown(identifier, vault) for identifier in row["identifiers"]]
    view["facts"] = facts
    view["masked"] = hidden
    view["tier"] = None if row["tier"] is None else {"stars": row["tier"]}
    view["sources"] = fact_sources(row, facts) if with_sources else None
    return to_json(view)


def page_json(rows: Sequence[Row], *, next_cursor: str | None) -> bytes:
    """One page of files as the database writes them, masked for everybody."""
    files = ",".join([row["file"] if row["declared"] is None else masked_json(row) for row in rows])
    return b'{"items":[' + files.encode() + b'],"next_cursor":' + to_json(next_cursor) + b"}"


def masked_json(row: Row) -> str:
    """A written file without what is sensitive in it."""
    file = from_json(row["file"])
    hidden = sensitive_names(file | {"sensitive": row["declared"]})
    file["identifiers"] = [identifier_shown(identifier, None) for identifier in file["identifiers"]]
    file["facts"] = shown_facts(file["facts"], hidden)
    file["masked"] = hidden
    return to_json(file).decode()


def identifier_shown(identifier: Mapping[str, str], vault: Vault | None) -> dict[str, str | None]:
    sealed = identifier.get("sealed")
    value = vault.reveal(sealed) if vault is not None and sealed else identifier["value"]
    return {"type": identifier["type"], "system": identifier.get("system"), "value": value}


def fact_sources(row: Row, shown: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """For each shown fact whether it is sensitive and who told it, oldest first."""
    sensitive = sensitive_names(row)
    return [
        {
            "fact": f"{group}.{name}",
            "is_sensitive": f"{group}.{name}" in sensitive,
            "sources": sources_of(row, f"{group}.{name}"),
        }
        for group, members in shown.items()
        for name in members
    ]


def sources_of(row: Row, fact: str) -> list[dict[str, Any]]:
    """The newest sources of one fact, oldest first."""
    sources = [source for source in row["sources"] if fact in source["facts"]]
    return [{member: source[member] for member in TOLD} for source in sources[-MOST_SOURCES_SHOWN:]]
