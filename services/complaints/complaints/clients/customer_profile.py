"""What this service asks customer-profile: one customer's file."""

from datetime import datetime
from typing import Any
from uuid import UUID

from service_kit.access.client import NeighborRefused, NeighborUnavailable, ServiceClient
from service_kit.words.messages import said

from complaints.customer.domain import Asked, Customer


class CustomerProfile:
    """Thin client of `GET /v1/customers/{id}`;
    the setting `customer_seconds` is its deadline for whoever records a complaint.
    """

    def __init__(self, client: ServiceClient) -> None:
        self._client = client

    async def find(self, customer_id: UUID) -> Customer | None:
        """The customer, the surviving one after a merge; None when there is none.
        NeighborUnavailable when nobody answers.
        """
        try:
            file = await self._client.get(f"/v1/customers/{customer_id}")
        except NeighborRefused as refused:
            if refused.status in {404, 410}:
                return None
            raise NeighborUnavailable(
                said("customer-profile refuses: {status}", status=refused.status)
            ) from refused
        try:
            return None if file is None else _customer(file)
        except (KeyError, TypeError, ValueError) as error:
            raise NeighborUnavailable(
                "customer-profile gave something that is no customer"
            ) from error

    async def ask(self, customer_id: UUID) -> Asked:
        """The same for whoever can go on without an answer."""
        try:
            return Asked(await self.find(customer_id), is_answered=True)
        except NeighborUnavailable:
            return Asked(None, is_answered=False)


def _customer(file: dict[str, Any]) -> Customer:
    tier = file.get("tier")
    return Customer(
        id=UUID(file["id"]),
        unit=file["unit"],
        name=file.get("name"),
        language=file.get("language"),
        tier=tier["stars"] if tier else None,
        updated_at=datetime.fromisoformat(file["updated_at"]),
    )
