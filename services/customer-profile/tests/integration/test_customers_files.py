"""Customers over the API: created, read, found, changed, in the caller's units only."""

from typing import Any
from uuid import uuid4

import pytest
from customer_profile.customer import routes
from customer_profile.testing import customer_body
from service_kit.testing import Api


async def test_a_created_customer_comes_back_with_its_phone_in_e164(api: Api) -> None:
    created = await api.post("/v1/customers", customer_body())

    assert created.status_code == 201, created.text
    body = created.json()
    assert created.headers["location"] == f"/v1/customers/{body['id']}"
    assert created.headers["etag"]
    assert body["identifiers"][0] == {"type": "phone", "system": None, "value": "+8613800138000"}
    assert body["facts"]["basic"] == {"birth_date": "1990-02-03"}
    assert body["tier"] is None
    assert body["account_manager"] is None
    assert (await api.get(f"/v1/customers/{body['id']}")).json() == body


async def test_creating_tells_an_event_without_personal_values(api: Api) -> None:
    created = (await api.post("/v1/customers", customer_body())).json()

    (event,) = await api.events("customer.created")

    assert event["subject"] == created["id"]
    assert event["data"]["unit"] == "cn.gd.gz"
    assert "张伟" not in str(event)
    assert "138" not in str(event["data"])


async def test_a_key_gives_the_same_customer_twice(api: Api) -> None:
    first = await api.post("/v1/customers", customer_body(), key="once")

    again = await api.post("/v1/customers", customer_body(), key="once")

    assert again.json() == first.json()
    assert again.headers["idempotency-replayed"] == "true"


async def test_a_taken_external_id_is_refused_and_names_the_holder(
    api: Api, customer: dict[str, Any]
) -> None:
    refused = await api.post("/v1/customers", customer_body(name="李娜"))

    assert refused.status_code == 409
    assert refused.json()["holder"] == customer["id"]


async def test_a_holder_in_another_unit_is_not_named(api: Api, customer: dict[str, Any]) -> None:
    elsewhere = api.as_("customers:read", "customers:write", units=["cn.bj"])

    refused = await elsewhere.post("/v1/customers", customer_body(unit="cn.bj"))

    assert refused.status_code == 409
    assert "holder" not in refused.json()
    assert customer["id"] not in refused.text


async def test_a_wrong_phone_is_pointed_at_where_the_caller_wrote_it(api: Api) -> None:
    body = {
        "kind": "individual",
        "name": "Li Na",
        "unit": "cn.gd",
        "identifiers": [{"type": "phone", "value": "x"}],
    }

    refused = await api.post("/v1/customers", body)

    assert (refused.status_code, [error["pointer"] for error in refused.json()["errors"]]) == (
        422,
        ["/identifiers/0/value"],
    )


async def test_a_phone_may_be_shared_and_a_look_up_lists_all(
    api: Api, customer: dict[str, Any]
) -> None:
    other = await api.post(
        "/v1/customers",
        customer_body(name="李娜", identifiers=[{"type": "phone", "value": "13800138000"}]),
    )

    found = await api.get("/v1/customers", params={"phone": "+86 138-0013-8000"})

    assert {item["id"] for item in found.json()["items"]} == {customer["id"], other.json()["id"]}


@pytest.mark.parametrize(
    "query",
    [
        {"phone": "13800138000"},
        {"phone": " 8613800138000"},
        {"email": "ZW@example.com"},
        {"external": "erp:C-1"},
        {"tag": "campus"},
        {"unit": "cn.gd"},
        {"q": "张伟"},
        {"q": "zhangwei"},
        {"q": "8000", "tag": "campus"},
    ],
)
async def test_a_customer_is_found(
    api: Api, customer: dict[str, Any], query: dict[str, str]
) -> None:
    await api.post(
        "/v1/customers",
        customer_body(
            name="Bob",
            unit="cn.sh",
            tags=[],
            identifiers=[{"type": "phone", "value": "13912345678"}],
        ),
    )

    found = await api.get("/v1/customers", params=query)

    assert found.status_code == 200, found.text
    assert [item["id"] for item in found.json()["items"]] == [customer["id"]]


@pytest.mark.parametrize(
    "query",
    [
        {"phone": "13800138001"},
        {"tag": "camp"},
        {"tier_min": "1"},
        {"unit": "cn.g"},
        {"q": "王芳"},
        {"q": "!!"},
    ],
)
async def test_a_customer_who_does_not_fit_is_not_found(
    api: Api, customer: dict[str, Any], query: dict[str, str]
) -> None:
    found = await api.get("/v1/customers", params=query)

    assert found.status_code == 200, found.text
    assert found.json()["items"] == []


