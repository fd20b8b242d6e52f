"""A contact person: somebody of an organization with a part in its decisions."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from service_kit.words.errors import NotFound

from customer_profile.identifier.domain import Identifier


class Part(StrEnum):
    """The part in the decision."""

    DECIDER = "decider"
    INFLUENCER = "influencer"
    USER = "user"
    BUYER = "buyer"
    GATEKEEPER = "gatekeeper"
    KEY_CONTACT = "key_contact"


class Stance(StrEnum):
    """The stance toward us."""

    SUPPORTER = "supporter"
    NEUTRAL = "neutral"
    OPPONENT = "opponent"
    UNKNOWN = "unknown"


class ContactPersonNotFound(NotFound):
    """This customer has no such contact person, or lies outside the units of this token."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ContactPerson:
    """A person at a customer; `is_key_contact` is served before others when they call."""

    id: UUID
    customer_id: UUID
    version: int = 1
    name: str
    part: Part
    stance: Stance | None = None
    position: str | None = None
    language: str | None = None
    is_key_contact: bool = False
    identifiers: tuple[Identifier, ...] = ()
    created_at: datetime

    def revised(self, wanted: "ContactPerson") -> "ContactPerson":
        """The person as wanted, one version on."""
        return replace(wanted, version=self.version + 1)
