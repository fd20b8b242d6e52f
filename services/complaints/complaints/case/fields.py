"""The fields of complaints, as bodies, views and events spell them."""

from typing import Annotated

from pydantic import BeforeValidator, Field
from service_kit.words.fields import NOT_BLANK
from service_kit.words.names import NAME

from complaints.case.number import PATTERN


def _flag(value: object) -> object:
    """A query's `true` or `false`, and nothing else that could be taken for one."""
    if isinstance(value, str) and value not in {"true", "false"}:
        raise ValueError("write true or false")
    return value == "true" if isinstance(value, str) else value


Flag = Annotated[bool, BeforeValidator(_flag)]
Category = Annotated[str, Field(min_length=1, max_length=64, pattern=NAME, examples=["billing"])]
Reason = Annotated[str, Field(min_length=1, max_length=10_000, pattern=NOT_BLANK)]
Number = Annotated[
    str, Field(min_length=17, max_length=17, pattern=PATTERN, examples=["C20261121-7KQ2MXD"])
]
TrackingToken = Annotated[str, Field(min_length=20, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]
RemedyNumber = Annotated[int, Field(ge=1, le=20, json_schema_extra={"format": "int32"})]
EscalationLevel = Annotated[int, Field(ge=0, le=9, json_schema_extra={"format": "int32"})]
Percent = Annotated[int, Field(ge=1, le=1_000, json_schema_extra={"format": "int32"})]
Round = Annotated[int, Field(ge=1, le=2**31 - 1, json_schema_extra={"format": "int32"})]
Sha256 = Annotated[str, Field(min_length=64, max_length=64, pattern=r"^[0-9a-f]{64}$")]
Path = Annotated[str, Field(max_length=200, pattern=r"^/v1/[!-~]+$")]
Person = Annotated[str, Field(max_length=200)]
