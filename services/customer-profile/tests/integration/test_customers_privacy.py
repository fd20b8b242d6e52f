"""Sensitive facts are masked and their reading is logged;
erasure leaves no personal value behind and keeps the books.
"""

from datetime import UTC, datetime
from typing import Any

import pytest
from customer_profile.testing import customer_body
from service_kit.testing import Api

GOVERNMENT_ID = "44010319900203123X"
SECRETS = (
    "张伟", "+8613800138000", "13800138000", "zw@example.com", "C-1", GOVERNMENT_ID, "围棋", "佛教",
    "王经理", "13612345678", "zhangwei", "Asked for the bill", "recording 7", "1990-02-03",
    "campus", "prefers tea",
)  # fmt: skip


async def a_secret_customer(api: Api) -> dict[str, Any]:
    body = customer_body()
    body["identifiers"] = [*body["identifiers"], {"type": "government_id", "value": GOVERNMENT_ID}]
    body["facts"] = body["facts"] | {"characteristics": {"hobbies": ["围棋"], "religion": "佛教"}}
    made = await api.post("/v1/customers", body, key="made-once")
    assert made.status_code == 201, made.text
    return made.json()


async def rows(api: Api, statement: str) -> list[Any]:
    async with api.service.database.transaction() as tx:
        return await tx.connection.fetch(statement)


async def test_sensitive_facts_are_masked_without_the_scope(api: Api) -> None:
    customer = await a_secret_customer(api)

    masked = (await api.as_("customers:read").get(f"/v1/customers/{customer['id']}")).json()
    whole = (
        await api.as_("customers:read", "customers:sensitive").get(
            f"/v1/customers/{customer['id']}"
        )
    ).json()

    assert masked["masked"] == ["characteristics.religion", "identifiers.government_id"]
    assert masked["facts"]["characteristics"] == {"hobbies": ["围棋"]}
    assert masked["identifiers"][-1]["value"] == "44**************3X"
    assert whole["masked"] == []
    assert whole["facts"]["characteristics"]["religion"] == "佛教"
    assert whole["identifiers"][-1]["value"] == GOVERNMENT_ID


async def test_masked_and_whole_files_have_tags_of_their_own(api: Api) -> None:
    customer = await a_secret_customer(api)
    path = f"/v1/customers/{customer['id']}"

    masked = (await api.as_("customers:read").get(path)).headers["etag"]
    whole = await api.get(path, headers={"If-None-Match": masked})
    same = await api.get(path, headers={"If-None-Match": whole.headers["etag"]})

    assert (whole.status_code, same.status_code) == (200, 304)


async def test_every_reading_of_sensitive_facts_is_logged(
    api: Api, customer: dict[str, Any]
) -> None:
    secret = (
        await api.post(
            "/v1/customers",
            customer_body(identifiers=[], facts={"characteristics": {"health": "good"}}),
        )
    ).json()
    reader = api.as_("customers:read", "customers:sensitive", sub="li")

    await reader.get(f"/v1/customers/{secret['id']}")
    await api.as_("customers:read", sub="wang").get(f"/v1/customers/{secret['id']}")
    await reader.get(f"/v1/customers/{customer['id']}")

    log = (await api.get("/v1/audit-entries", params={"subject": secret["id"]})).json()["items"]
    readings = [
        (entry["actor"], entry["action"])
        for entry in log
        if entry["action"] == "customer.sensitive_read"
    ]
    assert readings == [("li", "customer.sensitive_read")]
    plain = (await api.get("/v1/audit-entries", params={"subject": customer["id"]})).json()["items"]
    assert [entry["action"] for entry in plain] == ["customer.created"]


