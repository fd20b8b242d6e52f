"""Which column of a sheet fills which field:
by an explicit mapping, else by the names that sheets usually have.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from service_kit.sheet.columns import contested
from service_kit.words.errors import Invalid
from service_kit.words.identifiers import SYSTEM, WITH_SYSTEM, IdentifierType
from service_kit.words.messages import said

from customer_profile.customer.facts import GROUPS
from customer_profile.customer_import.column_names import (
    COMPANY,
    CONTACT,
    KEY_COLUMNS,
    NAME_PARTS,
    USUAL,
    bare,
)

PLAIN = frozenset(
    {
        "name",
        "kind",
        "language",
        "time_zone",
        "unit",
        "sector",
        "roles",
        "tags",
        "account_manager",
        "do_not_contact",
        "identifiers",
        "facts",
    }
)
SIMPLE_IDENTIFIERS = frozenset(IdentifierType) - WITH_SYSTEM
# Fields of which a row may say several things.
SEVERAL = frozenset({"phone", "email", "tags", "roles"})
FACT = re.compile(rf"({'|'.join(GROUPS)})\.([a-z][a-z0-9_]{{0,59}})")


class MappingNotUsable(Invalid):
    """The mapping names a column that the sheet does not have,
    or a field that customers do not have.
    """


class KeyNotUsable(Invalid):
    """The key names an identifier type such as `external:erp`, `loyalty`, `government_id`,
    `phone` or `email`.
    """


@dataclass(frozen=True, kw_only=True)
class Key:
    """The identifier by which rows find their customer."""

    type: IdentifierType
    system: str = ""

    @property
    def field(self) -> str:
        return f"{self.type}:{self.system}" if self.system else self.type.value


def key_of(text: str) -> Key:
    """`external:erp` -> the external ids of the system erp;
    KeyNotUsable for what is no identifier type.
    """
    name, _, system = text.strip().partition(":")
    try:
        kind = IdentifierType(name)
    except ValueError as error:
        raise KeyNotUsable(pointer="/key") from error
    is_systematic = kind in WITH_SYSTEM
    if is_systematic != bool(system) or (system and not SYSTEM.fullmatch(system)):
        raise KeyNotUsable(pointer="/key")
    return Key(type=kind, system=system)


def is_field(name: str) -> bool:
    """Whether a column can fill it."""
    kind, _, system = name.partition(":")
    if system:
        return kind in WITH_SYSTEM and bool(SYSTEM.fullmatch(system))
    return name in PLAIN or name in SIMPLE_IDENTIFIERS or bool(FACT.fullmatch(name))


@dataclass(frozen=True, kw_only=True)
class Columns:
    """Which column fills which field, which ones nobody takes, and what the sheet tells of its rows
    beside.

    `contacts` name somebody to speak to at the customer; `is_of_companies` says that the names are
    those of companies.
    """

    fields: Mapping[str, str]
    ignored: tuple[str, ...] = ()
    contacts: tuple[str, ...] = ()
    is_of_companies: bool = False


def columns_of(columns: Sequence[str], mapping: Mapping[str, str], key: Key | None) -> Columns:
    """What becomes of each column; those that nobody asked for and nobody knows are ignored, and
    named so.

    The mapping may be written either way round, `{"column": "field"}` or `{"field": "column"}`.
    Raises MappingNotUsable.
    """
    named = [column for column in columns if column]
    given = _columns_first(columns, mapping)
    fields = {column: field for column, field in given.items() if field}
    found = {
        column: field
        for column in named
        if column not in given and (field := _usual(column)) and not _is_taken(field, fields)
    }
    fields |= found
    companies = [column for column in named if column not in given and bare(column) in COMPANY]
    is_of_companies = (
        "name" not in fields.values()
        and bool(companies)
        and not any(bare(column) in NAME_PARTS for column in named)
    )
    if is_of_companies:
        fields |= dict.fromkeys(companies, "name")
    if key is not None and key.field not in fields.values():
        fields[_stand_in(named, fields, key)] = key.field
    if not fields:
        raise MappingNotUsable(
            "no column of the sheet is known; say in `mapping` which one fills which field",
            pointer="/mapping",
        )
    _refuse_rivals(fields, key)
    return Columns(
        fields={column: fields[column] for column in named if column in fields},
        ignored=tuple(
            column or _letter(place) for place, column in enumerate(columns) if column not in fields
        ),
        contacts=tuple(
            column for column in named if column not in fields and bare(column) in CONTACT
        ),
        is_of_companies=is_of_companies,
    )


def _is_taken(field: str, fields: Mapping[str, str]) -> bool:
    """Whether the mapping says already which column fills it."""
    return field not in SEVERAL and field in fields.values()


def _stand_in(columns: Sequence[str], fields: Mapping[str, str], key: Key) -> str:
    """The column that holds the key without being called so."""
    found = next(
        (column for column in columns if column not in fields and _is_key_column(column, key)), None
    )
    if found is None:
        raise MappingNotUsable(
            said("no column of the sheet holds the key {key}", key=key.field), pointer="/key"
        )
    return found


def _refuse_rivals(fields: Mapping[str, str], key: Key | None) -> None:
    """Two columns for one value: nobody can say which is meant.
    Of phones, e-mails, tags and roles a customer has several.
    """
    several = SEVERAL - {key.field} if key else SEVERAL
    if told := contested(fields.items(), several=several):
        raise MappingNotUsable(told, pointer="/mapping")


def _letter(place: int) -> str:
    """A column without a name, as spreadsheets call it: [A], [AB]."""
    letters = ""
    number = place + 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return f"[{letters}]"


def _columns_first(columns: Sequence[str], mapping: Mapping[str, str]) -> dict[str, str]:
    if not all(column in columns for column in mapping) and all(
        column in columns for column in mapping.values()
    ):
        mapping = {column: field for field, column in mapping.items()}
    for column, field in mapping.items():
        if column not in columns:
            raise MappingNotUsable(
                said("the sheet has no column '{column}'", column=column[:60]), pointer="/mapping"
            )
        if field and not is_field(field):
            raise MappingNotUsable(
                said("customers have no field '{field}'", field=field[:60]), pointer="/mapping"
            )
    return dict(mapping)


def _usual(column: str) -> str:
    if is_field(column):
        return column
    return USUAL.get(bare(column), bare(column) if is_field(bare(column)) else "")


def usual_name(text: str) -> bool:
    """Whether this is what columns are called, and so no value of a row."""
    return bare(text) in USUAL or bare(text) in COMPANY | CONTACT | NAME_PARTS


def _is_key_column(column: str, key: Key) -> bool:
    return bare(column) in KEY_COLUMNS or bare(column) in (
        bare(key.system),
        bare(key.field),
        bare(f"{key.system}id"),
    )
