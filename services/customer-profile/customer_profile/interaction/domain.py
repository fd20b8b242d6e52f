"""An interaction: one touch with a customer, on any channel, in either direction."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from service_kit.words.errors import Conflict, NotFound

from customer_profile.customer.facts import Json
from customer_profile.timeline.domain import Entry, EntryKind
from customer_profile.touch import Channel, Purpose


class Direction(StrEnum):
    IN = "in"
    OUT = "out"


class InteractionNotFound(NotFound):
    """There is no interaction with this id,
    or its customer lies outside the units of this token.
    """


class InteractionAlreadyRecorded(Conflict):
    """This customer already has an interaction with this external id; `interaction_id` names it."""


class InteractionEndsBeforeItBegins(Conflict):
    """`ended_at` lies before `occurred_at`."""


class TrailTooLong(Conflict):
    """What was recorded and what is added make a trail of more members than an interaction keeps;
    take some off with null.
    """


@dataclass(frozen=True, kw_only=True, slots=True)
class Interaction:
    """A touch; `details` is the trail (IVR nodes, pages), `agent` whoever of ours took part."""

    id: UUID
    customer_id: UUID
    version: int = 1
    channel: Channel
    direction: Direction
    purpose: Purpose
    subject: str
    occurred_at: datetime
    ended_at: datetime | None = None
    agent: str | None = None
    outcome: str | None = None
    to_dos: tuple[str, ...] = ()
    details: Mapping[str, Json] = field(default_factory=dict)
    external_id: str | None = None
    created_at: datetime

    def __post_init__(self) -> None:
        if self.ended_at is not None and self.ended_at < self.occurred_at:
            raise InteractionEndsBeforeItBegins()

    def revised(self, wanted: "Interaction") -> "Interaction":
        """The interaction as it is wanted, one version on."""
        return replace(wanted, version=self.version + 1)


def entry_of(interaction: Interaction) -> Entry:
    """The entry that shows an interaction; it shares the interaction's id."""
    details: dict[str, Json] = {
        **interaction.details,
        "direction": interaction.direction.value,
        "purpose": interaction.purpose.value,
    }
    if interaction.outcome is not None:
        details["outcome"] = interaction.outcome
    if interaction.ended_at is not None:
        details["seconds"] = int((interaction.ended_at - interaction.occurred_at).total_seconds())
    return Entry(
        customer_id=interaction.customer_id,
        id=interaction.id,
        occurred_at=interaction.occurred_at,
        channel=interaction.channel,
        kind=EntryKind.INTERACTION,
        title=interaction.subject,
        details=details,
        ref_type="interaction",
        ref_id=interaction.id,
    )
