"""Flows as the API reads and shows them, node by node."""

from collections.abc import Mapping
from datetime import time
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, TypeAdapter
from service_kit.words.fields import (
    NOT_BLANK,
    Day,
    Id,
    Input,
    Line,
    Output,
    Timestamp,
    UnitPath,
)
from service_kit.words.names import NAME

from contact_center.flow.domain import Flow
from contact_center.flow.nodes import (
    WEEKDAYS,
    Check,
    Collect,
    HangUp,
    Hours,
    Menu,
    Node,
    Say,
    SetNeeds,
    ToQueue,
    Window,
    Wording,
)
from contact_center.words import NodeName, SkillsIn, Spoken, Stars, levels

Announcement = Annotated[str, Field(min_length=1, max_length=2_000, pattern=NOT_BLANK)]
TimeOfDay = Annotated[
    str, Field(min_length=5, max_length=5, pattern=r"^([01]\d|2[0-3]):[0-5]\d$", examples=["09:00"])
]
Choice = Annotated[str, Field(min_length=1, max_length=8, pattern=r"^[0-9*#]{1,8}$")]
Patience = Annotated[
    int,
    Field(
        ge=1,
        le=60,
        json_schema_extra={"format": "int32"},
        description="Seconds to wait for digits.",
    ),
]
Tries = Annotated[int, Field(ge=1, le=9, json_schema_extra={"format": "int32"})]
DigitCount = Annotated[int, Field(ge=1, le=32, json_schema_extra={"format": "int32"})]
Priority = Annotated[
    int,
    Field(
        ge=0, le=3_600, json_schema_extra={"format": "int32"}, description="Seconds of head start."
    ),
]
WindowIn = Annotated[
    list[TimeOfDay], Field(min_length=2, max_length=2, examples=[["09:00", "18:00"]])
]
Windows = Annotated[list[WindowIn], Field(max_length=10)]
Days = Annotated[list[Day], Field(max_length=400)]


class WordingIn(Input):
    """One announcement in both languages."""

    model_config = ConfigDict(serialize_by_alias=True)

    zh: Annotated[Announcement, Field(alias="zh-CN")]
    en: Announcement

    def wording(self) -> Wording:
        return Wording(zh=self.zh, en=self.en)


class _NodeIn(Input):
    """What every kind of node has in common."""

    def _fields(self, **others: object) -> dict[str, Any]:
        """The fields as the domain's node takes them;
        `others` are those that have another form or name there.
        """
        return {
            name: getattr(self, name) for name in type(self).model_fields if name != "type"
        } | others


class SayIn(_NodeIn):
    """Speaks `text`, then goes on to `next`."""

    type: Literal["say"]
    text: WordingIn
    next: NodeName

    def node(self) -> Node:
        return Say(**self._fields(text=self.text.wording()))


class CollectIn(_NodeIn):
    """Speaks `text` and waits for digits, kept under `name`;
    after `tries` without enough of them it goes to `otherwise`.
    """

    type: Literal["collect"]
    text: WordingIn
    name: NodeName
    min_digits: DigitCount = 1
    max_digits: DigitCount = 32
    timeout_seconds: Patience = 8
    tries: Tries = 3
    next: NodeName
    otherwise: NodeName

    def node(self) -> Node:
        return Collect(**self._fields(text=self.text.wording()))


class MenuIn(_NodeIn):
    """Speaks `text` and waits for one of `choices` (digits to node);
    after `tries` without one it goes to `otherwise`.
    """

    type: Literal["menu"]
    text: WordingIn
    choices: Annotated[dict[Choice, NodeName], Field(min_length=1, max_length=50)]
    timeout_seconds: Patience = 8
    tries: Tries = 3
    otherwise: NodeName

    def node(self) -> Node:
        return Menu(**self._fields(text=self.text.wording()))


class WeekIn(Input):
    """Opening hours by weekday; a window that ends before it begins runs past midnight."""

    mon: Annotated[Windows, Field(default_factory=list)]
    tue: Annotated[Windows, Field(default_factory=list)]
    wed: Annotated[Windows, Field(default_factory=list)]
    thu: Annotated[Windows, Field(default_factory=list)]
    fri: Annotated[Windows, Field(default_factory=list)]
    sat: Annotated[Windows, Field(default_factory=list)]
    sun: Annotated[Windows, Field(default_factory=list)]

    def windows(self) -> Mapping[str, tuple[Window, ...]]:
        return {
            day: tuple(
                Window(opens=time.fromisoformat(opens), closes=time.fromisoformat(closes))
                for opens, closes in getattr(self, day)
            )
            for day in WEEKDAYS
        }


