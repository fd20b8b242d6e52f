"""What one cell of a sheet says: words, days, names and texts, checked and in written form."""

import re
from collections.abc import Sequence, Sized
from enum import StrEnum
from typing import TypeVar

from service_kit.sheet import cells
from service_kit.sheet.cells import CellSpoiled
from service_kit.sheet.days import day_of
from service_kit.sheet.domain import Value
from service_kit.words.fields import DAY as DAY_WANTED
from service_kit.words.fields import LANGUAGE_TAG, UNIT
from service_kit.words.messages import said
from service_kit.words.names import seen

from customer_profile.customer.facts import Json
from customer_profile.customer_import.cell_words import (
    NAMELESS,
    NO,
    NOTHING,
    SEXES,
    UNTOLD_SEX,
    YES,
)
from customer_profile.customer_import.column_names import COMPANY, CONTACT, NAME_PARTS, bare
from customer_profile.customer_import.columns import usual_name

LONGEST_NAME = 200
LONGEST_FACT = 2_000
LONGEST_MEMBER = 60
LONGEST_LANGUAGE = 20
# The bounds that the API sets to facts.
MOST_MEMBERS = 50
MOST_ITEMS = 100
MANY = re.compile(r"[;,、；，|\n]+")
# No name has these: the row is separated in another way, or several people stand in one cell.
SEPARATED = re.compile(r"[;；|\t]")
# 张三、李四 are two people, and a mobile number inside a name belongs into another column.
SEVERAL = re.compile(r"^[\u4e00-\u9fff]{2,4}(?:[、/／][\u4e00-\u9fff]{2,4})+$|1[3-9][0-9]{9}")
NUMBERED = re.compile(r"[+(（]?[0-9][0-9 ().\-/（）]*[Xx]?")
LEAST_DIGITS = 7
ADDRESS = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")
NAMING = re.compile(r"name|姓|名|称呼", re.IGNORECASE)
SIGNED = re.compile(r"[+-][0-9 ().\-]*")
UNIT_PATH = re.compile(UNIT)
DAYS = frozenset({"basic.birth_date", "basic.founding_date", "basic.first_business_date"})
LISTS = frozenset(
    {
        "basic.former_names",
        "basic.managers",
        "characteristics.hobbies",
        "characteristics.likes",
        "characteristics.dislikes",
    }
)
LANGUAGE = re.compile(LANGUAGE_TAG)
Word = TypeVar("Word", bound=StrEnum)
Several = TypeVar("Several", bound=Sized)


class RowRefused(Exception):
    """Why a row is not taken: the column,
    a code for programs and a sentence without personal values; `others` are its other faults.
    """

    def __init__(
        self, code: str, detail: str, *, column: str = "", others: Sequence["RowRefused"] = ()
    ) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.column = column
        self.others = others


def fact_of(target: str, value: Value) -> Json:
    if target in DAYS:
        return day_text(text_of(value))
    if target == "basic.sex":
        return sex_of(text_of(value))
    if isinstance(value, list) or target in LISTS:
        parts = value if isinstance(value, list) else list(MANY.split(text_of(value)))
        entries: list[Json] = [fact_text(part) for part in parts if text_of(part)]
        return refuse_more(entries, MOST_ITEMS, "more than {most} entries in a fact") or None
    if isinstance(value, dict):
        members: dict[str, Json] = {
            member_of(name): fact_text(member) for name, member in value.items()
        }
        return refuse_more(members, MOST_MEMBERS, "more than {most} members in a fact")
    return None if text_of(value).lower() in NOTHING else fact_text(value)


def member_of(name: str) -> str:
    text = fact_text(name)
    if not 1 <= len(text) <= LONGEST_MEMBER:
        raise RowRefused(
            "invalid",
            said("a member of a fact has a name of at most {most} characters", most=LONGEST_MEMBER),
        )
    return text


def refuse_more(values: Several, most: int, why: str) -> Several:
    if len(values) > most:
        raise RowRefused("invalid", said(why, most=most))
    return values


def fact_text(value: Value) -> str:
    text = text_of(value)
    refuse_formula(text)
    return bounded(text, LONGEST_FACT)


