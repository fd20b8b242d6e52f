"""An offer and how it can end."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from service_kit.words.errors import Conflict, Forbidden, NotFound
from service_kit.words.messages import said


class OfferState(StrEnum):
    PENDING = "pending"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    TIMED_OUT = "timed_out"
    WITHDRAWN = "withdrawn"


class OfferNotFound(NotFound):
    """There is no such offer, or it lies outside the units of this token."""


class OfferOver(Conflict):
    """The offer is over; `state` says how it ended."""


class OfferOfAnotherAgent(Forbidden):
    """The token acts for another agent than the one this offer was made to."""


@dataclass(frozen=True)
class OfferEnd:
    """How an offer ended, and why where somebody said so."""

    state: OfferState
    reason: str | None = None


@dataclass(frozen=True, kw_only=True)
class Offer:
    """A contact reserved for one agent until it expires."""

    id: UUID
    contact_id: UUID
    unit: str
    agent_id: UUID
    queue_id: UUID | None
    channel: str
    state: OfferState
    made_at: datetime
    expires_at: datetime
    ended_at: datetime | None
    reason: str | None

    def answerable(self, *, at: datetime, by_agent: str | None) -> "Offer":
        """The offer itself while it can be answered, by this agent where the caller acts for one.

        Raises OfferOfAnotherAgent, and OfferOver with the way it ended; one that ran out counts as
        timed out at once.
        """
        if by_agent is not None and by_agent != str(self.agent_id):
            raise OfferOfAnotherAgent()
        if self.state is OfferState.PENDING and at < self.expires_at:
            return self
        ended = OfferState.TIMED_OUT if self.state is OfferState.PENDING else self.state
        raise OfferOver(said("the offer is over: {state}", state=ended.value), state=ended.value)
