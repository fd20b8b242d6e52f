"""Queues as the API reads and shows them."""

from decimal import Decimal
from typing import Annotated

from pydantic import Field
from service_kit.web.patches import patched
from service_kit.words.fields import Id, Input, Line, Output, Patch, Timestamp, UnitPath

from contact_center.queue.domain import Queue, QueueProfile, RelaxationStep
from contact_center.words import (
    Channel,
    Moments,
    Share,
    SkillsIn,
    SkillsOut,
    absent,
    levels,
    skills_out,
)

OfferSeconds = Annotated[int, Field(ge=1, le=3_600, json_schema_extra={"format": "int32"})]
Channels = Annotated[list[Channel], Field(min_length=1, max_length=8)]


class ServiceLevelIn(Input):
    """The target: this share of the contacts is answered within these seconds."""

    seconds: Moments
    share: Share


class RelaxationIn(Input):
    """From `after_seconds` of waiting on, `skills` replace what was needed before;
    `any_language` drops the language too.
    """

    after_seconds: Moments
    skills: SkillsIn
    any_language: bool = False


class OverflowIn(Input):
    """From `after_seconds` of waiting on, agents of the other queue may take the contact too."""

    after_seconds: Moments
    queue_id: Id


class NewQueue(Input):
    """A queue to open; everything but name and channels has a usual value."""

    name: Line
    unit: UnitPath | None = None
    channels: Channels
    skills: Annotated[SkillsIn, Field(default_factory=list)]
    service_level: ServiceLevelIn = ServiceLevelIn(seconds=20, share="0.80")
    offer_seconds: OfferSeconds = 20
    wrap_up_seconds: Moments = 30
    relaxation: Annotated[list[RelaxationIn], Field(max_length=20, default_factory=list)]
    overflow: OverflowIn | None = None

    def profile(self) -> QueueProfile:
        return QueueProfile(
            name=self.name,
            channels=tuple(dict.fromkeys(self.channels)),
            skills=levels(self.skills),
            service_level_seconds=self.service_level.seconds,
            service_level_share=Decimal(self.service_level.share),
            offer_seconds=self.offer_seconds,
            wrap_up_seconds=self.wrap_up_seconds,
            relaxation=tuple(
                RelaxationStep(
                    after_seconds=step.after_seconds,
                    skills=levels(step.skills),
                    any_language=step.any_language,
                )
                for step in self.relaxation
            ),
            overflow_after_seconds=None if self.overflow is None else self.overflow.after_seconds,
            overflow_queue_id=None if self.overflow is None else self.overflow.queue_id,
        )


class ServiceLevelOut(Output):
    """The target of a queue."""

    seconds: Moments
    share: Share


class RelaxationOut(Output):
    """A step of relaxation."""

    after_seconds: Moments
    skills: SkillsOut
    any_language: bool


class OverflowOut(Output):
    """Where a queue overflows to."""

    after_seconds: Moments
    queue_id: Id


class QueueView(Output):
    """A queue."""

    id: Id
    unit: UnitPath
    name: Line
    channels: Channels
    skills: SkillsOut
    service_level: ServiceLevelOut
    offer_seconds: OfferSeconds
    wrap_up_seconds: Moments
    relaxation: Annotated[list[RelaxationOut], Field(max_length=20)]
    overflow: OverflowOut | None
    created_at: Timestamp
    updated_at: Timestamp


def written_share(share: Decimal) -> str:
    """A share with two decimals, or more where it has them."""
    whole, _, decimals = f"{share:.4f}".partition(".")
    return f"{whole}.{decimals.rstrip('0').ljust(2, '0')}"


def queue_view(queue: Queue) -> QueueView:
    profile = queue.profile
    overflow = None
    if profile.overflow_queue_id is not None and profile.overflow_after_seconds is not None:
        overflow = OverflowOut(
            after_seconds=profile.overflow_after_seconds, queue_id=profile.overflow_queue_id
        )
    return QueueView(
        id=queue.id,
        unit=queue.unit,
        name=profile.name,
        channels=list(profile.channels),
        skills=skills_out(profile.skills),
        service_level=ServiceLevelOut(
            seconds=profile.service_level_seconds, share=written_share(profile.service_level_share)
        ),
        offer_seconds=profile.offer_seconds,
        wrap_up_seconds=profile.wrap_up_seconds,
        relaxation=[
            RelaxationOut(
                after_seconds=step.after_seconds,
                skills=skills_out(step.skills),
                any_language=step.any_language,
            )
            for step in profile.relaxation
        ],
        overflow=overflow,
        created_at=queue.created_at,
        updated_at=queue.updated_at,
    )


class ServiceLevelPatch(Input):
    """What changes in the target."""

    seconds: Moments = absent()
    share: Share = absent()


class OverflowPatch(Input):
    """What changes in the overflow; where there was none, both are needed."""

    after_seconds: Moments = absent()
    queue_id: Id = absent()


class QueuePatch(Patch):
    """What changes in a queue; `overflow: null` takes the overflow away."""

    name: Line = absent()
    unit: UnitPath = absent()
    channels: Channels = absent()
    skills: SkillsIn = absent()
    service_level: ServiceLevelPatch = absent()
    offer_seconds: OfferSeconds = absent()
    wrap_up_seconds: Moments = absent()
    relaxation: Annotated[list[RelaxationIn], Field(max_length=20)] = absent()
    overflow: OverflowPatch | None = absent()

    def merged(self, queue: Queue) -> NewQueue:
        """The whole queue with the patch laid over it."""
        return patched(NewQueue, queue_view(queue), self)
