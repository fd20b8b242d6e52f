"""Many files by one question: as each alone would be read, with what the caller may see."""

from typing import Any
from uuid import uuid4

from customer_profile.testing import customer_body
from service_kit.testing import Api

PERSON = {
    "name": "王经理",
    "part": "decider",
    "identifiers": [{"type": "phone", "value": "13612345678"}],
    "key_contact": True,
}


async def made(api: Api, **others: Any) -> dict[str, Any]:
    created = await api.post("/v1/customers", customer_body(**others))
    assert created.status_code == 201, created.text
    return dict(created.json())


async def read(api: Api, *ids: str, **others: Any) -> dict[str, Any]:
    answer = await api.post("/v1/customer-reads", {"ids": list(ids), **others})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def alone(item: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value
        for name, value in item.items()
        if name not in ("contact_persons", "has_more_contact_persons")
    }


async def test_many_files_are_read_as_each_alone_and_missing_ones_are_named(api: Api) -> None:
    ids = [(await made(api, identifiers=[], name=f"Customer {letter}"))["id"] for letter in "ABC"]
    gone = str(uuid4())

    answer = await read(api, ids[2], gone, ids[0], ids[2], ids[1])

    assert [item["id"] for item in answer["items"]] == [ids[2], ids[0], ids[1]]
    assert answer["missing"] == [gone]
    for item in answer["items"]:
        assert alone(item) == (await api.get(f"/v1/customers/{item['id']}")).json()
    assert [item["contact_persons"] for item in answer["items"]] == [None, None, None]


async def test_files_outside_the_units_are_missing(api: Api) -> None:
    here, there = [await made(api, identifiers=[], unit=unit) for unit in ("cn.gd", "cn.bj")]

    answer = await read(api.as_("customers:read", units=["cn.gd"]), here["id"], there["id"])

    assert ([item["id"] for item in answer["items"]], answer["missing"]) == (
        [here["id"]],
        [there["id"]],
    )


async def test_an_erased_customer_is_missing(api: Api, customer: dict[str, Any]) -> None:
    tag = (await api.get(f"/v1/customers/{customer['id']}")).headers["etag"]
    await api.delete(f"/v1/customers/{customer['id']}", match=tag)

    assert (await read(api, customer["id"], include=["contact_persons"]))["missing"] == [
        customer["id"]
    ]


async def test_the_people_of_each_customer_come_along_when_asked_for(api: Api) -> None:
    one, other = [await made(api, identifiers=[]) for _ in range(2)]
    person = await api.post(f"/v1/customers/{one['id']}/contact-persons", PERSON)

    answer = await read(api, one["id"], other["id"], include=["contact_persons"])

    assert [item["contact_persons"] for item in answer["items"]] == [[person.json()], []]
    assert [item["has_more_contact_persons"] for item in answer["items"]] == [False, False]


async def test_a_later_reading_has_a_later_moment(api: Api, customer: dict[str, Any]) -> None:
    first, second = await read(api, customer["id"]), await read(api, customer["id"])

    assert first["read_at"] < second["read_at"]


async def test_what_is_sensitive_is_masked_or_logged_as_in_the_reading_of_one_file(
    api: Api,
) -> None:
    customer = await made(
        api, identifiers=[{"type": "government_id", "value": "11010519491231002X"}]
    )

    seen = await read(api, customer["id"])
    masked = await read(api.as_("customers:read"), customer["id"])

    assert seen["items"][0]["identifiers"][0]["value"] == "11010519491231002X"
    assert masked["items"][0]["identifiers"][0]["value"].endswith("*2X")
    assert masked["items"][0]["masked"] == ["identifiers.government_id"]
    entries = (await api.get("/v1/audit-entries", params={"subject": customer["id"]})).json()[
        "items"
    ]
    assert "customer.sensitive_read" in [entry["action"] for entry in entries]


async def test_a_reading_that_is_asked_again_by_its_key_gives_the_present_state(api: Api) -> None:
    customer = await made(api, identifiers=[])
    first = await api.post("/v1/customer-reads", {"ids": [customer["id"]]}, key="again")
    tag = (await api.get(f"/v1/customers/{customer['id']}")).headers["etag"]
    await api.patch(f"/v1/customers/{customer['id']}", {"name": "另一个名字"}, match=tag)

    second = await api.post("/v1/customer-reads", {"ids": [customer["id"]]}, key="again")

    assert [answer.json()["items"][0]["name"] for answer in (first, second)] == [
        customer["name"],
        "另一个名字",
    ]
