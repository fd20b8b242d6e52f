"""What one row of a sheet says of a customer, checked and in written form."""

import re
from collections.abc import Mapping, Sequence, Sized
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any, TypeVar

from service_kit.errors import Refusal
from service_kit.messages import said
from service_kit.sheet.domain import Row, Value
from service_kit.words import DAY as DAY_WANTED
from service_kit.words import LANGUAGE_TAG, UNIT

from customer_profile.customer.domain import Kind, Role, Sector
from customer_profile.customer.facts import GROUPS, Json
from customer_profile.customer_import.columns import FACT, Key
from customer_profile.identifier.domain import WITH_SYSTEM, Identifier, IdentifierType, Vault, written

LONGEST_NAME = 200
LONGEST_FACT = 2_000
LONGEST_MEMBER = 60
LONGEST_LANGUAGE = 20
# The bounds that the API sets to facts.
MOST_FACTS = 100
MOST_MEMBERS = 50
MOST_ITEMS = 100
MANY = re.compile(r"[;,、；，|\n]+")
DAY = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[ T].*)?")
PACKED_DAY = re.compile(r"(\d{4})(\d{2})(\d{2})")
SIGNED = re.compile(r"[+-][0-9 ().\-]*")
UNIT_PATH = re.compile(UNIT)
EMPTY = frozenset({"", "-", "--", "n/a", "null", "none", "无"})
KINDS = {
    "个人": Kind.INDIVIDUAL,
    "person": Kind.INDIVIDUAL,
    "企业": Kind.ORGANIZATION,
    "公司": Kind.ORGANIZATION,
    "单位": Kind.ORGANIZATION,
}
SEXES = {"男": "male", "m": "male", "male": "male", "女": "female", "f": "female", "female": "female", "other": "other", "其他": "other"}
YES = frozenset({"true", "yes", "1", "是", "y"})
NO = frozenset({"false", "no", "0", "否", "n"})
DAYS = frozenset({"basic.birth_date", "basic.founding_date", "basic.first_business_date"})
LISTS = frozenset({"basic.former_names", "basic.managers", "characteristics.hobbies", "characteristics.likes", "characteristics.dislikes"})
LANGUAGE = re.compile(LANGUAGE_TAG)
IDENTIFIER_TARGETS = frozenset(IdentifierType)
Read = TypeVar("Read")
Word = TypeVar("Word", bound=StrEnum)
Several = TypeVar("Several", bound=Sized)


