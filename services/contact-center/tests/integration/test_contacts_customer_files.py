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
    """Stands in for the HTTP client: answers by path."""

    def __init__(self, answers: Mapping[str, Any]) -> None:
        self.answers = answers

    async def get(self, path: str, *, params: Mapping[str, str] | None = None, **_others: Any) -> Any:
        page = (params or {}).get("cursor", "")
        return self.answers.get(path + page)


def a_customer(**others: Any) -> dict[str, Any]:
    return {
        "id": str(GROUP),
        "kind": "organization",
        "unit": "cn.gd",
        "language": "zh-CN",
        "tags": ["vip"],
        "updated_at": "2026-03-02T02:00:00Z",
        "identifiers": [{"type": "phone", "value": "+862088886666", "system": None}, {"type": "loyalty", "value": "L1", "system": None}],
        **others,
    }


def a_person(phone: str, *, key_contact: bool) -> dict[str, Any]:
    return {"key_contact": key_contact, "identifiers": [{"type": "phone", "value": phone, "system": None}]}


async def test_a_group_account_is_filed_under_the_numbers_of_its_people_page_by_page() -> None:
    people = f"/v1/customers/{GROUP}/contact-persons"
    client = Answers(
        {
            f"/v1/customers/{GROUP}": a_customer(),
            people: {"items": [a_person("+8613800138001", key_contact=True)], "next_cursor": "two"},
            people + "two": {"items": [a_person("+8613800138002", key_contact=False)], "next_cursor": None},
        }
    )

    facts = await Customers(client).facts(GROUP)  # type: ignore[arg-type]

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
    assert await Customers(Answers({})).facts(ZHANG) is None  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", ["individual", "organization"])
async def test_only_group_accounts_are_asked_for_their_people(kind: str) -> None:
    client = Answers({f"/v1/customers/{GROUP}": a_customer(kind=kind)})

    facts = await Customers(client).facts(GROUP)  # type: ignore[arg-type]

    assert facts is not None
    assert facts.key_contact_addresses == ()