async def test_many_identifiers_are_looked_up_at_once(api: Api, customer: dict[str, Any]) -> None:
    asked = {
        "identifiers": [
            {"type": "external", "system": "erp", "value": value} for value in ("C-1", "C-2")
        ]
    }

    found = await api.post("/v1/customer-lookups", asked)

    assert found.json()["items"] == [
        {"customer_id": customer["id"], "unit": "cn.gd.gz", "customer_ids": [customer["id"]]},
        None,
    ]


async def test_a_shared_identifier_names_its_oldest_holders(
    api: Api, customer: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = {"type": "phone", "value": "13800138000"}
    others = [
        (await api.post("/v1/customers", customer_body(identifiers=[shared]))).json()["id"]
        for _ in range(2)
    ]
    monkeypatch.setattr(routes, "MOST_HOLDERS", 2)

    found = await api.post("/v1/customer-lookups", {"identifiers": [shared, shared]})

    item = {
        "customer_id": customer["id"],
        "unit": "cn.gd.gz",
        "customer_ids": [customer["id"], others[0]],
    }
    assert found.json()["items"] == [item, item]


async def test_a_patch_changes_what_it_names_and_keeps_the_rest(
    api: Api, customer: dict[str, Any]
) -> None:
    read = await api.get(f"/v1/customers/{customer['id']}")

    patch = {
        "name": "张伟明",
        "sector": None,
        "facts": {"basic": {"profession": "teacher", "birth_date": None}},
    }
    changed = await api.patch(f"/v1/customers/{customer['id']}", patch, match=read.headers["etag"])

    assert changed.status_code == 200, changed.text
    body = changed.json()
    assert (body["name"], body["sector"]) == ("张伟明", None)
    assert body["facts"]["basic"] == {"profession": "teacher"}
    assert body["facts"]["characteristics"] == {"hobbies": ["围棋"]}
    assert body["identifiers"] == customer["identifiers"]
    (event,) = await api.events("customer.changed")
    assert event["data"]["fields"] == ["name", "sector", "basic.birth_date", "basic.profession"]
    assert [
        item["id"]
        for item in (await api.get("/v1/customers", params={"q": "伟明"})).json()["items"]
    ] == [customer["id"]]


async def test_a_fact_that_is_an_object_is_merged_member_by_member(api: Api) -> None:
    made = await api.post(
        "/v1/customers",
        customer_body(facts={"basic": {"address": {"city": "广州", "street": "1", "floor": None}}}),
    )
    path = f"/v1/customers/{made.json()['id']}"

    changed = await api.patch(
        path,
        {"facts": {"basic": {"address": {"street": None, "zip": "510000"}}}},
        match=made.headers["etag"],
    )

    assert made.json()["facts"]["basic"]["address"] == {"city": "广州", "street": "1"}
    assert changed.json()["facts"]["basic"]["address"] == {"city": "广州", "zip": "510000"}


async def test_a_file_does_not_grow_beyond_what_it_shows(
    api: Api, customer: dict[str, Any]
) -> None:
    path, tag = f"/v1/customers/{customer['id']}", '"1"'
    half = {"address": {f"line {number}": "x" for number in range(50)}}
    tag = (await api.patch(path, {"facts": {"basic": half}}, match=tag)).headers["etag"]

    larger = await api.patch(path, {"facts": {"basic": {"address": {"one": "more"}}}}, match=tag)

    assert (larger.status_code, larger.json()["type"].rpartition("/")[2]) == (409, "too-many-facts")


async def test_a_stale_patch_is_refused(api: Api, customer: dict[str, Any]) -> None:
    read = await api.get(f"/v1/customers/{customer['id']}")
    await api.patch(f"/v1/customers/{customer['id']}", {"name": "A"}, match=read.headers["etag"])

    stale = await api.patch(
        f"/v1/customers/{customer['id']}", {"name": "B"}, match=read.headers["etag"]
    )
    bare = await api.patch(f"/v1/customers/{customer['id']}", {"name": "B"})

    assert (stale.status_code, bare.status_code) == (412, 428)


async def test_a_changed_identifier_is_found_by_the_new_value_only(
    api: Api, customer: dict[str, Any]
) -> None:
    read = await api.get(f"/v1/customers/{customer['id']}")
    patch = {"identifiers": [{"type": "phone", "value": "13711112222"}]}

    await api.patch(f"/v1/customers/{customer['id']}", patch, match=read.headers["etag"])

    assert (await api.get("/v1/customers", params={"phone": "13800138000"})).json()["items"] == []
    assert (
        len((await api.get("/v1/customers", params={"phone": "13711112222"})).json()["items"]) == 1
    )
    again = await api.post("/v1/customers", customer_body(name="李娜"))
    assert again.status_code == 201, "the external id is free again"


async def test_the_sources_of_facts_are_shown_when_asked_for(
    api: Api, customer: dict[str, Any]
) -> None:
    read = await api.get(f"/v1/customers/{customer['id']}", params={"include": "sources"})
    patch = {
        "facts": {"basic": {"birth_date": "1990-02-03"}},
        "source": {"kind": "visit", "learned": "observed", "purposes": ["care"]},
    }
    await api.patch(f"/v1/customers/{customer['id']}", patch, match=read.headers["etag"])

    sources = (
        await api.get(f"/v1/customers/{customer['id']}", params={"include": "sources"})
    ).json()["sources"]

    by_fact = {entry["fact"]: [source["kind"] for source in entry["sources"]] for entry in sources}
    assert by_fact == {"basic.birth_date": ["card", "visit"], "characteristics.hobbies": ["card"]}
    assert customer["sources"] is None


async def test_a_caller_sees_only_the_own_units(api: Api, customer: dict[str, Any]) -> None:
    inside = api.as_("customers:read", units=["cn.gd"])
    outside = api.as_("customers:read", units=["cn.g", "cn.bj"])

    assert (await inside.get(f"/v1/customers/{customer['id']}")).status_code == 200
    assert (await outside.get(f"/v1/customers/{customer['id']}")).status_code == 404
    for query in ({}, {"q": "张伟"}, {"phone": "13800138000"}, {"tag": "campus"}):
        assert len((await inside.get("/v1/customers", params=query)).json()["items"]) == 1
        assert (await outside.get("/v1/customers", params=query)).json()["items"] == []


async def test_a_customer_is_not_made_or_moved_outside_the_own_units(
    api: Api, customer: dict[str, Any]
) -> None:
    own = api.as_("customers:read", "customers:write", units=["cn.gd"])
    tag = (await own.get(f"/v1/customers/{customer['id']}")).headers["etag"]

    made = await own.post("/v1/customers", customer_body(unit="cn.bj", identifiers=[]))
    moved = await own.patch(f"/v1/customers/{customer['id']}", {"unit": "cn.bj"}, match=tag)

    assert (made.status_code, moved.status_code) == (403, 403)


async def test_a_customer_that_moves_takes_its_search_along(
    api: Api, customer: dict[str, Any]
) -> None:
    tag = (await api.get(f"/v1/customers/{customer['id']}")).headers["etag"]

    await api.patch(f"/v1/customers/{customer['id']}", {"unit": "cn.bj"}, match=tag)

    there = api.as_("customers:read", units=["cn.bj"])
    assert len((await there.get("/v1/customers", params={"q": "张伟"})).json()["items"]) == 1
    (event,) = await api.events("customer.changed")
    assert (event["data"]["unit"], event["data"]["previous_unit"]) == ("cn.bj", "cn.gd.gz")


async def test_pages_show_every_customer_once_newest_first(api: Api) -> None:
    made = [
        (await api.post("/v1/customers", {"kind": "individual", "name": f"N{number}"})).json()["id"]
        for number in range(7)
    ]

    seen: list[str] = []
    cursor = None
    while True:
        page = (
            await api.get(
                "/v1/customers", params={"limit": 3} | ({"cursor": cursor} if cursor else {})
            )
        ).json()
        seen += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break

    assert seen == made[::-1]


async def test_an_unknown_customer_is_not_found(api: Api) -> None:
    assert (await api.get(f"/v1/customers/{uuid4()}")).status_code == 404


@pytest.mark.parametrize(
    "wrong",
    [
        {"identifiers": [{"type": "phone", "value": "not a phone"}]},
        {"identifiers": [{"type": "external", "value": "C-1"}]},
        {"time_zone": "Mars/Olympus"},
        {"facts": {"basic": {"birth_date": "1990-02-30"}}},
        {"facts": {"private": {}}},
        {"roles": ["king"]},
        {"nickname": "x"},
        {"name": "\u0000"},
        {"name": " "},
    ],
)
async def test_a_broken_customer_is_refused(api: Api, wrong: dict[str, Any]) -> None:
    refused = await api.post("/v1/customers", customer_body(**wrong))

    assert refused.status_code == 422, refused.text
    assert refused.headers["content-type"].startswith("application/problem+json")
