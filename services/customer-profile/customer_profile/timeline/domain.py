"""The timeline of a customer: one list over all channels and services, newest first."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from customer_profile.customer.facts import Json


class EntryKind(StrEnum):
    INTERACTION = "interaction"
    CONTACT = "contact"
    CASE = "case"
    CARE = "care"
    SCORE = "score"
    IMPORT = "import"


# An entry shows what lies elsewhere: whoever reads it there reads it here.
READ_SCOPES: Mapping[EntryKind, str] = {
    EntryKind.INTERACTION: "interactions:read",
    EntryKind.CONTACT: "contacts:read",
    EntryKind.CASE: "complaints:read",
    EntryKind.CARE: "care:read",
    EntryKind.SCORE: "scores:read",
    EntryKind.IMPORT: "customers:read",
}


def kinds_for(scopes: Collection[str]) -> list[str]:
    """The kinds of entries that a token with these scopes may read."""
    return [kind.value for kind, scope in READ_SCOPES.items() if scope in scopes]


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One moment. `title` is what people wrote;
    where a program tells, `label` picks a title that is spoken in the reader's language.
    """

    customer_id: UUID
    id: UUID
    occurred_at: datetime
    channel: str
    kind: EntryKind
    title: str = ""
    label: str = ""
    details: Mapping[str, Json] = field(default_factory=dict)
    ref_type: str
    ref_id: UUID
