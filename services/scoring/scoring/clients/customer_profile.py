"""Asks customer-profile who a customer is, within the setting `customer_question_seconds`."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from service_kit.access.client import NeighborRefused, NeighborUnavailable, ServiceClient

from scoring.customer.domain import Asked, KnownCustomer

LARGEST_QUESTION = 1_000
# A sheet can wait for its customers; a request asks within the setting `customer_question_seconds`.
LOOKUP_SECONDS = 10.0
UNPROCESSABLE = 422


class CustomerProfile:
    """The two questions that scoring asks: who has this id, who has these identifiers."""

    def __init__(self, client: ServiceClient) -> None:
        self._client = client

    async def by_id(self, ids: Iterable[UUID]) -> Asked:
        """Ask for many ids at once; an id without an answer is in neither part of the result."""
        there: dict[UUID, KnownCustomer] = {}
        absent: set[UUID] = set()
        wanted = list(dict.fromkeys(ids))
        for first in range(0, len(wanted), LARGEST_QUESTION):
            asked = {"ids": [str(id) for id in wanted[first : first + LARGEST_QUESTION]]}
            try:
                answer = await self._client.post("/v1/customer-reads", asked)
            except (NeighborUnavailable, NeighborRefused):
                continue
            there |= {
                UUID(file["id"]): KnownCustomer(id=UUID(file["id"]), unit=file["unit"])
                for file in answer["items"]
            }
            absent |= {UUID(id) for id in answer["missing"]}
        return Asked(there=there, absent=frozenset(absent))

    async def by_identifier(
        self, type: str, system: str | None, values: Sequence[str]
    ) -> dict[str, KnownCustomer | None]:
        """Customers by an identifier of one type, asked in batches; None where there is none.

        Raises NeighborUnavailable when customer-profile does not answer.
        """
        found: dict[str, KnownCustomer | None] = {}
        for first in range(0, len(values), LARGEST_QUESTION):
            found |= await self._batch(type, system, values[first : first + LARGEST_QUESTION])
        return found

    async def _batch(
        self, type: str, system: str | None, values: Sequence[str]
    ) -> dict[str, KnownCustomer | None]:
        """One question. What no identifier can be is refused with the whole batch,
        so the batch is halved until it stands alone.
        """
        try:
            answer = await self._client.post(
                "/v1/customer-lookups",
                {
                    "identifiers": [
                        {"type": type, "value": value} | ({"system": system} if system else {})
                        for value in values
                    ]
                },
                seconds=LOOKUP_SECONDS,
            )
        except NeighborRefused as refused:
            if refused.status != UNPROCESSABLE:
                raise
            if len(values) == 1:
                return {values[0]: None}
            half = len(values) // 2
            return await self._batch(type, system, values[:half]) | await self._batch(
                type, system, values[half:]
            )
        pairs = zip(values, answer["items"], strict=True)
        return {value: None if item is None else _known(item) for value, item in pairs}


def _known(item: Mapping[str, Any]) -> KnownCustomer:
    """The customer, or the first of several: a household has one phone and several people."""
    return KnownCustomer(
        id=UUID(item["customer_id"]), unit=item["unit"], is_shared=len(item["customer_ids"]) > 1
    )
