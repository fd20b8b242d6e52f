"""The typed words of the API: every input and output schema is made of these."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    WithJsonSchema,
)
from pydantic_core import CoreSchema

from service_kit.words import money
from service_kit.words.absent import null_as_absent
from service_kit.words.messages import said
from service_kit.words.names import NAME

MOMENT = "a time is written as RFC 3339 with an offset, such as 2026-01-31T09:30:00+08:00"
DAY = "a day is written as YYYY-MM-DD"
IDENTIFIER = "an id is a UUID such as 01890a5d-ac96-774b-bcce-b302099a8057"
RFC3339 = re.compile(
    r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})", re.ASCII
)
FULL_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
UUID_TEXT = re.compile(
    r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}", re.ASCII
)
# Two days of room on either side, so that no time zone and no clock pushes a stored moment out of
# what datetime can hold.
EARLIEST = datetime(1800, 1, 1, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)
# What contracts say of times beside their format: which ones exist for us. Whether a month has 31
# days only the format knows.
_DAY = "(1[89]|2[01])[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
_TIME = "([01][0-9]|2[0-3]):[0-5][0-9]"
DAY_PATTERN = f"^{_DAY}$"
MOMENT_PATTERN = rf"^{_DAY}[Tt]{_TIME}:[0-5][0-9](\.[0-9]{{1,9}})?([Zz]|[+-]{_TIME})$"
JSON_DEPTH = 16
# Names and values.
JSON_MEMBERS = 4_000
JSON_ITEMS = 500
JSON_TEXT = 10_000
# What a double holds exactly.
JSON_LIMIT = 2**53
FREE_JSON: Mapping[str, Any] = {
    "type": "object",
    "additionalProperties": True,
    "maxProperties": JSON_ITEMS,
}


class Input(BaseModel):
    """A body as callers send it: strict types, unknown fields refused, null for a member that may
    be left out means that it was.
    """

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: type[BaseModel], handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return null_as_absent(cls, handler(source))


class Patch(Input):
    """A merge patch as callers send it: null removes, so that it is no "not given"."""

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: type[BaseModel], handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return handler(source)


class Output(BaseModel):
    """A body as callers receive it: no defaults, so that no field is forgotten."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, json_schema_serialization_defaults_required=True
    )


def _moment(value: object) -> object:
    if isinstance(value, str):
        if not RFC3339.fullmatch(value):
            raise ValueError(MOMENT)
        try:
            value = datetime.fromisoformat(value.upper())
            if not EARLIEST <= value <= LATEST:
                raise ValueError
        except (ValueError, OverflowError) as error:
            raise ValueError("this time does not exist or lies outside 1800 to 2199") from error
        return value.astimezone(UTC)
    if isinstance(value, datetime):
        return value
    raise ValueError(MOMENT)


def _day(value: object) -> object:
    if isinstance(value, str):
        if not FULL_DATE.fullmatch(value):
            raise ValueError(DAY)
        try:
            day = date.fromisoformat(value)
            if not EARLIEST.year <= day.year < LATEST.year:
                raise ValueError
        except ValueError as error:
            raise ValueError("this day does not exist or lies outside 1800 to 2199") from error
        return day
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    raise ValueError(DAY)


def _identifier(value: object) -> object:
    if isinstance(value, UUID):
        return value
    if isinstance(value, str) and UUID_TEXT.fullmatch(value):
        return UUID(value)
    raise ValueError(IDENTIFIER)


