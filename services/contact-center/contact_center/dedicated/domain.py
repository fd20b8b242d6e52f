"""A customer and the agent who goes first for it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from service_kit.words.errors import Conflict, NotFound


class DedicationNotFound(NotFound):
    """This customer has no dedicated agent,
    or the customer lies outside the units of this token.
    """


class DedicatedAgentUnknown(Conflict):
    """There is no such agent in the units of this token to dedicate to the customer."""


@dataclass(frozen=True, kw_only=True)
class Dedication:
    """A customer and the agent who goes first for it."""

    customer_id: UUID
    unit: str
    agent_id: UUID
    version: int
    created_at: datetime
    updated_at: datetime