async def test_the_audit_shows_sensitive_facts_to_those_alone_who_may_see_them(api: Api) -> None:
    customer = await a_secret_customer(api)
    path = f"/v1/customers/{customer['id']}"
    patch = {
        "facts": {"basic": {"profession": "judge"}},
        "source": {"kind": "visit", "learned": "asked", "sensitivity": "sensitive"},
    }
    await api.patch(path, patch, match=(await api.get(path)).headers["etag"])
    asked = {"subject": customer["id"]}

    plain = await api.as_("audit:read").get("/v1/audit-entries", params=asked)
    whole = await api.as_("audit:read", "customers:sensitive").get(
        "/v1/audit-entries", params=asked
    )

    assert "佛教" not in plain.text
    assert "judge" not in plain.text
    assert "围棋" in plain.text
    assert plain.json()["items"][0]["masked"] is True
    made = whole.json()["items"][0]["values"]["customer.created"]
    assert made["sensitive"] == {"characteristics.religion": "佛教"}
    assert '"basic.profession":"judge"' in whole.text


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"tags": [], "roles": [], "sector": None, "account_manager": "李", "do_not_contact": True},
        {"name": 'quotes " and \\', "kind": "organization", "unit": "cn.bj"},
        {"facts": {"characteristics": {"religion": "佛教", "hobbies": ["围棋"]}}},
        {"facts": {"characteristics": {"family": {"children": 2}}}},
        {
            "facts": {
                "basic": {"years": 3, "share": 0.5, "is_vip": True, "address": {"city": "广州"}}
            }
        },
        {
            "facts": {"basic": {"income": 5}},
            "source": {"kind": "visit", "learned": "asked", "sensitivity": "sensitive"},
        },
        {
            "identifiers": [
                {"type": "phone", "value": "13800138000"},
                {"type": "government_id", "value": GOVERNMENT_ID},
            ]
        },
        {"identifiers": []},
    ],
)
@pytest.mark.parametrize("microsecond", [0, 120_000])
async def test_a_list_shows_each_file_as_those_see_it_from_whom_it_is_masked(
    api: Api, told: dict[str, Any], microsecond: int
) -> None:
    path = (await api.post("/v1/customers", customer_body(**told))).headers["location"]
    async with api.service.database.transaction() as tx:
        tier = 4 if microsecond else None
        change = "UPDATE customer_profile.customer SET tier = $1, created_at = $2, updated_at = $2"
        await tx.connection.execute(
            change, tier, datetime(2026, 3, 2, 4, 0, 0, microsecond, tzinfo=UTC)
        )

    masked = await api.as_("customers:read").get(path)
    listed = (await api.get("/v1/customers")).json()["items"]

    assert listed == [masked.json()]


async def test_lists_mask_what_is_sensitive_for_everybody(api: Api) -> None:
    await a_secret_customer(api)

    (item,) = (await api.get("/v1/customers", params={"q": "张伟"})).json()["items"]

    assert "identifiers.government_id" in item["masked"]


async def test_a_government_id_is_readable_in_no_row(api: Api) -> None:
    await a_secret_customer(api)

    assert await whatever_holds(api, [GOVERNMENT_ID]) == set()


async def test_what_is_kept_for_an_idempotency_key_is_masked(api: Api) -> None:
    body = customer_body(facts={"characteristics": {"religion": "佛教"}})
    first = await api.post("/v1/customers", body, key="once")

    again = await api.post("/v1/customers", body, key="once")

    assert first.json()["facts"]["characteristics"] == {"religion": "佛教"}
    assert (again.status_code, again.headers["location"]) == (201, first.headers["location"])
    assert (again.json()["id"], again.json()["masked"]) == (
        first.json()["id"],
        ["characteristics.religion"],
    )
    assert ("idempotency_record", "佛教") not in await whatever_holds(api, ["佛教"])


async def test_who_cannot_see_a_government_id_cannot_take_it_off(api: Api) -> None:
    customer = await a_secret_customer(api)
    path = f"/v1/customers/{customer['id']}"
    blind = api.as_("customers:read", "customers:write")
    phone = {"type": "phone", "value": "13912345678"}

    changed = await blind.patch(
        path, {"identifiers": [phone]}, match=(await blind.get(path)).headers["etag"]
    )
    whole = (await api.get(path)).json()["identifiers"]
    removed = await api.patch(path, {"identifiers": [phone]}, match=changed.headers["etag"])

    assert changed.status_code == 200, changed.text
    assert [(each["type"], each["value"]) for each in whole] == [
        ("phone", "+8613912345678"),
        ("government_id", GOVERNMENT_ID),
    ]
    assert [each["type"] for each in removed.json()["identifiers"]] == ["phone"]


async def test_who_cannot_see_the_government_id_of_a_person_cannot_take_it_off(
    api: Api, customer: dict[str, Any]
) -> None:
    person = {
        "name": "王经理",
        "part": "decider",
        "identifiers": [{"type": "government_id", "value": GOVERNMENT_ID}],
    }
    made = await api.post(f"/v1/customers/{customer['id']}/contact-persons", person)
    blind = api.as_("customers:read", "customers:write")

    changed = await blind.patch(
        made.headers["location"], {"identifiers": []}, match=made.headers["etag"]
    )

    assert [each["type"] for each in changed.json()["identifiers"]] == ["government_id"]