def text_of(value: Value) -> str:
    if not isinstance(value, str):
        raise RowRefused("invalid", "a single value is expected here")
    try:
        text = cells.as_shown(value)
    except CellSpoiled as error:
        raise RowRefused("spoiled", error.detail) from error
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        raise RowRefused("invalid", "the text holds half a character")
    if "\0" in text:
        raise RowRefused("invalid", "text cannot hold the character NUL")
    return text


def number_of(text: str) -> str:
    """An identifier as it was before a spreadsheet took it for a number."""
    try:
        return cells.as_number(text)
    except CellSpoiled as error:
        raise RowRefused("spoiled", error.detail) from error


def name_of(text: str) -> str:
    """Nobody is called after a phone, an id or an e-mail:
    such a cell slipped into the wrong column.
    """
    text = seen(text)
    if usual_name(text):
        raise RowRefused("header_repeated", "the row repeats the header")
    digits = sum(letter.isdigit() for letter in text)
    is_number = digits >= LEAST_DIGITS and NUMBERED.fullmatch(text) is not None
    is_several = SEVERAL.search(text) or SEPARATED.search(text)
    if (
        not text
        or text.lower() in NAMELESS
        or is_several
        or is_number
        or ADDRESS.fullmatch(text)
        or (number_of(text) != text and digits >= LEAST_DIGITS)
    ):
        raise RowRefused("no_name", "this is no name: a number, an address or several cells in one")
    return bounded(text, LONGEST_NAME)


def is_naming(column: str) -> bool:
    """Whether a column that nobody takes may hold names."""
    return bool(NAMING.search(column)) or bare(column) in COMPANY | CONTACT | NAME_PARTS


def is_filled(value: "Value | None") -> bool:
    return isinstance(value, str) and value.strip().lower() not in NOTHING


def day_text(text: str) -> str | None:
    if text.lower() in NOTHING:
        return None
    try:
        day = day_of(text)
        if day is not None and not 1800 <= day.year < 2200:
            raise ValueError
    except ValueError as error:
        raise RowRefused(
            "invalid", "this day does not exist or lies outside 1800 to 2199"
        ) from error
    if day is None:
        raise RowRefused("invalid", DAY_WANTED)
    return day.isoformat()


def sex_of(text: str) -> str | None:
    if text.lower() in NOTHING | UNTOLD_SEX:
        return None
    if text.lower() not in SEXES:
        raise RowRefused("invalid", "sex is male, female or other")
    return SEXES[text.lower()]


def refuse_formula(text: str) -> None:
    """What a spreadsheet would run when the value is exported again is not taken in;
    numbers with a sign are.
    """
    if text[:1] in ("=", "@", "+", "-", "\t", "\r") and not SIGNED.fullmatch(text):
        raise RowRefused("formula", "the value begins like a spreadsheet formula")


def label(text: str, longest: int) -> str:
    """A tag or a name without what cannot be seen."""
    text = seen(text)
    return bounded(checked(text, bool(text), "text"), longest)


def bounded(text: str, longest: int) -> str:
    if len(text) > longest:
        raise RowRefused(
            "too_long", said("the value is longer than {most} characters", most=longest)
        )
    return text


def one_of(words: type[Word], text: str) -> Word:
    try:
        return words(text.lower())
    except ValueError as error:
        raise RowRefused(
            "invalid", said("the value is none of {words}", words=", ".join(words))
        ) from error


def checked(text: str, is_right: bool, name: str) -> str:
    if not is_right:
        raise RowRefused("invalid", said("the value cannot be read as {field}", field=name))
    return text


def is_language(text: str) -> bool:
    return len(text) <= LONGEST_LANGUAGE and bool(LANGUAGE.fullmatch(text))


def is_yes(text: str) -> bool:
    if text.lower() not in YES and text.lower() not in NO:
        raise RowRefused("invalid", "the value is neither yes nor no")
    return text.lower() in YES


def is_unit(text: str) -> bool:
    return len(text) <= 200 and bool(UNIT_PATH.fullmatch(text))