class RowRefused(Exception):
    """Why a row is not taken: the column, a code for programs and a sentence without personal values; `others` are its other faults."""

    def __init__(self, code: str, detail: str, *, column: str = "", others: Sequence["RowRefused"] = ()) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.column = column
        self.others = others


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """One row, read. What the row does not say is None or empty; `key` is the look-up key that finds its customer.

    `stand_in_name` is what a new customer is called where the sheet has no names at all.
    """

    number: int
    key: str | None = None
    name: str | None = None
    stand_in_name: str | None = None
    kind: Kind | None = None
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

    def __init__(self, fields: Mapping[str, str], *, key: Key | None, vault: Vault, region: str, zones: frozenset[str]) -> None:
        self._fields = fields
        self._key = key
        self._vault = vault
        self._region = region
        self._zones = zones
        self._has_names = "name" in fields.values()

    def draft(self, row: Row) -> Draft | None:
        """The row's draft, None for a row without any value; RowRefused for one that cannot be taken."""
        if row.problem:
            raise RowRefused("unreadable", row.problem)
        told = _Told(self)
        refused = {column: error for column, value in row.values.items() if (error := self._refusal(told, column, value)) is not None}
        faults = list(refused.values())
        if not told.is_something and not faults:
            return None
        if self._key is not None and self._key.field not in {self._fields[column] for column in refused} and told.key is None:
            faults.append(RowRefused("key_missing", said("the row has no {key}", key=self._key.field)))
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
            return RowRefused("invalid", said("the value cannot be read as {field}", field=target), column=column)
        return None

    def identifier(self, target: str, value: str) -> Identifier:
        name, _, system = target.partition(":")
        identifier = written(IdentifierType(name), value, vault=self._vault, system=system, region=self._region)
        if identifier.type in WITH_SYSTEM:
            # The written form counts: a full-width sign is an ordinary one in it.
            _refuse_formula(identifier.value)
        return identifier

    def plain(self, target: str, text: str) -> object:
        """The value of a field that is neither an identifier nor a fact."""
        match target:
            case "name":
                return _bounded(text, LONGEST_NAME)
            case "kind":
                return KINDS.get(text) or _one_of(Kind, text)
            case "language":
                return _checked(text, _is_language(text), target)
            case "time_zone":
                return _checked(text, text in self._zones, target)
            case "unit":
                return _checked(text, len(text) <= 200 and bool(UNIT_PATH.fullmatch(text)), target)
            case "sector":
                return _one_of(Sector, text)
            case "account_manager":
                return _bounded(text, 200)
            case "do_not_contact":
                return _yes_or_no(text)
        raise AssertionError(f"{target} is no plain field")

    def key_among(self, identifiers: list[Identifier]) -> str | None:
        """The look-up key of the row: of the asked type, else the first unique identifier; None where it has none."""
        if self._key is None:
            return next((identifier.key for identifier in identifiers if identifier.is_unique), None)
        own = (each.key for each in identifiers if each.type is self._key.type and each.system == self._key.system)
        return next(own, None)

    def stand_in_name(self, identifiers: list[Identifier]) -> str | None:
        """Sheets without any column of names call their new customers by their numbers."""
        return identifiers[0].value if identifiers and not self._has_names else None


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
            self._take_text(target, _text(value))

    def _take_text(self, target: str, value: str) -> None:
        if value.lower() in EMPTY:
            return
        if target in IDENTIFIER_TARGETS or ":" in target:
            values = [part for part in MANY.split(value) if part.strip()] if target in ("phone", "email") else [value]
            self._identifiers.extend(self._drafting.identifier(target, part) for part in values)
        else:
            _refuse_formula(value)
            self._plain[target] = self._drafting.plain(target, value)

    def _take_many(self, target: str, value: Value) -> None:
        parts = [_text(part) for part in value] if isinstance(value, list) else [part.strip() for part in MANY.split(_text(value))]
        for part in parts:
            if part.lower() in EMPTY:
                continue
            _refuse_formula(part)
            if target == "tags":
                self._tags.append(_bounded(part, 64))
            else:
                self._roles.append(_one_of(Role, part))

    def _take_identifiers(self, value: Value) -> None:
        for entry in value if isinstance(value, list) else [value]:
            if not isinstance(entry, dict) or not isinstance(entry.get("type"), str) or not isinstance(entry.get("value"), str):
                raise RowRefused("invalid", "an identifier is an object with type and value")
            target = f"{entry['type']}:{entry['system']}" if entry.get("system") else str(entry["type"])
            if target.partition(":")[0] not in set(IdentifierType):
                raise RowRefused("invalid", "there is no such type of identifier")
            self._identifiers.append(self._drafting.identifier(target, str(entry["value"])))

    def _take_facts(self, value: Value) -> None:
        if not isinstance(value, dict):
            raise RowRefused("invalid", "facts are an object of the groups basic, characteristics and business")
        for group, members in value.items():
            if group not in GROUPS or not isinstance(members, dict):
                raise RowRefused("invalid", "facts are an object of the groups basic, characteristics and business")
            for name, member in members.items():
                self._take_fact(f"{group}.{name}", member)

    def _take_fact(self, target: str, value: Value) -> None:
        if not FACT.fullmatch(target):
            raise RowRefused("invalid", "a fact is named in lower-case letters, digits and underscores")
        group, _, name = target.partition(".")
        read = _fact(target, value)
        if read is not None:
            told = self._facts.setdefault(group, {})
            told[name] = read
            _refuse_more(told, MOST_FACTS, "more than {most} facts in a group")

    @property
    def key(self) -> str | None:
        return self._drafting.key_among(self._identifiers)

    def draft(self, number: int) -> Draft:
        return Draft(
            number=number,
            key=self.key,
            stand_in_name=self._drafting.stand_in_name(self._identifiers),
            **self._plain,
            roles=tuple(self._roles),
            tags=tuple(self._tags),
            identifiers=tuple(self._identifiers),
            facts=self._facts,
        )


