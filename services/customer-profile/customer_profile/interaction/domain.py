"""An interaction: one touch with a customer, on any channel, in either direction."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from service_kit.words.errors import Conflict, NotFound

from customer_profile.customer.facts import Json


class Channel(StrEnum):
    VOICE = "voice"
    FACE_TO_FACE = "face_to_face"
    WEB = "web"
    EMAIL = "email"
    FAX = "fax"
    SMS = "sms"
    LETTER = "letter"
    CHAT = "chat"
    SOCIAL = "social"
    PUSH = "push"
    DEMO = "demo"
    EVENT = "event"
    IVR = "ivr"
    SYSTEM = "system"


class Direction(StrEnum):
    IN = "in"
    OUT = "out"


class Purpose(StrEnum):
    """Why somebody is in touch. A grievance can become a complaint."""

    INQUIRY = "inquiry"
    CARE = "care"
    COMPLAINT = "complaint"
    GRIEVANCE = "grievance"
    OBJECTION = "objection"
    SALE = "sale"
    SERVICE = "service"
    SURVEY = "survey"
    MARKETING = "marketing"
    NEWSLETTER = "newsletter"


# What answers the customer's own matter needs no consent, has no cap, and reaches also those who want no other contact.
ANSWERING = frozenset({Purpose.INQUIRY, Purpose.COMPLAINT, Purpose.GRIEVANCE, Purpose.OBJECTION, Purpose.SERVICE})


class InteractionNotFound(NotFound):
    """There is no interaction with this id, or its customer lies outside the units of this token."""


class InteractionAlreadyRecorded(Conflict):
    """This customer already has an interaction with this external id; `interaction_id` names it."""


class InteractionEndsBeforeItBegins(Conflict):
    """`ended_at` lies before `occurred_at`."""


class TrailTooLong(Conflict):
    """What was recorded and what is added make a trail of more members than an interaction keeps; take some off with null."""


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
