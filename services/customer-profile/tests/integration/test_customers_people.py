"""Contact persons and relationships over the API."""

from typing import Any

from customer_profile.testing import customer_body
from service_kit.testing import Api

PERSON = {
    "name": "王经理",
    "part": "decider",
    "stance": "supporter",
    "identifiers": [{"type": "phone", "value": "13612345678"}],
    "key_contact": True,
}


async def test_the_phone_of_a_contact_person_finds_the_customer(
    api: Api, customer: dict[str, Any]
) -> None:
    made = await api.post(f"/v1/customers/{customer['id']}/contact-persons", PERSON)

    assert made.status_code == 201, made.text
    assert (await api.get(made.headers["location"])).json() == made.json()
    assert made.json()["identifiers"][0]["value"] == "+8613612345678"
    found = (await api.get("/v1/customers", params={"phone": "13612345678"})).json()["items"]
    assert [item["id"] for item in found] == [customer["id"]]
    (event,) = await api.events("customer.changed")
    assert event["data"]["fields"] == ["contact_persons"]


async def test_a_contact_person_is_changed_and_taken_off(
    api: Api, customer: dict[str, Any]
) -> None:
    path = (await api.post(f"/v1/customers/{customer['id']}/contact-persons", PERSON)).headers[
        "location"
    ]
    tag = (await api.get(path)).headers["etag"]

    changed = await api.patch(
        path, {"stance": None, "key_contact": False, "identifiers": []}, match=tag
    )
    lost = (await api.get("/v1/customers", params={"phone": "13612345678"})).json()["items"]
    removed = await api.delete(path, match=changed.headers["etag"])

    assert (changed.json()["stance"], changed.json()["key_contact"], changed.json()["name"]) == (
        None,
        False,
        "王经理",
    )
    assert lost == []
    assert removed.status_code == 204
    assert (await api.get(f"/v1/customers/{customer['id']}/contact-persons")).json()["items"] == []


async def test_people_of_customers_elsewhere_are_not_there(
    api: Api, customer: dict[str, Any]
) -> None:
    path = (await api.post(f"/v1/customers/{customer['id']}/contact-persons", PERSON)).headers[
        "location"
    ]
    outside = api.as_("customers:read", "customers:write", units=["cn.bj"])

    assert (await outside.get(path)).status_code == 404
    assert (await outside.get(f"/v1/customers/{customer['id']}/contact-persons")).status_code == 404
    assert (await outside.delete(path, match='"1"')).status_code == 404


async def test_a_relationship_is_seen_from_both_sides(api: Api, customer: dict[str, Any]) -> None:
    company = (
        await api.post(
            "/v1/customers", {"kind": "organization", "name": "华南电信", "unit": "cn.gd"}
        )
    ).json()
    path = f"/v1/customers/{customer['id']}/relationships"

    made = await api.post(
        path, {"type": "employer", "other_id": company["id"], "valid_from": "2020-01-01T00:00:00Z"}
    )

    assert made.status_code == 201, made.text
    assert (await api.get(path)).json()["items"] == [made.json()]
    (reverse,) = (await api.get(f"/v1/customers/{company['id']}/relationships")).json()["items"]
    assert reverse == made.json() | {"is_reverse": True}
    assert (
        await api.post(path, {"type": "employer", "other_id": company["id"]})
    ).status_code == 409
    assert (await api.delete(made.headers["location"], match='"1"')).status_code == 204
    assert (await api.get(path)).json()["items"] == []


async def test_a_customer_is_not_related_to_itself_or_to_nobody(
    api: Api, customer: dict[str, Any]
) -> None:
    elsewhere = (
        await api.post("/v1/customers", customer_body(identifiers=[], unit="cn.bj"))
    ).json()
    own = api.as_("customers:read", "customers:write", units=["cn.gd"])
    path = f"/v1/customers/{customer['id']}/relationships"

    assert (
        await api.post(path, {"type": "household", "other_id": customer["id"]})
    ).status_code == 409
    assert (
        await own.post(path, {"type": "household", "other_id": elsewhere["id"]})
    ).status_code == 404


async def test_a_relationship_to_a_customer_elsewhere_is_not_shown(
    api: Api, customer: dict[str, Any]
) -> None:
    elsewhere = (
        await api.post("/v1/customers", customer_body(identifiers=[], unit="cn.bj"))
    ).json()
    path = f"/v1/customers/{customer['id']}/relationships"
    await api.post(path, {"type": "household", "other_id": elsewhere["id"]})

    assert (await api.as_("customers:read", units=["cn.gd"]).get(path)).json()["items"] == []


async def related(api: Api, customer: dict[str, Any], unit: str) -> tuple[str, str]:
    """The customer's employer in a unit: the paths of their relationship from either side."""
    company = (
        await api.post("/v1/customers", {"kind": "organization", "name": "华南电信", "unit": unit})
    ).json()
    made = await api.post(
        f"/v1/customers/{customer['id']}/relationships",
        {"type": "employer", "other_id": company["id"]},
    )
    assert made.status_code == 201, made.text
    return made.headers[
        "location"
    ], f"/v1/customers/{company['id']}/relationships/{made.json()['id']}"


async def test_a_relationship_is_read_and_ended_from_either_side(
    api: Api, customer: dict[str, Any]
) -> None:
    there, back = await related(api, customer, "cn.gd")

    reverse = await api.get(back)
    ended = await api.delete(back, match=reverse.headers["etag"])

    assert (reverse.status_code, reverse.json()["is_reverse"]) == (200, True)
    assert ended.status_code == 204
    assert (await api.get(there)).status_code == 404
    subjects = {event["subject"] for event in await api.events("customer.changed", least=2)}
    assert subjects == {customer["id"]}


async def test_a_relationship_to_somebody_outside_the_own_units_is_not_there(
    api: Api, customer: dict[str, Any]
) -> None:
    there, _ = await related(api, customer, "cn.bj")
    inside = api.as_("customers:read", "customers:write", units=["cn.gd"])

    assert (await inside.get(there)).status_code == 404
    assert (await inside.delete(there, match='"1"')).status_code == 404
    assert (await api.get(there)).status_code == 200


async def test_a_relationship_does_not_end_before_it_begins(
    api: Api, customer: dict[str, Any]
) -> None:
    company = (await api.post("/v1/customers", {"kind": "organization", "name": "华南电信"})).json()
    body = {
        "type": "employer",
        "other_id": company["id"],
        "valid_from": "2026-01-02T00:00:00Z",
        "valid_until": "2026-01-01T00:00:00Z",
    }

    refused = await api.post(f"/v1/customers/{customer['id']}/relationships", body)

    assert (refused.status_code, refused.json()["type"].rpartition("/")[2]) == (
        409,
        "relationship-ends-before-it-begins",
    )