def _fact(target: str, value: Value) -> Json:
    if target in DAYS:
        return _day(_text(value))
    if target == "basic.sex":
        return _sex(_text(value))
    if isinstance(value, list) or target in LISTS:
        parts = value if isinstance(value, list) else list(MANY.split(_text(value)))
        entries: list[Json] = [_fact_text(part) for part in parts if _text(part)]
        return _refuse_more(entries, MOST_ITEMS, "more than {most} entries in a fact") or None
    if isinstance(value, dict):
        members: dict[str, Json] = {_member(name): _fact_text(member) for name, member in value.items()}
        return _refuse_more(members, MOST_MEMBERS, "more than {most} members in a fact")
    return None if _text(value).lower() in EMPTY else _fact_text(value)


def _member(name: str) -> str:
    text = _fact_text(name)
    if not 1 <= len(text) <= LONGEST_MEMBER:
        raise RowRefused("invalid", said("a member of a fact has a name of at most {most} characters", most=LONGEST_MEMBER))
    return text


def _refuse_more(values: Several, most: int, why: str) -> Several:
    if len(values) > most:
        raise RowRefused("invalid", said(why, most=most))
    return values


def _fact_text(value: Value) -> str:
    text = _text(value)
    _refuse_formula(text)
    return _bounded(text, LONGEST_FACT)


def _text(value: Value) -> str:
    if not isinstance(value, str):
        raise RowRefused("invalid", "a single value is expected here")
    text = value.strip()
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        raise RowRefused("invalid", "the text holds half a character")
    if "\0" in text:
        raise RowRefused("invalid", "text cannot hold the character NUL")
    return text


def _day(text: str) -> str | None:
    if text.lower() in EMPTY:
        return None
    found = DAY.fullmatch(text) or PACKED_DAY.fullmatch(text)
    if found is None:
        raise RowRefused("invalid", DAY_WANTED)
    try:
        day = date(int(found[1]), int(found[2]), int(found[3]))
        if not 1800 <= day.year < 2200:
            raise ValueError
    except ValueError as error:
        raise RowRefused("invalid", "this day does not exist or lies outside 1800 to 2199") from error
    return day.isoformat()


def _sex(text: str) -> str | None:
    if text.lower() in EMPTY:
        return None
    if text.lower() not in SEXES:
        raise RowRefused("invalid", "sex is male, female or other")
    return SEXES[text.lower()]


def _refuse_formula(text: str) -> None:
    """What a spreadsheet would run when the value is exported again is not taken in; numbers with a sign are."""
    if text[:1] in ("=", "@", "+", "-", "\t", "\r") and not SIGNED.fullmatch(text):
        raise RowRefused("formula", "the value begins like a spreadsheet formula")


def _bounded(text: str, longest: int) -> str:
    if len(text) > longest:
        raise RowRefused("too_long", said("the value is longer than {most} characters", most=longest))
    return text


def _one_of(words: type[Word], text: str) -> Word:
    try:
        return words(text.lower())
    except ValueError as error:
        raise RowRefused("invalid", said("the value is none of {words}", words=", ".join(words))) from error


def _checked(text: str, is_right: bool, name: str) -> str:
    if not is_right:
        raise RowRefused("invalid", said("the value cannot be read as {field}", field=name))
    return text


def _is_language(text: str) -> bool:
    return len(text) <= LONGEST_LANGUAGE and bool(LANGUAGE.fullmatch(text))


def _yes_or_no(text: str) -> bool:
    if text.lower() not in YES and text.lower() not in NO:
        raise RowRefused("invalid", "the value is neither yes nor no")
    return text.lower() in YES
