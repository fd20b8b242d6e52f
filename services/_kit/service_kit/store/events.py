"""Events: one class says the type, the contract and what is told of each."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from types import ModuleType
from typing import Any, ClassVar, Self, TypeVar
from uuid import UUID

from service_kit.words.fields import Output


class Event(Output):
    """What happened, in the past tense. Its members are told to whoever may read the feed: ids and
    business facts, never personal values.

    Each type of event is a class that names it; its docstring is what the contract says of it:

        class ContactOffered(Event, type="contact.offered"):
            contact_id: Id
            agent_id: Id

    An event of another shape than its class cannot be made: pydantic refuses it.
    """

    event_type: ClassVar[str] = ""

    def __init_subclass__(cls, *, type: str = "", **settings: Any) -> None:
        super().__init_subclass__(**settings)
        cls.event_type = type

    def about(self, subject: UUID, *, at: datetime, unit: str | None = None) -> "Told":
        """The event of this subject, as a transaction takes it."""
        return Told(event=self, subject=subject, at=at, unit=unit)

    @classmethod
    def shape(cls) -> type[Self]:
        """The class that says the members: of types that tell the same, the one they share."""
        return next(
            each for each in cls.__mro__ if "__annotations__" in vars(each) and each is not Event
        )


E = TypeVar("E", bound=Event)


@dataclass(frozen=True, kw_only=True)
class Told:
    """An event with its subject and moment; `unit` is where the subject belongs."""

    event: Event
    subject: UUID
    at: datetime
    unit: str | None = None

    @property
    def name(self) -> str:
        return self.event.event_type

    @cached_property
    def values(self) -> Mapping[str, Any]:
        """What is told, as JSON holds it."""
        return self.event.model_dump(mode="json")


@dataclass(frozen=True, kw_only=True)
class Action:
    """What the audit alone keeps and nobody is told, such as the reading of a sensitive fact."""

    name: str
    subject: UUID
    at: datetime
    values: Mapping[str, Any]
    unit: str | None = None


def events_in(*modules: ModuleType) -> tuple[type[Event], ...]:
    """The classes of all events that are told in these modules."""
    return tuple(
        each
        for module in modules
        for each in vars(module).values()
        if isinstance(each, type)
        and issubclass(each, Event)
        and each.event_type
        and each.__module__ == module.__name__
    )


def by_type(events: Iterable[type[E]]) -> Mapping[str, type[E]]:
    """Event classes by the types that they name."""
    return {event.event_type: event for event in events}
