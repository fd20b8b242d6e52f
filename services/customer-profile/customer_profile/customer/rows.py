"""Customers as rows and back."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeAlias

from service_kit.store.running import Record
from service_kit.words.fields import written

from customer_profile.customer.domain import Customer, Kind, Role, Sector
from customer_profile.customer.source import Learned, Source, SourceKind
from customer_profile.identifier.rows import identifiers_of, identifiers_row

Row: TypeAlias = Record | Mapping[str, Any]
# The columns that everybody is shown as they lie.
SHOWN = (
    "id", "kind", "name", "language", "time_zone", "unit", "roles", "sector", "tags",
    "account_manager", "do_not_contact", "created_at", "updated_at",
)  # fmt: skip


def customer_of(row: Record) -> Customer:
    return Customer(
        id=row["id"],
        version=row["version"],
        kind=Kind(row["kind"]),
        name=row["name"],
        language=row["language"],
        time_zone=row["time_zone"],
        unit=row["unit"],
        roles=tuple(Role(role) for role in row["roles"]),
        sector=Sector(row["sector"]) if row["sector"] else None,
        identifiers=identifiers_of(row["identifiers"]),
        tags=tuple(row["tags"]),
        facts=row["facts"],
        sources=tuple(source_of(source) for source in row["sources"]),
        sensitive=frozenset(row["sensitive"]),
        tier=row["tier"],
        account_manager=row["account_manager"],
        do_not_contact=row["do_not_contact"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )


def row_of(customer: Customer) -> dict[str, Any]:
    """The columns of the table `customer`, but for erased_at."""
    return {
        "id": customer.id,
        "version": customer.version,
        "kind": customer.kind.value,
        "name": customer.name,
        "language": customer.language,
        "time_zone": customer.time_zone,
        "unit": customer.unit,
        "roles": [role.value for role in customer.roles],
        "sector": customer.sector.value if customer.sector else None,
        "identifiers": identifiers_row(customer.identifiers),
        "tags": list(customer.tags),
        "facts": customer.facts,
        "sources": [source_row(source) for source in customer.sources],
        "sensitive": sorted(customer.sensitive),
        "tier": customer.tier,
        "account_manager": customer.account_manager,
        "do_not_contact": customer.do_not_contact,
        "birthday": customer.birthday,
        "created_at": customer.created_at,
        "updated_at": customer.updated_at,
    }


def source_of(row: Row) -> Source:
    return Source(
        kind=SourceKind(row["kind"]),
        learned=Learned(row["learned"]),
        recorded_at=datetime.fromisoformat(row["recorded_at"]),
        confirmed_at=datetime.fromisoformat(row["confirmed_at"]),
        purposes=tuple(row["purposes"]),
        facts=tuple(row["facts"]),
    )


def source_row(source: Source) -> dict[str, Any]:
    return {
        "kind": source.kind.value,
        "learned": source.learned.value,
        "recorded_at": written(source.recorded_at),
        "confirmed_at": written(source.confirmed_at),
        "purposes": list(source.purposes),
        "facts": list(source.facts),
    }
