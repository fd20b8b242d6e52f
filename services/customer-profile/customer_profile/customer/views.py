"""Customers as the API shows them, masked for whoever may not see everything; straight from the row, since nothing is read more often."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from pydantic_core import from_json, to_json
from service_kit.store.running import Record

from customer_profile.customer.facts import GROUPS, SENSITIVE
from customer_profile.identifier.domain import IdentifierType, Vault

Row: TypeAlias = Record | Mapping[str, Any]
# Sensitive by their nature, by group; what a source called sensitive is named in the row.
BY_GROUP = {group: frozenset(name.partition(".")[2] for name in SENSITIVE if name.startswith(f"{group}.")) for group in GROUPS}
SECRET = f"identifiers.{IdentifierType.GOVERNMENT_ID.value}"
TOLD = ("kind", "learned", "recorded_at", "confirmed_at", "purposes")
MOST_SOURCES_SHOWN = 50
PLAIN = (
    "id", "kind", "name", "language", "time_zone", "unit", "roles", "sector", "tags", "account_manager", "do_not_contact", "created_at",
    "updated_at",
)  # fmt: skip


def sensitive_names(row: Row) -> list[str]:
    """What of this file only the sensitive scope may see."""
    facts = row["facts"]
    found = [
        f"{group}.{name}"
        for group, names in BY_GROUP.items()
        if names and not names.isdisjoint(facts.get(group, ()))
        for name in facts[group]
        if name in names
    ]
    found += [name for name in row["sensitive"] if name not in found]
    if any("sealed" in identifier for identifier in row["identifiers"]):
        found.append(SECRET)
    return found


def file_json(row: Row, *, vault: Vault | None, with_sources: bool = False) -> bytes:
    """The whole file as CustomerView has it. Without a vault sensitive facts are left out and named in `masked`."""
    hidden = [] if vault is not None else sensitive_names(row)
    facts = shown_facts(row["facts"], hidden)
    view = {name: row[name] for name in PLAIN}
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


def shown_facts(facts: Mapping[str, Mapping[str, Any]], hidden: Sequence[str]) -> dict[str, Mapping[str, Any]]:
    """The three groups without what is hidden."""
    if not hidden:
        return {group: facts.get(group, {}) for group in GROUPS}
    return {group: {name: value for name, value in facts.get(group, {}).items() if f"{group}.{name}" not in hidden} for group in GROUPS}


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
