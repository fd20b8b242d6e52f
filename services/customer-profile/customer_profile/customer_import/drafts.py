"""What one row of a sheet says of a customer, checked and in written form."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from service_kit.sheet.domain import Row, Value
from service_kit.words.errors import Refusal
from service_kit.words.identifiers import WITH_SYSTEM, IdentifierType
from service_kit.words.messages import said
from service_kit.words.phones import phones

from customer_profile.customer.domain import Kind, Role, Sector
from customer_profile.customer.facts import GROUPS, Json
from customer_profile.customer_import.cell_words import (
    EMPTY,
    KINDS,
    NOTHING,
    ORGANIZED,
    ROLES,
    SECTORS,
)
from customer_profile.customer_import.cells import (
    MANY,
    RowRefused,
    checked,
    fact_of,
    is_filled,
    is_language,
    is_naming,
    is_unit,
    is_yes,
    label,
    name_of,
    number_of,
    one_of,
    refuse_formula,
    refuse_more,
    text_of,
)
from customer_profile.customer_import.columns import FACT, Columns, Key
from customer_profile.identifier.domain import Identifier, Vault, written

APART = re.compile(r"[;,、；，|/\s]+")
# The bound that the API sets to facts.
MOST_FACTS = 100
IDENTIFIER_TARGETS = frozenset(IdentifierType)
NUMBERING = frozenset({IdentifierType.EXTERNAL, IdentifierType.LOYALTY})


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """One row, read. What the row does not say is None or empty; `key` is the look-up key that
    finds its customer.

    `binds_name` says that it finds a customer of the row's name alone: it may be shared, or it
    proves who somebody is. `is_nameless` says that the sheet has no names at all, only numbers of
    its own.
    """

    number: int
    key: str | None = None
    name: str | None = None
    binds_name: bool = False
    is_nameless: bool = False
    kind: Kind | None = None
    # What its name says of a new customer whose row does not say what it is.
    supposed_kind: Kind | None = None
    language: str | None = None
    time_zone: str | None = None
    unit: str | None = None
    sector: Sector | None = None
    account_manager: str | None = None
    do_not_contact: bool | None = None
    roles: tuple[Role, ...] = ()
    tags: tuple[str, ...] = ()
    identifiers: tuple[Identifier, ...] = ()
    facts: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)


class Drafting:
    """Reads rows by the fields of their columns."""

    def __init__(
        self, columns: Columns, *, key: Key | None, vault: Vault, region: str, zones: frozenset[str]
    ) -> None:
        self._fields = columns.fields
        self._columns = columns
        self._key = key
        self._vault = vault
        self._region = region
        self._zones = zones
        self._is_nameless = "name" not in columns.fields.values() and not any(
            map(is_naming, columns.ignored)
        )

    def draft(self, row: Row) -> Draft | None:
        """The row's draft, None for a row without any value;
        RowRefused for one that cannot be taken.
        """
        if row.problem:
            raise RowRefused("unreadable", row.problem)
        told = _Told(self)
        refused = {
            column: error
            for column, value in row.values.items()
            if (error := self._refusal(told, column, value)) is not None
        }
        faults = [*refused.values(), *self._contradictions(told, row)]
        if not told.is_something and not faults:
            return None
        if (
            self._key is not None
            and self._key.field not in {self._fields[column] for column in refused}
            and told.key is None
        ):
            faults.append(
                RowRefused("key_missing", said("the row has no {key}", key=self._key.field))
            )
        if faults:
            first, *others = faults
            raise RowRefused(first.code, first.detail, column=first.column, others=others)
        return told.draft(row.number)

    def _refusal(self, told: "_Told", column: str, value: Value) -> RowRefused | None:
        """Take one cell; what is wrong with it, or None."""
        target = self._fields.get(column)
        if target is None or value == "":
            return None
        try:
            told.take(target, value)
        except RowRefused as error:
            return RowRefused(error.code, error.detail, column=column)
        except Refusal:
            return RowRefused(
                "invalid", said("the value cannot be read as {field}", field=target), column=column
            )
        return None

    def _contradictions(self, told: "_Told", row: Row) -> list[RowRefused]:
        """A customer with somebody to speak to is an organization;
        where that is not certain, nobody gets the other's name.
        """
        column = next(
            (each for each in self._columns.contacts if is_filled(row.values.get(each))), None
        )
        if column is None or told.name is None or told.kind is not None:
            return []
        return [
            RowRefused(
                "kind_unclear",
                "the row names a contact person: say in a column `kind` what the customer is",
                column=column,
            )
        ]

    def kind_of(self, name: str | None) -> Kind | None:
        """What a customer of this name is where the row does not say it."""
        is_organized = self._columns.is_of_companies or (
            name is not None and ORGANIZED.search(name) is not None
        )
        return Kind.ORGANIZATION if is_organized else None

    def several(self, target: str, text: str) -> list[str]:
        """The values of one cell: of phones and e-mails a cell may hold some."""
        if target == "phone":
            return phones(text)
        return [part for part in APART.split(text) if part] if target == "email" else [text]

    def identifier(self, target: str, text: str) -> Identifier:
        name, _, system = target.partition(":")
        value = text if name == IdentifierType.EMAIL else number_of(text)
        identifier = written(
            IdentifierType(name), value, vault=self._vault, system=system, region=self._region
        )
        if identifier.type in WITH_SYSTEM:
            # The written form counts: a full-width sign is an ordinary one in it.
            refuse_formula(identifier.value)
        return identifier

    def plain(self, target: str, text: str) -> object:
        """The value of a field that is neither an identifier nor a fact."""
        match target:
            case "name":
                return name_of(text)
            case "kind":
                return KINDS.get(text) or one_of(Kind, text)
            case "language":
                return checked(text, is_language(text), target)
            case "time_zone":
                return checked(text, text in self._zones, target)
            case "unit":
                return checked(text, is_unit(text), target)
            case "sector":
                return SECTORS.get(text) or one_of(Sector, text)
            case "account_manager":
                return label(text, 200)
            case "do_not_contact":
                return is_yes(text)
        raise AssertionError(f"{target} is no plain field")

    def key_among(self, identifiers: list[Identifier]) -> str | None:
        """The look-up key of the row: of the asked type, else the first unique identifier;
        None where it has none.
        """
        if self._key is None:
            return next(
                (identifier.key for identifier in identifiers if identifier.is_unique), None
            )
        own = (
            each.key
            for each in identifiers
            if each.type is self._key.type and each.system == self._key.system
        )
        return next(own, None)

    @property
    def is_nameless(self) -> bool:
        """Whether the sheet lists customers by another system's numbers alone,
        as the caller's key says.
        """
        return self._is_nameless and self._key is not None and self._key.type in NUMBERING


class _Told:
    """Collects what the cells of one row say."""

    def __init__(self, drafting: Drafting) -> None:
        self._drafting = drafting
        self._plain: dict[str, Any] = {}
        self._roles: list[Role] = []
        self._tags: list[str] = []
        self._identifiers: list[Identifier] = []
        self._facts: dict[str, dict[str, Json]] = {}

    @property
    def is_something(self) -> bool:
        return bool(self._plain or self._roles or self._tags or self._identifiers or self._facts)

    def take(self, target: str, value: Value) -> None:
        if target == "identifiers":
            self._take_identifiers(value)
        elif target == "facts":
            self._take_facts(value)
        elif target in ("roles", "tags"):
            self._take_many(target, value)
        elif target.partition(".")[0] in GROUPS and "." in target:
            self._take_fact(target, value)
        else:
            self._take_text(target, text_of(value))

    def _take_text(self, target: str, value: str) -> None:
        if value.lower() in (EMPTY if target == "name" else NOTHING):
            return
        if target in IDENTIFIER_TARGETS or ":" in target:
            self._identifiers.extend(
                self._drafting.identifier(target, part)
                for part in self._drafting.several(target, value)
            )
        else:
            refuse_formula(value)
            self._plain[target] = self._drafting.plain(target, value)

    def _take_many(self, target: str, value: Value) -> None:
        parts = (
            [text_of(part) for part in value]
            if isinstance(value, list)
            else [part.strip() for part in MANY.split(text_of(value))]
        )
        for part in parts:
            if part.lower() in NOTHING:
                continue
            refuse_formula(part)
            if target == "tags":
                self._tags.append(label(part, 64))
            else:
                self._roles.append(ROLES.get(part) or one_of(Role, part))

    def _take_identifiers(self, value: Value) -> None:
        for entry in value if isinstance(value, list) else [value]:
            if (
                not isinstance(entry, dict)
                or not isinstance(entry.get("type"), str)
                or not isinstance(entry.get("value"), str)
            ):
                raise RowRefused("invalid", "an identifier is an object with type and value")
            target = (
                f"{entry['type']}:{entry['system']}" if entry.get("system") else str(entry["type"])
            )
            if target.partition(":")[0] not in set(IdentifierType):
                raise RowRefused("invalid", "there is no such type of identifier")
            self._identifiers.append(self._drafting.identifier(target, str(entry["value"])))

    def _take_facts(self, value: Value) -> None:
        if not isinstance(value, dict):
            raise RowRefused(
                "invalid", "facts are an object of the groups basic, characteristics and business"
            )
        for group, members in value.items():
            if group not in GROUPS or not isinstance(members, dict):
                raise RowRefused(
                    "invalid",
                    "facts are an object of the groups basic, characteristics and business",
                )
            for name, member in members.items():
                self._take_fact(f"{group}.{name}", member)

    def _take_fact(self, target: str, value: Value) -> None:
        if not FACT.fullmatch(target):
            raise RowRefused(
                "invalid", "a fact is named in lower-case letters, digits and underscores"
            )
        group, _, name = target.partition(".")
        read = fact_of(target, value)
        if read is not None:
            told = self._facts.setdefault(group, {})
            told[name] = read
            refuse_more(told, MOST_FACTS, "more than {most} facts in a group")

    @property
    def key(self) -> str | None:
        return self._drafting.key_among(self._identifiers)

    @property
    def _binds_name(self) -> bool:
        """Numbers that a company gives its customers may come with a new name;
        phones are shared, and a government id is one person's.
        """
        return any(
            each.key == self.key and each.type not in NUMBERING for each in self._identifiers
        )

    @property
    def name(self) -> str | None:
        name: str | None = self._plain.get("name")
        return name

    @property
    def kind(self) -> Kind | None:
        """What the row calls the customer, else what the name does."""
        told: Kind | None = self._plain.get("kind")
        return told or self._drafting.kind_of(self.name)

    def draft(self, number: int) -> Draft:
        return Draft(
            number=number,
            key=self.key,
            binds_name=self._binds_name,
            is_nameless=self._drafting.is_nameless,
            supposed_kind=self._drafting.kind_of(self.name),
            **self._plain,
            roles=tuple(self._roles),
            tags=tuple(self._tags),
            identifiers=tuple(self._identifiers),
            facts=self._facts,
        )