async def whatever_holds(api: Api, secrets: list[str]) -> set[tuple[str, str]]:
    """Every pair of a table and a secret that some row of it holds, in any column."""
    tables = await rows(
        api,
        "SELECT table_name FROM information_schema.tables WHERE table_schema = 'customer_profile'",
    )
    found = set()
    for (table,) in tables:
        for row in await rows(api, f'SELECT * FROM customer_profile."{table}"'):
            text = " ".join(
                value.decode(errors="replace") if isinstance(value, bytes) else str(value)
                for value in row.values()
            )
            found |= {(table, secret) for secret in secrets if secret in text}
    return found


async def test_erasure_leaves_no_personal_value_in_any_row(api: Api) -> None:
    customer = await a_secret_customer(api)
    path = f"/v1/customers/{customer['id']}"
    person = {
        "name": "王经理",
        "part": "decider",
        "identifiers": [{"type": "phone", "value": "13612345678"}],
    }
    await api.post(f"{path}/contact-persons", person, key="person")
    touch = {
        "customer_id": customer["id"],
        "channel": "voice",
        "direction": "in",
        "purpose": "inquiry",
        "subject": "Asked for the bill",
    }
    await api.post(
        "/v1/interactions", touch | {"external_id": "C-1", "outcome": "prefers tea"}, key="touch"
    )
    consent = {
        "customer_id": customer["id"],
        "purpose": "care",
        "status": "granted",
        "source": "张伟",
        "proof": "recording 7",
    }
    await api.post("/v1/consents", consent)
    await api.post(
        "/v1/care-plans",
        {
            "name": "Thanks",
            "occasion": "after_delivery",
            "channel": "sms",
            "template": {"en": "Dear {name}"},
        },
    )
    await api.post(
        "/v1/care-occasions", {"customer_id": customer["id"], "occasion": "after_delivery"}
    )
    tag = (await api.get(path)).headers["etag"]
    before = await whatever_holds(api, list(SECRETS))

    erased = await api.delete(path, match=tag)

    assert erased.status_code == 204, erased.text
    tables = {
        "customer",
        "customer_search",
        "identifier_holder",
        "interaction",
        "consent",
        "care_task",
        "idempotency_record",
    }
    assert {table for table, _ in before} >= tables
    assert await whatever_holds(api, list(SECRETS)) == set()


async def test_what_was_answered_about_the_erased_is_repeated_without_a_word_of_theirs(
    api: Api,
) -> None:
    kept = await api.post("/v1/customers", customer_body(name="N0", identifiers=[]), key="k0")
    made = await api.post("/v1/customers", customer_body(name="Z", tags=["golf"]), key="k1")
    path = made.headers["location"]
    person = {
        "name": "W",
        "part": "decider",
        "identifiers": [{"type": "phone", "value": "13612345678"}],
    }
    await api.post(f"{path}/contact-persons", person, key="k2")
    await api.delete(path, match=(await api.get(path)).headers["etag"])

    other = await api.post("/v1/customers", customer_body(name="N0", identifiers=[]), key="k0")
    again = await api.post("/v1/customers", customer_body(name="Z", tags=["golf"]), key="k1")
    whose = await api.post(f"{path}/contact-persons", person, key="k2")

    assert other.json()["name"] == "N0"
    assert {each.headers["idempotency-replayed"] for each in (other, again, whose)} == {"true"}
    assert (again.status_code, again.headers["location"]) == (201, path)
    first = made.json()
    assert again.json() == first | {
        "name": "", "language": "", "time_zone": "", "tags": [], "masked": [],
        "account_manager": None,
        "identifiers": [each | {"system": None, "value": ""} for each in first["identifiers"]],
        "facts": {group: {} for group in first["facts"]},
    }  # fmt: skip
    assert (
        whose.json()["name"],
        whose.json()["identifiers"][0]["value"],
        whose.json()["part"],
    ) == ("", "", "decider")
    assert kept.json()["name"] == "N0"


async def test_a_person_is_taken_off_with_all_that_was_kept_of_them_and_the_organization_stays(
    api: Api,
) -> None:
    made = await api.post(
        "/v1/customers", customer_body(name="Acme", kind="organization"), key="k1"
    )
    path = made.headers["location"]
    person = {
        "name": "王经理",
        "part": "decider",
        "identifiers": [{"type": "phone", "value": "13612345678"}],
    }
    added = await api.post(f"{path}/contact-persons", person, key="k2")
    changed = await api.patch(
        added.headers["location"], {"position": "buys the pumps"}, match=added.headers["etag"]
    )
    secrets = ["王经理", "13612345678", "buys the pumps"]
    assert {table for table, _ in await whatever_holds(api, secrets)} >= {
        "contact_person",
        "audit_entry",
        "idempotency_record",
    }

    removed = await api.delete(added.headers["location"], match=changed.headers["etag"])

    assert removed.status_code == 204, removed.text
    assert await whatever_holds(api, secrets) == set()
    assert ("audit_entry", "Acme") in await whatever_holds(api, ["Acme"])
    assert (
        await api.post("/v1/customers", customer_body(name="Acme", kind="organization"), key="k1")
    ).json()["name"] == "Acme"


