"""A queue's needs, times and target."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Self
from uuid import UUID

from service_kit.words.errors import Conflict, NotFound
from service_kit.words.messages import said

from contact_center.routing.domain import SECOND, Overflow, QueueRules, Relaxation, skills_of


class QueueNotFound(NotFound):
    """There is no such queue, or it lies outside the units of this token."""


class OverflowUnknown(Conflict):
    """The queue to overflow to does not exist, lies outside the units of this token,
    or is the queue itself.
    """


class ChannelNotServed(Conflict):
    """The queue does not serve this channel; `channels` lists those that it serves."""


@dataclass(frozen=True, kw_only=True)
class RelaxationStep:
    """From `after_seconds` of waiting on these skills are needed instead;
    `any_language` lets the language go too.
    """

    after_seconds: int
    skills: Mapping[str, int]
    any_language: bool


@dataclass(frozen=True, kw_only=True)
class QueueProfile:
    """What a queue asks for and promises; see `rules` for what routing makes of it."""

    name: str
    channels: tuple[str, ...]
    skills: Mapping[str, int]
    service_level_seconds: int
    service_level_share: Decimal
    offer_seconds: int
    wrap_up_seconds: int
    relaxation: tuple[RelaxationStep, ...]
    overflow_after_seconds: int | None
    overflow_queue_id: UUID | None


@dataclass(frozen=True, kw_only=True)
class Queue:
    """A queue as it stands."""

    id: UUID
    unit: str
    profile: QueueProfile
    version: int
    created_at: datetime
    updated_at: datetime

    def serving(self, channel: str) -> Self:
        """The queue itself; ChannelNotServed where it does not serve the channel."""
        if channel not in self.profile.channels:
            raise ChannelNotServed(
                said("the queue does not serve the channel {channel}", channel=channel),
                channels=list(self.profile.channels),
            )
        return self

    def rules(self) -> QueueRules:
        profile = self.profile
        steps = sorted(profile.relaxation, key=lambda step: step.after_seconds)
        relaxation = tuple(
            Relaxation(step.after_seconds * SECOND, skills_of(step.skills), step.any_language)
            for step in steps
        )
        overflow = None
        if profile.overflow_queue_id is not None and profile.overflow_after_seconds is not None:
            overflow = Overflow(profile.overflow_after_seconds * SECOND, profile.overflow_queue_id)
        return QueueRules(self.id, skills_of(profile.skills), relaxation, overflow)
