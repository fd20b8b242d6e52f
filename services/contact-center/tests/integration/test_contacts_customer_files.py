"""What the directory asks of customer-profile about one customer."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from contact_center.clients.customer_profile import Customers
from contact_center.directory.domain import CustomerFacts

AT = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
ZHANG, GROUP = UUID(int=1), UUID(int=2)


class Answers:
    """Stands in for the HTTP client: files by id, pages of people by path."""

    def __init__(self, *files: Mapping[str, Any], pages: Mapping[str, Any] | None = None) -> None:
        self.files = {file["id"]: file for file in files}
        self.pages = pages or {}
        self.asked: list[Any] = []

    async def get(
        self, path: str, *, params: Mapping[str, str] | None = None, **_others: Any
    ) -> Any:
        page = (params or {}).get("cursor", "")
        return self.pages.get(path + page)

    async def post(self, path: str, body: Any, **_others: Any) -> Any:
        assert path == "/v1/customer-reads"
        self.asked.append(body)
        found = [self.files[id] for id in body["ids"] if id in self.files]
        missing = [id for id in body["ids"] if id not in self.files]
        return {"items": found, "missing": missing, "read_at": "2026-03-02T02:00:00Z"}


def a_customer(**others: Any) -> dict[str, Any]:
    return {
        "id": str(GROUP),
        "kind": "organization",
        "unit": "cn.gd",
        "language": "zh-CN",
        "tags": ["vip"],
        "updated_at": "2026-03-01T02:00:00Z",
        "identifiers": [
            {"type": "phone", "value": "+862088886666", "system": None},
            {"type": "loyalty", "value": "L1", "system": None},
        ],
        "contact_persons": [],
        "has_more_contact_persons": False,
        **others,
    }


def a_person(phone: str, *, key_contact: bool) -> dict[str, Any]:
    return {
        "key_contact": key_contact,
        "identifiers": [{"type": "phone", "value": phone, "system": None}],
    }


PEOPLE = [
    a_person("+8613800138001", key_contact=True),
    a_person("+8613800138002", key_contact=False),
]
BY_PAGE = {
    f"/v1/customers/{GROUP}/contact-persons": {"items": PEOPLE[:1], "next_cursor": "two"},
    f"/v1/customers/{GROUP}/contact-personstwo": {"items": PEOPLE[1:], "next_cursor": None},
}


@pytest.mark.parametrize(
    "client",
    [
        Answers(a_customer(contact_persons=PEOPLE)),
        Answers(
            a_customer(contact_persons=PEOPLE[:1], has_more_contact_persons=True), pages=BY_PAGE
        ),
    ],
    ids=["few", "many"],
)
async def test_a_group_account_is_filed_under_the_numbers_of_all_its_people(
    client: Answers,
) -> None:
    (facts,) = await Customers(client).facts([GROUP])  # type: ignore[arg-type]

    assert facts == CustomerFacts(
        customer_id=GROUP,
        seen_at=AT,
        unit="cn.gd",
        language="zh-CN",
        tags=("vip",),
        addresses=("phone:+862088886666", "phone:+8613800138001", "phone:+8613800138002"),
        key_contact_addresses=("phone:+8613800138001",),
    )


async def test_a_customer_that_is_gone_gives_no_facts() -> None:
    assert [
        each.customer_id for each in await Customers(Answers(a_customer())).facts([ZHANG, GROUP])
    ] == [GROUP]  # type: ignore[arg-type]


async def test_many_customers_are_asked_for_a_thousand_at_once() -> None:
    client = Answers()

    await Customers(client).facts([UUID(int=number) for number in range(2_500)])  # type: ignore[arg-type]

    assert [len(body["ids"]) for body in client.asked] == [1_000, 1_000, 500]
