"""News: what a service reads of its neighbors' events."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, ClassVar, Generic, TypeVar, cast
from uuid import UUID

from pydantic import BaseModel, ConfigDict, ValidationError

from service_kit.store.outbox import TYPE_PREFIX, TYPE_SUFFIX


class Heard(BaseModel):
    """What a reader takes of one type of event: it names the type and the members that it reads.

        class TierChanged(Heard, type="tier.changed"):
            customer_id: UUID
            new: int | None

    Other types are passed over; an event without one of the members is parked, since nobody may
    guess what it meant. `tests/contract` holds every such class against the teller's contract.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")
    event_type: ClassVar[str] = ""

    def __init_subclass__(cls, *, type: str = "", **settings: Any) -> None:
        super().__init_subclass__(**settings)
        cls.event_type = type


class Anything(Heard):
    """Every event of a feed, for who passes envelopes on unread."""


H = TypeVar("H", bound=Heard)


@dataclass(frozen=True, kw_only=True)
class News(Generic[H]):
    """An event of a neighbor, with what is read of it; `unit` is where its subject belongs."""

    id: UUID
    type: str
    subject: UUID
    at: datetime
    unit: str | None
    data: H
    envelope: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Arrived:
    """An envelope with its place in the feed; `news` is None where it is of a type that nobody here
    reads, or where `fault` says why it cannot be read.
    """

    id: UUID
    subject: UUID
    cursor: str
    traceparent: str | None
    envelope: Mapping[str, Any]
    news: News[Any] | None = None
    fault: ValidationError | None = None


def arrived(envelope: Mapping[str, Any], reads: Iterable[type[Heard]]) -> Arrived:
    """An envelope as read from a feed; ValueError or KeyError when it is none."""
    place = Arrived(
        id=UUID(envelope["id"]),
        subject=UUID(envelope["subject"]),
        cursor=str(envelope["cursor"]),
        traceparent=envelope.get("traceparent"),
        envelope=envelope,
    )
    shape = _shape(type_of(envelope), reads)
    try:
        return place if shape is None else replace(place, news=news_of(envelope, shape))
    except ValidationError as fault:
        return replace(place, fault=fault)


def news_of(envelope: Mapping[str, Any], shape: type[H]) -> News[H]:
    """What this shape reads of an envelope; ValidationError where a member is missing or odd."""
    return News(
        id=UUID(envelope["id"]),
        type=type_of(envelope),
        subject=UUID(envelope["subject"]),
        at=datetime.fromisoformat(str(envelope["time"])),
        unit=envelope.get("unit"),
        data=shape.model_validate(envelope["data"]),
        envelope=envelope,
    )


def type_of(envelope: Mapping[str, Any]) -> str:
    """The type without prefix and version, such as `complaint.closed`."""
    return str(envelope["type"]).removeprefix(TYPE_PREFIX).removesuffix(TYPE_SUFFIX)


def families_of(reads: Iterable[type[Heard]]) -> frozenset[str]:
    """The families of events, such as `complaint`, without which a reader would miss something."""
    return frozenset(shape.event_type.partition(".")[0] for shape in reads if shape is not Anything)


def heard(name: str, shape: type[H]) -> type[H]:
    """A type of event that is read in the shape of another."""

    class Also(shape, type=name):  # type: ignore[call-arg, misc, valid-type]
        __doc__ = shape.__doc__

    return cast("type[H]", Also)


def _shape(name: str, reads: Iterable[type[Heard]]) -> type[Heard] | None:
    return next((each for each in reads if each is Anything or each.event_type == name), None)
