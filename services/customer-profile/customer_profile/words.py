"""The words of this service's schemas beyond those of the kit."""

from functools import cache
from typing import Annotated
from zoneinfo import available_timezones

from pydantic import AfterValidator, Field
from service_kit.words.fields import LANGUAGE_TAG
from service_kit.words.names import NAME

LanguageTag = Annotated[
    str,
    Field(
        min_length=2,
        max_length=20,
        pattern=LANGUAGE_TAG,
        description="BCP 47, such as zh-CN.",
        examples=["zh-CN", "en"],
    ),
]
Stars = Annotated[int, Field(ge=1, le=6, json_schema_extra={"format": "int32"})]
Tag = Annotated[str, Field(min_length=1, max_length=64, pattern=NAME, examples=["campus"])]


@cache
def time_zones() -> frozenset[str]:
    """The names of the IANA time zones, places and UTC; the abbreviations of old are left out."""
    return frozenset(
        name
        for name in available_timezones()
        if "/" in name and not name.startswith(("Etc/", "posix/", "right/"))
    ) | {"UTC"}


def _known_zone(name: str) -> str:
    if name not in time_zones():
        raise ValueError("a time zone is an IANA name such as Asia/Shanghai")
    return name


# No list of them in the contract: clients get them from their own systems, as texts.
TimeZone = Annotated[
    str,
    Field(
        min_length=3,
        max_length=64,
        pattern=r"^[A-Za-z][A-Za-z0-9_+/-]*$",
        examples=["Asia/Shanghai"],
    ),
    AfterValidator(_known_zone),
]
Number32 = Annotated[int, Field(ge=0, le=2**31 - 1, json_schema_extra={"format": "int32"})]