def written(moment: datetime) -> str:
    """A moment as the API writes it: UTC, `Z`, microseconds only when there are any."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


Id = Annotated[
    UUID,
    BeforeValidator(_identifier),
    WithJsonSchema({"type": "string", "format": "uuid", "maxLength": 36}),
]
Timestamp = Annotated[
    datetime,
    BeforeValidator(_moment),
    WithJsonSchema(
        {
            "type": "string",
            "format": "date-time",
            "maxLength": 40,
            "pattern": MOMENT_PATTERN,
            "examples": ["2026-01-31T09:30:00+08:00"],
        },
        mode="validation",
    ),
    WithJsonSchema(
        {"type": "string", "format": "date-time", "maxLength": 40}, mode="serialization"
    ),
]
Day = Annotated[
    date,
    BeforeValidator(_day),
    WithJsonSchema(
        {
            "type": "string",
            "format": "date",
            "maxLength": 10,
            "pattern": DAY_PATTERN,
            "examples": ["2026-01-31"],
        }
    ),
]

# Every text of the API is bounded; `pattern` keeps the promise that a blank line is no name.
CODE = r"^[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}$"
Code = Annotated[str, Field(min_length=1, max_length=64, pattern=CODE)]
NOT_BLANK = r"^[^\x00]*[^\s\x00][^\x00]*$"
Line = Annotated[str, Field(min_length=1, max_length=200, pattern=NAME)]
Text = Annotated[str, Field(max_length=10_000)]
URL = r"^https?://[!-~]+$"
Url = Annotated[str, Field(min_length=8, max_length=2_000, pattern=URL)]
UNIT = r"^[a-z0-9_-]+(\.[a-z0-9_-]+)*$"
UnitPath = Annotated[str, Field(min_length=1, max_length=200, pattern=UNIT, examples=["cn.gd.gz"])]
LANGUAGE_TAG = r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$"
Language = Literal["zh-CN", "en"]
Count = Annotated[int, Field(ge=0, le=2**53 - 1, json_schema_extra={"format": "int64"})]
Seconds = Annotated[int, Field(ge=0, le=10**9, json_schema_extra={"format": "int32"})]
Rating = Annotated[int, Field(ge=1, le=5, json_schema_extra={"format": "int32"})]
Version = Annotated[int, Field(ge=1, le=2**31 - 1, json_schema_extra={"format": "int32"})]
# ISO 4217 by shape; the list of currencies changes, the shape does not.
CURRENCY = r"^[A-Z]{3}$"
Currency = Annotated[str, Field(min_length=3, max_length=3, pattern=CURRENCY, examples=["CNY"])]
AMOUNT = r"^-?[0-9]{1,15}(\.[0-9]{1,6})?$"
POSITIVE_AMOUNT = r"^[0-9]{1,15}(\.[0-9]{1,6})?$"
AmountText = Annotated[str, Field(min_length=1, max_length=24, pattern=AMOUNT, examples=["12.50"])]
PositiveAmountText = Annotated[
    str, Field(min_length=1, max_length=24, pattern=POSITIVE_AMOUNT, examples=["12.50"])
]
DecimalText = AmountText


class MoneyIn(Input):
    """A sum with its currency;
    the amount is a decimal string, negative where the operation allows it.
    """

    amount: AmountText
    currency: Currency

    def money(self) -> money.Money:
        return money.Money(Decimal(self.amount), self.currency)


class PositiveMoneyIn(Input):
    """A sum of zero or more with its currency."""

    amount: PositiveAmountText
    currency: Currency

    def money(self) -> money.Money:
        return money.Money(Decimal(self.amount), self.currency)


class MoneyOut(Output):
    """A sum with its currency."""

    amount: Annotated[
        str, Field(max_length=40, pattern=r"^-?[0-9]+(\.[0-9]+)?$", examples=["12.50"])
    ]
    currency: Currency

    @classmethod
    def of(cls, sum_: money.Money) -> "MoneyOut":
        return cls(amount=f"{sum_.amount:f}", currency=sum_.currency)


def _acceptable_json(value: Mapping[str, Any]) -> Mapping[str, Any]:
    members = 0
    pending: list[tuple[object, int]] = [(value, 1)]
    while pending:
        item, depth = pending.pop()
        members += 1
        if members > JSON_MEMBERS or depth > JSON_DEPTH:
            raise ValueError(
                said(
                    "nested deeper than {depth} or with more than {members} members",
                    depth=JSON_DEPTH,
                    members=JSON_MEMBERS,
                )
            )
        if isinstance(item, Mapping | list) and len(item) > JSON_ITEMS:
            raise ValueError(
                said("an object or array in it has more than {most} members", most=JSON_ITEMS)
            )
        if isinstance(item, Mapping):
            pending.extend((member, depth + 1) for member in (*item, *item.values()))
        elif isinstance(item, list):
            pending.extend((member, depth + 1) for member in item)
        elif isinstance(item, str) and len(item) > JSON_TEXT:
            raise ValueError(said("a text in it has more than {most} characters", most=JSON_TEXT))
        elif isinstance(item, int | float) and not abs(item) <= JSON_LIMIT:
            raise ValueError(
                "numbers lie within what a double holds exactly; send larger ones as strings"
            )
    return value


JsonObject = Annotated[
    dict[str, Any],
    AfterValidator(_acceptable_json),
    Field(max_length=JSON_ITEMS),
    WithJsonSchema({**FREE_JSON}),
]
# What we stored is shown as it is: judging it again could only make it unreadable.
StoredJson = Annotated[dict[str, Any], WithJsonSchema({**FREE_JSON})]
