"""The typed words that several rooms of the contact center share."""

from collections.abc import Iterable, Mapping
from hashlib import blake2s
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field
from service_kit.words.fields import Input, Output
from service_kit.words.identifiers import VALUE_FORM
from service_kit.words.names import NAME

Channel = Literal["voice", "chat", "email", "sms", "social", "web", "fax", "letter"]
Presence = Literal["available", "break", "meal", "meeting", "training", "offline"]
RoutingStatus = Literal["off_queue", "idle", "offered", "interacting", "wrapping", "not_responding"]
ContactState = Literal[
    "in_flow", "queued", "offered", "assigned", "on_hold", "wrapping", "completed", "abandoned"
]
OfferState = Literal["pending", "accepted", "rejected", "timed_out", "withdrawn"]
# A tier, as scoring tells it; the names below say who is served how.
Stars = Annotated[int, Field(ge=1, le=6, json_schema_extra={"format": "int32"})]
TierName = Literal["none", "1", "2", "3", "4", "5", "6", "key_contact"]

SkillName = Annotated[str, Field(min_length=1, max_length=64, pattern=NAME, examples=["billing"])]
Level = Annotated[int, Field(ge=1, le=5, json_schema_extra={"format": "int32"})]
Places = Annotated[
    int, Field(ge=0, le=50, json_schema_extra={"format": "int32"}, description="How many at once.")
]
# Spoken languages are more than the two of the API's own texts.
Spoken = Annotated[
    str,
    Field(
        min_length=2,
        max_length=20,
        pattern=r"^[a-zA-Z]{2,3}(-[a-zA-Z0-9]{2,8})*$",
        examples=["zh-CN"],
    ),
]
Address = Annotated[
    str,
    Field(
        min_length=1,
        max_length=200,
        pattern=VALUE_FORM,
        examples=["+8613800138000"],
    ),
]
NodeName = Annotated[
    str,
    Field(
        min_length=1,
        max_length=64,
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$",
        examples=["main_menu"],
    ),
]
Moments = Annotated[
    int,
    Field(
        ge=0, le=86_400, json_schema_extra={"format": "int32"}, description="Seconds, up to a day."
    ),
]
Waited = Annotated[
    float, Field(ge=0, le=1e9, json_schema_extra={"format": "double"}, description="Seconds.")
]
Share = Annotated[
    str,
    Field(min_length=1, max_length=6, pattern=r"^(0(\.\d{1,4})?|1(\.0{1,4})?)$", examples=["0.80"]),
]
Transfers = Annotated[
    int,
    Field(
        ge=0,
        le=2**15 - 1,
        json_schema_extra={"format": "int32"},
        description="How often it was passed on.",
    ),
]


class SkillIn(Input):
    """A skill with the level that is needed or had, 1 to 5."""

    name: SkillName
    level: Level


class SkillOut(Output):
    """A skill with its level."""

    name: SkillName
    level: Level


SkillsIn = Annotated[list[SkillIn], Field(max_length=50)]
SkillsOut = Annotated[list[SkillOut], Field(max_length=50)]


def levels(skills: Iterable[SkillIn]) -> dict[str, int]:
    """Levels by name; of a name given twice the higher level counts."""
    found: dict[str, int] = {}
    for skill in skills:
        found[skill.name] = max(skill.level, found.get(skill.name, 0))
    return found


def skills_out(levels_: Mapping[str, int]) -> list[SkillOut]:
    """Levels by name, as the API shows them."""
    return [SkillOut(name=name, level=level) for name, level in sorted(levels_.items())]


def absent() -> Any:
    """The default of a member of a merge patch:
    left out means kept, which is told by `model_fields_set`.
    """
    return Field(default_factory=lambda: None)


def variant(view: BaseModel) -> str:
    """Tells apart two views of one version that differ in what stands beside it,
    such as the contacts in an agent's hands.
    """
    return blake2s(view.__pydantic_serializer__.to_json(view), digest_size=6).hexdigest()