class HoursIn(_NodeIn):
    """Asks the clock of the company's time zone;
    a make-up working day keeps the hours of the first day of the week that has any.
    """

    type: Literal["hours"]
    windows: WeekIn
    holidays: Annotated[Days, Field(default_factory=list)]
    working_days: Annotated[Days, Field(default_factory=list)]
    open: NodeName
    closed: NodeName

    def node(self) -> Node:
        days = {"holidays": frozenset(self.holidays), "working_days": frozenset(self.working_days)}
        return Hours(**self._fields(windows=self.windows.windows(), **days))


class SetIn(_NodeIn):
    """Adds to what the contact needs:
    skills with levels, seconds of priority, a language that its agent must speak.
    """

    type: Literal["set"]
    skills: Annotated[SkillsIn, Field(default_factory=list)]
    priority_seconds: Priority = 0
    language: Spoken | None = None
    next: NodeName

    def node(self) -> Node:
        return SetNeeds(**self._fields(skills=levels(self.skills)))


class CheckIn(Input):
    """Asks what the directory knows of the caller;
    every condition that is given must hold for `then`.
    """

    type: Literal["check"]
    tier_min: Stars | None = None
    known: bool | None = None
    key_contact: bool | None = None
    open_complaint: bool | None = None
    tag: Annotated[str, Field(min_length=1, max_length=64, pattern=NAME)] | None = None
    then: NodeName
    otherwise: NodeName

    def node(self) -> Node:
        return Check(
            tier_min=self.tier_min,
            is_known=self.known,
            is_key_contact=self.key_contact,
            has_open_complaint=self.open_complaint,
            tag=self.tag,
            then=self.then,
            otherwise=self.otherwise,
        )


class QueueIn(_NodeIn):
    """Ends the flow: the contact waits in this queue."""

    type: Literal["queue"]
    queue_id: Id

    def node(self) -> Node:
        return ToQueue(queue_id=self.queue_id)


class HangUpIn(_NodeIn):
    """Ends the flow and the contact, with a last announcement where there is one."""

    type: Literal["hang_up"]
    text: WordingIn | None = None

    def node(self) -> Node:
        return HangUp(text=None if self.text is None else self.text.wording())


NodeIn = Annotated[
    SayIn | CollectIn | MenuIn | HoursIn | SetIn | CheckIn | QueueIn | HangUpIn,
    Field(discriminator="type"),
]
Nodes = Annotated[dict[NodeName, NodeIn], Field(min_length=1, max_length=500)]
NODES: TypeAdapter[dict[str, Any]] = TypeAdapter(Nodes)


class NewFlow(Input):
    """A flow: named nodes and the one it starts at."""

    name: Line
    unit: UnitPath | None = None
    start: NodeName
    nodes: Nodes

    def graph(self) -> dict[str, Node]:
        return {name: node.node() for name, node in self.nodes.items()}


class FlowView(Output):
    """A flow."""

    id: Id
    unit: UnitPath
    name: Line
    start: NodeName
    nodes: Nodes
    created_at: Timestamp
    updated_at: Timestamp


def written(nodes: Mapping[str, NodeIn]) -> dict[str, Any]:
    """Nodes as they are stored: what the caller sent, with the usual values filled in."""
    written_: dict[str, Any] = NODES.dump_python(dict(nodes), mode="json", by_alias=True)
    return written_


def graph(stored: Mapping[str, Any]) -> dict[str, Node]:
    """Stored nodes as the domain's."""
    return {
        name: node.node()
        for name, node in NODES.validate_python(dict(stored), strict=False).items()
    }


def flow_view(flow: Flow) -> FlowView:
    plain = {name: getattr(flow, name) for name in FlowView.model_fields if name != "nodes"}
    return FlowView(**plain, nodes=NODES.validate_python(dict(flow.written), strict=False))
