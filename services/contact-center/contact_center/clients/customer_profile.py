"""What this service asks customer-profile."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from service_kit.access.client import ServiceClient

from contact_center.directory.domain import CustomerFacts
from contact_center.identifiers import identifier_filed

# How many files one question may ask for.
LARGEST_QUESTION = 1_000
READ_SECONDS = 10.0
Json = Mapping[str, Any]


class Customers:
    """Thin client of the customer's file, its contact persons, timeline,
    consents and care tasks.
    """

    def __init__(self, client: ServiceClient) -> None:
        self._client = client

    async def facts(self, customer_ids: Sequence[UUID]) -> list[CustomerFacts]:
        """What the directory keeps of these customers; who is gone is left out."""
        found: list[CustomerFacts] = []
        for first in range(0, len(customer_ids), LARGEST_QUESTION):
            ids = [str(each) for each in customer_ids[first : first + LARGEST_QUESTION]]
            asked = {"ids": ids, "include": ["contact_persons"]}
            answer = await self._client.post("/v1/customer-reads", asked, seconds=READ_SECONDS)
            at = datetime.fromisoformat(answer["read_at"])
            found += [await self._facts(file, at) for file in answer["items"]]
        return found

    async def _facts(self, file: Json, at: datetime) -> CustomerFacts:
        customer_id = UUID(file["id"])
        people = (
            await self._people(customer_id)
            if file["has_more_contact_persons"]
            else file["contact_persons"]
        )
        return CustomerFacts(
            customer_id=customer_id,
            seen_at=at,
            unit=file["unit"],
            language=file["language"],
            tags=tuple(file["tags"]),
            addresses=tuple(keys([file, *people])),
            key_contact_addresses=tuple(keys(person for person in people if person["key_contact"])),
        )

    async def _people(self, customer_id: UUID) -> list[Json]:
        """All contact persons of a customer who has many, page by page."""
        people: list[Json] = []
        params = {"limit": "200"}
        while True:
            page = await self._client.get(
                f"/v1/customers/{customer_id}/contact-persons", params=params
            )
            if page is None:
                return people
            people += page["items"]
            if page["next_cursor"] is None:
                return people
            params = {"limit": "200", "cursor": page["next_cursor"]}

    async def file(self, customer_id: UUID, *, seconds: float, language: str) -> Json | None:
        found: Json | None = await self._client.get(
            f"/v1/customers/{customer_id}", seconds=seconds, headers=spoken(language)
        )
        return found

    async def timeline(
        self, customer_id: UUID, *, since: datetime, seconds: float, language: str
    ) -> list[Json]:
        params = {"since": since.isoformat(), "limit": "200"}
        page = await self._client.get(
            f"/v1/customers/{customer_id}/timeline",
            params=params,
            seconds=seconds,
            headers=spoken(language),
        )
        return [] if page is None else list(page["items"])

    async def consents(self, customer_id: UUID, *, seconds: float) -> list[Json]:
        params = {"customer_id": str(customer_id), "limit": "50"}
        page = await self._client.get("/v1/consents", params=params, seconds=seconds)
        return [] if page is None else list(page["items"])

    async def care_tasks(self, customer_id: UUID, *, seconds: float, language: str) -> list[Json]:
        """What is still to be done for a customer, those due first in front."""
        params = {"customer_id": str(customer_id), "state": "open", "limit": "20"}
        page = await self._client.get(
            "/v1/care-tasks", params=params, seconds=seconds, headers=spoken(language)
        )
        return [] if page is None else list(page["items"])


def keys(holders: Iterable[Json]) -> Iterable[str]:
    """The keys under which the identifiers of files and contact persons are filed."""
    for holder in holders:
        for identifier in holder["identifiers"]:
            yield from identifier_filed(
                identifier["type"], identifier["value"], identifier.get("system")
            )


def spoken(language: str) -> dict[str, str]:
    return {"Accept-Language": language}
