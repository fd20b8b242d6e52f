"""What scoring knows of a customer beside purchases: the unit and whether there still is one."""

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from service_kit.words.errors import NotFound

State = Literal["active", "merged", "erased"]


class CustomerNotFound(NotFound):
    """There is no such customer, or it lies outside what this token may see."""


@dataclass(frozen=True, kw_only=True)
class KnownCustomer:
    """`unit` is None until the customer file told it.
    `is_shared` says that others have the identifier too by which it was asked for.
    """

    id: UUID
    unit: str | None
    state: State = "active"
    is_shared: bool = False


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What customer-profile said of some ids: there, not there, or no answer."""

    there: dict[UUID, KnownCustomer]
    absent: frozenset[UUID]
