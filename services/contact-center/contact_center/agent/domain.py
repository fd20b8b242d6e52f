"""An agent's profile, presence and routing status."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Self
from uuid import UUID

from service_kit.words.errors import Conflict, NotFound


class Presence(StrEnum):
    AVAILABLE = "available"
    BREAK = "break"
    MEAL = "meal"
    MEETING = "meeting"
    TRAINING = "training"
    OFFLINE = "offline"


class RoutingStatus(StrEnum):
    OFF_QUEUE = "off_queue"
    IDLE = "idle"
    OFFERED = "offered"
    INTERACTING = "interacting"
    WRAPPING = "wrapping"
    NOT_RESPONDING = "not_responding"


class AgentNotFound(NotFound):
    """There is no such agent, or it lies outside the units of this token."""


class QueueOfAgentUnknown(Conflict):
    """The profile names queues that do not exist or lie outside the units of this token;
    `queues` lists them.
    """


# What an agent does shows in the most binding of the works in hand.
BY_WORK: Mapping[str, RoutingStatus] = {
    "assigned": RoutingStatus.INTERACTING,
    "on_hold": RoutingStatus.INTERACTING,
    "offered": RoutingStatus.OFFERED,
    "wrapping": RoutingStatus.WRAPPING,
}


@dataclass(frozen=True, kw_only=True)
class Profile:
    """What an agent can take:
    skills with levels, languages, queues, and how many at once per channel.
    """

    name: str
    team: str | None
    skills: Mapping[str, int]
    capacity: Mapping[str, int]
    languages: tuple[str, ...]
    queues: tuple[UUID, ...]


@dataclass(frozen=True, kw_only=True)
class Agent:
    """A profile with its presence; `idle_since` orders the idle ones."""

    id: UUID
    unit: str
    profile: Profile
    presence: Presence
    presence_since: datetime
    is_responding: bool
    idle_since: datetime
    version: int
    created_at: datetime
    updated_at: datetime

    @property
    def takes_offers(self) -> bool:
        """Whether the agent is on the queue."""
        return self.presence is Presence.AVAILABLE and self.is_responding

    def described(self, profile: Profile, *, unit: str, at: datetime) -> Self:
        """The agent with another profile."""
        return replace(self, profile=profile, unit=unit, version=self.version + 1, updated_at=at)

    def present(self, presence: Presence, *, at: datetime) -> Self:
        """The agent with another presence;
        saying `available` again also ends `not_responding` and begins a new idle time.
        """
        begins = presence is Presence.AVAILABLE and (
            self.presence is not presence or not self.is_responding
        )
        return replace(
            self,
            presence=presence,
            presence_since=at if presence is not self.presence else self.presence_since,
            is_responding=True,
            idle_since=at if begins else self.idle_since,
        )

    def status(self, work_states: Iterable[str]) -> RoutingStatus:
        """What the agent is at, from presence and the states of the works in hand."""
        return status_of(
            self.presence.value, is_responding=self.is_responding, work_states=work_states
        )


def status_of(presence: str, *, is_responding: bool, work_states: Iterable[str]) -> RoutingStatus:
    """What somebody is at: the most binding work in hand counts first, then presence."""
    at_work = set(work_states)
    for state, status in BY_WORK.items():
        if state in at_work:
            return status
    if presence != Presence.AVAILABLE.value:
        return RoutingStatus.OFF_QUEUE
    return RoutingStatus.IDLE if is_responding else RoutingStatus.NOT_RESPONDING
