"""What is asked of customer-profile, and what its answers and its silence mean."""

from typing import Any

import pytest
from scoring.clients.customer_profile import CustomerProfile
from service_kit.access.client import NeighborRefused, NeighborUnavailable
from service_kit.words.identity import new_id


class Neighbor:
    """Answers as customer-profile does, from what the test says."""

    def __init__(self, answers: dict[str, Any]) -> None:
        self.answers = answers
        self.bodies: list[Any] = []

    async def post(self, path: str, body: Any, *, seconds: float | None = None) -> Any:
        self.bodies.append(body)
        if path == "/v1/customer-reads":
            return self.read(body["ids"])
        assert path == "/v1/customer-lookups"
        held = self.answers.get(path, {})
        return {"items": [held.get(each["value"]) for each in body["identifiers"]]}

    def read(self, ids: list[str]) -> Any:
        for id in ids:
            if isinstance(answer := self.answers.get(id), Exception):
                raise answer
        items = [{"id": id, "unit": self.answers[id]} for id in ids if id in self.answers]
        return {"items": items, "missing": [id for id in ids if id not in self.answers]}


async def test_many_ids_are_there_or_absent_by_one_question():
    there, absent = new_id(), new_id()
    neighbor = Neighbor({str(there): "cn"})

    asked = await CustomerProfile(neighbor).by_id([there, absent, there])

    assert {id: customer.unit for id, customer in asked.there.items()} == {there: "cn"}
    assert asked.absent == {absent}
    assert neighbor.bodies == [{"ids": [str(there), str(absent)]}]


@pytest.mark.parametrize("answer", [NeighborUnavailable(), NeighborRefused(403, {})])
async def test_ids_without_an_answer_are_neither_there_nor_absent(answer: Exception):
    silent = new_id()

    asked = await CustomerProfile(Neighbor({str(silent): answer})).by_id([silent])

    assert (asked.there, asked.absent) == ({}, frozenset())


async def test_identifiers_are_asked_a_thousand_at_once_and_come_back_in_order():
    id = new_id()
    neighbor = Neighbor(
        {
            "/v1/customer-lookups": {
                "C-1500": {"customer_id": str(id), "unit": "cn", "customer_ids": [str(id)]}
            }
        }
    )
    names = [f"C-{number}" for number in range(2500)]

    found = await CustomerProfile(neighbor).by_identifier("external", "cdnow", names)

    assert [len(body["identifiers"]) for body in neighbor.bodies] == [1000, 1000, 500]
    assert neighbor.bodies[0]["identifiers"][0] == {
        "type": "external",
        "system": "cdnow",
        "value": "C-0",
    }
    assert {name: customer.id for name, customer in found.items() if customer} == {"C-1500": id}


async def test_identifiers_without_a_system_do_not_name_one():
    neighbor = Neighbor({})

    await CustomerProfile(neighbor).by_identifier("loyalty", None, ["7"])

    assert neighbor.bodies == [{"identifiers": [{"type": "loyalty", "value": "7"}]}]


async def test_silence_is_told_to_who_cannot_go_on_without_the_answer():
    class Silent(Neighbor):
        async def post(self, path: str, body: Any, *, seconds: float | None = None) -> Any:
            raise NeighborUnavailable()

    with pytest.raises(NeighborUnavailable):
        await CustomerProfile(Silent({})).by_identifier("external", "cdnow", ["C-1"])


async def test_a_value_that_is_no_identifier_spoils_no_other():
    class Picky(Neighbor):
        async def post(self, path: str, body: Any, *, seconds: float | None = None) -> Any:
            if any("?" in each["value"] for each in body["identifiers"]):
                raise NeighborRefused(422, {})
            return await super().post(path, body, seconds=seconds)

    id = new_id()
    neighbor = Picky(
        {
            "/v1/customer-lookups": {
                "C-7": {"customer_id": str(id), "unit": None, "customer_ids": [str(id)]}
            }
        }
    )
    names = [f"C-{number}" for number in range(50)] + ["C?"]

    found = await CustomerProfile(neighbor).by_identifier("external", "cdnow", names)

    assert len(found) == 51
    assert [name for name, customer in found.items() if customer] == ["C-7"]
    with pytest.raises(NeighborRefused):
        await CustomerProfile(Forbidding({})).by_identifier("external", "cdnow", ["C-1"])


class Forbidding(Neighbor):
    async def post(self, path: str, body: Any, *, seconds: float | None = None) -> Any:
        raise NeighborRefused(403, {})


async def test_an_identifier_that_several_customers_share_says_so():
    one, other = new_id(), new_id()
    held = {"customer_id": str(one), "unit": "cn", "customer_ids": [str(one), str(other)]}

    found = await CustomerProfile(
        Neighbor({"/v1/customer-lookups": {"13800138000": held}})
    ).by_identifier("phone", None, ["13800138000"])

    assert [each is not None and each.is_shared for each in found.values()] == [True]
