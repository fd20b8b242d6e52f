"""Calendars as the API reads and writes them."""

from typing import Annotated, Literal

from pydantic import Field
from service_kit.store.running import Record
from service_kit.words.fields import Code, Day, Input, Output, Timestamp, Version

TimeZoneName = Annotated[
    str,
    Field(
        min_length=1,
        max_length=64,
        pattern=r"^[A-Za-z][A-Za-z0-9_+/-]{0,63}$",
        examples=["Asia/Shanghai"],
    ),
]
TimeOfDay = Annotated[
    str,
    Field(
        min_length=5,
        max_length=5,
        pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$",
        examples=["09:00"],
    ),
]
WindowPair = Annotated[
    list[TimeOfDay],
    Field(
        min_length=2,
        max_length=2,
        description=(
            "From and until; an end that is not later than the beginning lies on the next day."
        ),
        examples=[["09:00", "12:00"]],
    ),
]
Windows = Annotated[list[WindowPair], Field(min_length=1, max_length=12)]
Days = Annotated[list[Day], Field(max_length=2_000)]


Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Week = Annotated[
    dict[Weekday, Windows],
    Field(
        min_length=1,
        max_length=7,
        description="Working windows by weekday; a weekday that is left out is not worked.",
    ),
]


class CalendarBody(Input):
    """Working hours, holidays and make-up working days of a company or one of its desks."""

    time_zone: TimeZoneName
    windows: Week
    holidays: Annotated[Days, Field(default_factory=list, description="Days off.")]
    working_days: Annotated[
        Days,
        Field(
            default_factory=list,
            description=(
                "Days worked although weekday or holiday say otherwise, with the windows of a usual"
                " day."
            ),
        ),
    ]
    published_until: Annotated[
        Day | None,
        Field(
            description=(
                "Last day for which the holidays are published; due dates beyond it are"
                " provisional."
            )
        ),
    ] = None


class CalendarView(Output):
    """A calendar in one of its versions."""

    name: Code
    version: Version
    time_zone: TimeZoneName
    windows: Week
    holidays: Days
    working_days: Days
    published_until: Day | None
    written_at: Timestamp


def calendar_view(row: Record) -> CalendarView:
    return CalendarView(
        name=row["name"], version=row["version"], written_at=row["written_at"], **row["content"]
    )
