"""What this service asks scoring."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from service_kit.access.client import ServiceClient


class Scores:
    """Thin client of a customer's scores."""

    def __init__(self, client: ServiceClient) -> None:
        self._client = client

    async def of_customer(self, customer_id: UUID, *, seconds: float) -> Mapping[str, Any] | None:
        """Scores and tier; None for a customer that was never scored."""
        found: Mapping[str, Any] | None = await self._client.get(
            f"/v1/customers/{customer_id}/scores", seconds=seconds
        )
        return found