async def test_erasure_keeps_the_books_and_is_told(api: Api, customer: dict[str, Any]) -> None:
    path = f"/v1/customers/{customer['id']}"
    touch = {
        "customer_id": customer["id"],
        "channel": "voice",
        "direction": "in",
        "purpose": "inquiry",
        "subject": "Bill",
    }
    await api.post("/v1/interactions", touch)
    tag = (await api.get(path)).headers["etag"]

    await api.delete(path, match=tag)

    assert (await api.get(path)).status_code == 404
    assert (await api.get(f"{path}/timeline")).status_code == 404
    assert (await api.delete(path, match=tag)).status_code == 404
    assert (await api.get("/v1/customers", params={"phone": "13800138000"})).json()["items"] == []
    (kept,) = await rows(api, "SELECT channel, occurred_at FROM customer_profile.interaction")
    assert kept["channel"] == "voice"
    (event,) = await api.events("customer.erased")
    assert event["data"] == {"customer_id": customer["id"]}
    again = await api.post("/v1/customers", customer_body())
    assert again.status_code == 201, "the identifiers are free again"


async def test_the_audit_chain_of_an_erased_customer_still_has_its_links(
    api: Api, customer: dict[str, Any]
) -> None:
    tag = (await api.get(f"/v1/customers/{customer['id']}")).headers["etag"]
    before = (await api.get("/v1/audit-entries", params={"subject": customer["id"]})).json()[
        "items"
    ]

    await api.delete(f"/v1/customers/{customer['id']}", match=tag)

    after = (await api.get("/v1/audit-entries", params={"subject": customer["id"]})).json()["items"]
    assert [entry["hash"] for entry in after[:-1]] == [entry["hash"] for entry in before]
    assert all(entry["values"] is None for entry in after[:-1])
    assert after[-1]["action"] == "customer.erased"


async def test_an_answer_about_a_file_that_moved_is_repeated_where_the_file_lies_now(
    api: Api,
) -> None:
    body = customer_body(unit="cn.gd.gz")
    here, there = (
        api.as_("customers:read", "customers:write", sub="li", units=[unit])
        for unit in ("cn.gd", "cn.bj")
    )
    made = await here.post("/v1/customers", body, key="k")
    path, touch = (
        made.headers["location"],
        {"channel": "voice", "direction": "in", "purpose": "inquiry", "subject": "Bill"},
    )
    of_hers = touch | {"customer_id": made.json()["id"]}
    await api.as_("interactions:write", sub="li", units=["cn.gd"]).post(
        "/v1/interactions", of_hers, key="k"
    )
    assert (await there.post("/v1/customers", body, key="k")).status_code == 403

    moved = await api.patch(path, {"unit": "cn.bj"}, match=(await api.get(path)).headers["etag"])

    assert moved.status_code == 200, moved.text
    assert (await here.post("/v1/customers", body, key="k")).status_code == 404
    assert (await there.post("/v1/customers", body, key="k")).json()["id"] == made.json()["id"]
    assert (
        await api.as_("interactions:write", sub="li", units=["cn.gd"]).post(
            "/v1/interactions", of_hers, key="k"
        )
    ).status_code == 404


async def test_two_people_with_one_key_and_one_sheet_start_two_imports(api: Api) -> None:
    async def sent(sub: str, unit: str) -> Any:
        who = api.as_("customers:import", sub=sub, units=[unit])
        files = {"file": ("people.csv", b"name,phone\nA,13912345678\n", "text/csv")}
        return await who.request(
            "POST", "/v1/customer-imports", files=files, headers={"Idempotency-Key": "k"}
        )

    first, second, again, narrowed = [
        await sent("li", "cn.gd"),
        await sent("wang", "cn.bj"),
        await sent("li", "cn.gd"),
        await sent("li", "cn.sh"),
    ]

    assert [answer.status_code for answer in (first, second, again)] == [202] * 3
    assert first.headers["location"] == again.headers["location"] != second.headers["location"]
    assert narrowed.status_code in (404, 422)
    assert "location" not in narrowed.headers
