"""What this service asks complaints."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from service_kit.access.client import ServiceClient

ENDED = frozenset({"closed", "withdrawn"})


class Complaints:
    """Thin client of the list of complaints."""

    def __init__(self, client: ServiceClient) -> None:
        self._client = client

    async def open_of_customer(
        self, customer_id: UUID, *, seconds: float, language: str
    ) -> list[Mapping[str, Any]]:
        """The open cases of a customer with their clocks, newest first."""
        params = {"customer_id": str(customer_id), "open": "true", "limit": "50"}
        page = await self._client.get(
            "/v1/complaints", params=params, seconds=seconds, headers={"Accept-Language": language}
        )
        found = [] if page is None else page["items"]
        return [case for case in found if case["state"] not in ENDED]
