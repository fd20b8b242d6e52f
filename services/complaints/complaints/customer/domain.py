"""How a complaint comes to its unit:
from the customer's file, or from whoever records it while the file cannot be asked.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from service_kit.access.caller import Caller
from service_kit.access.units import unit_for
from service_kit.words.errors import NotFound


class CustomerNotFound(NotFound):
    """There is no such customer, or they lie outside the units of this token."""


@dataclass(frozen=True, kw_only=True)
class Recipient:
    """Who is written to, in which language (a BCP 47 tag); without a name it is not known who."""

    name: str | None = None
    language: str | None = None


NOBODY = Recipient()


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What is known of the customer when the complaint is recorded;
    the unit is confirmed when the customer's file gave it.
    """

    customer_id: UUID
    unit: str
    is_confirmed: bool
    tier: int | None
    recipient: Recipient = NOBODY


@dataclass(frozen=True, kw_only=True)
class Customer:
    """The part of a customer's file that a complaint needs."""

    id: UUID
    unit: str
    name: str | None
    language: str | None
    tier: int | None
    updated_at: datetime

    @property
    def recipient(self) -> Recipient:
        return Recipient(name=self.name, language=self.language)


@dataclass(frozen=True, kw_only=True)
class Heard:
    """What customer-profile's feed told last of a customer;
    `customer_id` is the file that is left after merges.
    """

    customer_id: UUID
    unit: str | None
    told_at: datetime | None
    is_erased: bool

    def unit_of(self, customer: Customer) -> str:
        """The later word on the unit:
        the file was read before its complaint is written, and news may have come in between.
        """
        if self.unit is None or (self.told_at is not None and self.told_at < customer.updated_at):
            return customer.unit
        return self.unit


@dataclass(frozen=True)
class Asked:
    """What the customer's file said; `is_answered` is false when nobody answered."""

    customer: Customer | None
    is_answered: bool


class Customers(Protocol):
    """Where customers' files are asked for."""

    async def ask(self, customer_id: UUID) -> Asked: ...


def standing(
    asked: Asked, heard: Heard, *, caller: Caller, unit: str | None, default_unit: str
) -> Standing:
    """Raises CustomerNotFound, or UnitNotAllowed for a unit that the caller names but may not act
    for.

    `default_unit` is the setting of this name.
    """
    if heard.is_erased:
        raise CustomerNotFound
    if not asked.is_answered:
        own = unit_for(caller, unit, default=default_unit)
        return Standing(customer_id=heard.customer_id, unit=own, is_confirmed=False, tier=None)
    customer = asked.customer
    if customer is None or not caller.sees(heard.unit_of(customer)):
        raise CustomerNotFound
    unit = heard.unit_of(customer)
    return Standing(
        customer_id=heard.customer_id,
        unit=unit,
        is_confirmed=True,
        tier=customer.tier,
        recipient=customer.recipient,
    )
