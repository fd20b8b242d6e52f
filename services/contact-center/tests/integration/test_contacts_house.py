"""Queues, agents, entry points, treatments and dedications as documents of the API."""

import asyncio
from datetime import datetime
from typing import Any

from contact_center.app import MIGRATIONS
from contact_center.tables import metadata
from contact_center.testing import House, a_flow, a_queue, an_agent, eventually, made
from service_kit.testing import Api
from service_kit.testing.revisions import difference

NOBODY = "01890a5d-ac96-774b-bcce-b302099a8057"


async def test_the_migrated_schema_is_that_of_the_code(make_database: Any) -> None:
    url = await make_database(MIGRATIONS, "contact_center")

    assert await difference(url, "contact_center", metadata) == []


async def test_a_queue_has_usual_values(api: Api) -> None:
    queue = await made(api, "/v1/queues", {"name": "hotline", "channels": ["voice"]})

    assert queue["service_level"] == {"seconds": 20, "share": "0.80"}
    assert (
        queue["offer_seconds"],
        queue["wrap_up_seconds"],
        queue["skills"],
        queue["overflow"],
    ) == (20, 30, [], None)
    assert queue["unit"] == "cn"


async def test_a_queue_is_replaced_and_changed_with_its_etag_only(api: Api) -> None:
    queue = await made(api, "/v1/queues", a_queue())
    path = f"/v1/queues/{queue['id']}"
    tag = (await api.get(path)).headers["etag"]

    assert (await api.put(path, a_queue(name="other"))).status_code == 428
    replaced = await api.put(path, a_queue(name="other"), match=tag)
    assert (await api.patch(path, {"name": "third"}, match=tag)).status_code == 412
    changed = await api.patch(path, {"offer_seconds": 7}, match=replaced.headers["etag"])

    assert (changed.json()["name"], changed.json()["offer_seconds"]) == ("other", 7)


async def test_a_queue_overflows_to_another_that_exists(api: Api) -> None:
    one, other = (
        await made(api, "/v1/queues", a_queue()),
        await made(api, "/v1/queues", a_queue(name="other")),
    )
    path = f"/v1/queues/{one['id']}"
    tag = (await api.get(path)).headers["etag"]

    def overflow(to: str) -> dict[str, Any]:
        return {"overflow": {"after_seconds": 10, "queue_id": to}}

    assert (await api.patch(path, overflow(NOBODY), match=tag)).status_code == 409
    assert (await api.patch(path, overflow(one["id"]), match=tag)).status_code == 409
    changed = await api.patch(path, overflow(other["id"]), match=tag)
    back = await api.patch(path, {"overflow": None}, match=changed.headers["etag"])

    assert changed.json()["overflow"] == {"after_seconds": 10, "queue_id": other["id"]}
    assert back.json()["overflow"] is None


async def patched(api: Api, kind: str, thing: dict[str, Any], patch: dict[str, Any]) -> Any:
    path = f"/v1/{kind}/{thing['id']}"
    return await api.patch(path, patch, match=(await api.get(path)).headers["etag"])


async def test_a_patch_changes_a_member_of_a_member_and_keeps_the_others(api: Api) -> None:
    queue = await made(api, "/v1/queues", a_queue(service_level={"seconds": 20, "share": "0.90"}))
    other = await made(api, "/v1/queues", a_queue())

    changed = await patched(api, "queues", queue, {"service_level": {"seconds": 30}})
    half = await patched(api, "queues", queue, {"overflow": {"after_seconds": 10}})
    whole = await patched(
        api, "queues", queue, {"overflow": {"after_seconds": 10, "queue_id": other["id"]}}
    )
    later = await patched(api, "queues", queue, {"overflow": {"after_seconds": 20}})

    assert changed.json()["service_level"] == {"seconds": 30, "share": "0.90"}
    assert half.status_code == 409
    assert half.json()["errors"] == [{"pointer": "/overflow/queue_id", "detail": "this is missing"}]
    assert whole.json()["overflow"] == {"after_seconds": 10, "queue_id": other["id"]}
    assert later.json()["overflow"] == {"after_seconds": 20, "queue_id": other["id"]}


async def test_null_takes_one_channel_away_from_an_agent_and_keeps_the_others(api: Api) -> None:
    agent = await made(api, "/v1/agents", an_agent(capacity={"voice": 1, "chat": 3}))

    changed = await patched(api, "agents", agent, {"capacity": {"chat": 2}})
    taken = await patched(api, "agents", agent, {"capacity": {"voice": None}})

    assert changed.json()["capacity"] == {"voice": 1, "chat": 2}
    assert taken.json()["capacity"] == {"chat": 2}


async def test_overflowing_contacts_reach_the_other_queues_agents(api: Api) -> None:
    house = await House.opened(api)
    desk = await House.opened(
        api, address="95588", overflow={"after_seconds": 1, "queue_id": house.queue["id"]}
    )
    agent = await house.agent()

    offered = await house.until(await desk.call(to="95588"), "offered")

    assert offered["waited_seconds"] >= 1
    assert (offered["offer"]["agent_id"], offered["queue_id"]) == (agent["id"], desk.queue["id"])


async def test_lists_are_walked_page_by_page(api: Api) -> None:
    made_ids = [
        (await made(api, "/v1/queues", a_queue(name=f"queue {number}")))["id"]
        for number in range(5)
    ]

    seen, cursor = [], None
    while True:
        page = (
            await api.get(
                "/v1/queues", params={"limit": 2} | ({"cursor": cursor} if cursor else {})
            )
        ).json()
        seen += [queue["id"] for queue in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break

    assert seen == made_ids


async def test_an_agent_is_offline_at_first_and_keeps_its_profile(api: Api) -> None:
    queue = await made(api, "/v1/queues", a_queue())

    agent = await made(
        api,
        "/v1/agents",
        an_agent(
            queue["id"], skills=[{"name": "billing", "level": 4}], languages=["zh-CN"], team="A"
        ),
    )

    assert (agent["presence"], agent["routing_status"]) == ("offline", "off_queue")
    assert agent["skills"] == [{"name": "billing", "level": 4}]
    assert agent["capacity"] == {"voice": 1, "chat": 3}
    assert (await api.get(f"/v1/agents/{agent['id']}")).json() == agent


async def test_an_agent_of_no_such_queue_is_refused(api: Api) -> None:
    refused = await api.post("/v1/agents", an_agent(NOBODY))

    assert refused.status_code == 409
    assert refused.json()["queues"] == [NOBODY]


async def test_an_agents_etag_changes_with_what_it_is_at_but_the_old_one_still_allows_a_change(
    api: Api,
) -> None:
    house = await House.opened(api)
    agent = await house.agent(presence="offline")
    path = f"/v1/agents/{agent['id']}"
    before = (await api.get(path)).headers["etag"]
    await house.present(agent, "available")

    fresh = await api.get(path, headers={"If-None-Match": before})
    changed = await api.patch(path, {"team": "night"}, match=before)

    assert fresh.status_code == 200
    assert (changed.status_code, changed.json()["team"]) == (200, "night")


async def test_agents_are_listed_by_queue_and_presence(api: Api) -> None:
    house = await House.opened(api)
    at_work, away = await house.agent(), await house.agent(presence="meal")
    await made(api, "/v1/agents", an_agent())

    async def listed(**filters: str) -> list[str]:
        return [
            agent["id"] for agent in (await api.get("/v1/agents", params=filters)).json()["items"]
        ]

    assert await listed(queue_id=house.queue["id"]) == [at_work["id"], away["id"]]
    assert await listed(queue_id=house.queue["id"], presence="meal") == [away["id"]]


async def test_presence_takes_no_etag_and_is_told(api: Api) -> None:
    house = await House.opened(api)
    agent = await house.agent(presence="offline")

    answer = await house.present(agent, "training")

    assert (answer["presence"], answer["routing_status"]) == ("training", "off_queue")
    await eventually(
        lambda: api.events("agent.presence_changed"),
        lambda told: told[-1]["data"]["presence"] == "training",
    )


async def test_what_an_agent_says_again_is_told_with_the_moment_it_was_said(api: Api) -> None:
    house = await House.opened(api)
    agent = await house.agent()
    await house.present(agent, "available")

    first, again = (await api.events("agent.presence_changed", least=2))[:2]

    assert datetime.fromisoformat(again["time"]) > datetime.fromisoformat(first["time"])


async def test_an_address_belongs_to_one_entry_point(api: Api) -> None:
    house = await House.opened(api, address="400 800 1234")
    body = {"channel": "voice", "address": "400-800-1234", "queue_id": house.queue["id"]}

    refused = await api.post("/v1/entry-points", body)
    for_texts = await made(api, "/v1/queues", a_queue(channels=["sms"]))
    on_another_channel = await api.post(
        "/v1/entry-points", {**body, "channel": "sms", "queue_id": for_texts["id"]}
    )

    assert refused.status_code == 409
    assert on_another_channel.status_code == 201


async def test_an_address_that_cannot_be_seen_is_refused(api: Api) -> None:
    queue = await made(api, "/v1/queues", a_queue())

    refused = await api.post(
        "/v1/entry-points", {"channel": "chat", "address": "\x1c", "queue_id": queue["id"]}
    )

    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"].endswith("/address")


async def test_an_entry_point_that_moves_lets_its_address_go(api: Api) -> None:
    house = await House.opened(api)
    entries = (await api.get("/v1/entry-points")).json()["items"]
    path = f"/v1/entry-points/{entries[0]['id']}"
    body = {"channel": "voice", "address": "95588", "queue_id": house.queue["id"]}

    moved = await api.put(path, body, match=(await api.get(path)).headers["etag"])
    taken = await api.post("/v1/entry-points", {**body, "address": "10086"})

    assert moved.json()["address"] == "95588"
    assert taken.status_code == 201
    assert (await house.call(to="95588"))["state"] in ("queued", "offered")


async def test_an_entry_point_leads_to_one_place(api: Api) -> None:
    house = await House.opened(api)
    both = {"channel": "voice", "address": "101", "queue_id": house.queue["id"], "flow_id": NOBODY}

    assert (await api.post("/v1/entry-points", both)).status_code == 422
    assert (
        await api.post("/v1/entry-points", {"channel": "voice", "address": "101"})
    ).status_code == 422
    assert (
        await api.post(
            "/v1/entry-points", {"channel": "voice", "address": "101", "flow_id": NOBODY}
        )
    ).status_code == 409


async def test_an_entry_point_leads_to_queues_of_its_own_channel_only(api: Api) -> None:
    queue = await made(api, "/v1/queues", a_queue(channels=["voice"]))
    flow = await made(api, "/v1/flows", a_flow(queue["id"]))

    async def opened(channel: str, **to: str) -> int:
        return int(
            (
                await api.post(
                    "/v1/entry-points", {"channel": channel, "address": next(iter(to)), **to}
                )
            ).status_code
        )

    assert await opened("email", queue_id=queue["id"]) == 409
    assert await opened("email", flow_id=flow["id"]) == 409
    assert await opened("voice", queue_id=queue["id"]) == 201
    assert await opened("voice", flow_id=flow["id"]) == 201


async def test_an_entry_point_does_not_move_to_a_channel_that_its_queue_does_not_serve(
    api: Api,
) -> None:
    queue = await made(api, "/v1/queues", a_queue(channels=["voice"]))
    body = {"channel": "voice", "address": "95588", "queue_id": queue["id"]}
    path = f"/v1/entry-points/{(await made(api, '/v1/entry-points', body))['id']}"

    refused = await api.put(
        path, {**body, "channel": "fax"}, match=(await api.get(path)).headers["etag"]
    )

    assert refused.status_code == 409
    assert refused.json()["channels"] == ["voice"]


async def test_every_tier_has_a_treatment_that_can_be_changed(api: Api) -> None:
    listed = (await api.get("/v1/tier-treatments")).json()["items"]
    found = await api.get("/v1/tier-treatments/6")
    body = {
        "head_start_seconds": 600,
        "longest_wait_seconds": None,
        "preferred_seconds": 10,
        "held_seconds": 5,
    }

    changed = await api.put("/v1/tier-treatments/6", body, match=found.headers["etag"])

    assert [each["tier"] for each in listed] == [
        "1",
        "2",
        "3",
        "4",
        "5",
        "6",
        "key_contact",
        "none",
    ]
    assert (
        found.json()["head_start_seconds"]
        > listed[4]["head_start_seconds"]
        > listed[0]["head_start_seconds"]
        == 0
    )
    assert all(each["longest_wait_seconds"] for each in listed)
    assert changed.json() | body == changed.json()


async def test_treatments_are_not_changed_from_within_a_unit(api: Api) -> None:
    local = api.as_("queues:read", "queues:write", units=["cn.gd"])
    tag = (await local.get("/v1/tier-treatments/6")).headers["etag"]
    body = {
        "head_start_seconds": 1,
        "longest_wait_seconds": 1,
        "preferred_seconds": 0,
        "held_seconds": 0,
    }

    assert (await local.put("/v1/tier-treatments/6", body, match=tag)).status_code == 403


async def test_a_dedicated_agent_is_set_replaced_and_removed(api: Api) -> None:
    one, other = (
        await made(api, "/v1/agents", an_agent()),
        await made(api, "/v1/agents", an_agent(name="Wu")),
    )
    path = f"/v1/dedicated-agents/{NOBODY}"
    new = {"headers": {"If-None-Match": "*"}}

    assert (await api.put(path, {"agent_id": one["id"]})).status_code == 428
    created = await api.request("PUT", path, json={"agent_id": one["id"]}, **new)
    assert (await api.request("PUT", path, json={"agent_id": one["id"]}, **new)).status_code == 412
    replaced = await api.put(path, {"agent_id": other["id"]}, match=created.headers["etag"])
    assert (await api.get("/v1/dedicated-agents", params={"agent_id": other["id"]})).json()[
        "items"
    ] == [replaced.json()]
    removed = await api.delete(path, match=replaced.headers["etag"])

    assert (created.status_code, replaced.json()["agent_id"], removed.status_code) == (
        201,
        other["id"],
        204,
    )
    assert (await api.get(path)).status_code == 404


async def test_of_several_first_dedications_at_once_one_stands(api: Api) -> None:
    agents = [
        await made(api, "/v1/agents", an_agent(name=f"agent {number}")) for number in range(6)
    ]
    new = {"If-None-Match": "*"}

    answers = await asyncio.gather(
        *(
            api.request(
                "PUT", f"/v1/dedicated-agents/{NOBODY}", json={"agent_id": agent["id"]}, headers=new
            )
            for agent in agents
        )
    )

    assert sorted(answer.status_code for answer in answers) == [201, *[412] * 5]


async def test_nobody_unknown_is_dedicated(api: Api) -> None:
    refused = await api.request(
        "PUT",
        f"/v1/dedicated-agents/{NOBODY}",
        json={"agent_id": NOBODY},
        headers={"If-None-Match": "*"},
    )

    assert refused.status_code == 409


async def test_a_contact_is_found_by_the_platforms_own_id_and_by_state(api: Api) -> None:
    house = await House.opened(api)
    one, _ = await house.call(external_id="pbx-1"), await house.call(external_id="pbx-2")
    await house.move(one, "abandonment")

    async def listed(**filters: str) -> list[str]:
        return [
            contact["external_id"]
            for contact in (await api.get("/v1/contacts", params=filters)).json()["items"]
        ]

    assert await listed(external_id="pbx-1") == ["pbx-1"]
    assert await listed(state="queued") == ["pbx-2"]
    assert await listed() == ["pbx-2", "pbx-1"]
    assert await listed(queue_id=NOBODY) == []


async def test_an_agent_says_afterwards_who_it_was(api: Api) -> None:
    house = await House.opened(api)
    await house.agent()
    contact = await house.accept(await house.call())
    path = f"/v1/contacts/{contact['id']}"

    changed = await api.patch(
        path,
        {"customer_id": NOBODY, "notes": "called for her mother"},
        match=(await api.get(path)).headers["etag"],
    )

    assert (changed.json()["customer_id"], changed.json()["notes"]) == (
        NOBODY,
        "called for her mother",
    )
    assert changed.json()["state"] == "assigned"


async def test_units_hide_what_lies_outside(api: Api) -> None:
    south, north = (
        api.as_(*api.service.scopes, units=["cn.gd"]),
        api.as_(*api.service.scopes, units=["cn.bj"]),
    )
    house = await House.opened(south)
    agent = await house.agent()
    contact = await house.call()
    await house.until(contact, "offered")

    assert house.queue["unit"] == agent["unit"] == contact["unit"] == "cn.gd"
    for path in (
        f"/v1/queues/{house.queue['id']}",
        f"/v1/agents/{agent['id']}",
        f"/v1/contacts/{contact['id']}",
    ):
        assert (await south.get(path)).status_code == 200
        assert (await north.get(path)).status_code == 404
    for path in ("/v1/queues", "/v1/agents", "/v1/contacts", "/v1/entry-points"):
        assert (await north.get(path)).json()["items"] == []
    assert (await north.post(f"/v1/contacts/{contact['id']}/abandonment", {})).status_code == 404
    assert (
        await north.post("/v1/contacts", {"channel": "voice", "from": "13800138000", "to": "10086"})
    ).status_code == 409
    assert (await north.get(f"/v1/agents/{agent['id']}/offers")).status_code == 404
    assert (await north.get(f"/v1/queues/{house.queue['id']}/figures")).status_code == 404


async def test_an_agents_token_sees_its_own_contacts_beyond_its_unit(api: Api) -> None:
    house = await House.opened(api)
    agent = await house.agent()
    contact = await house.accept(await house.call())
    own = api.as_("contacts:read", "contacts:write", units=["cn.gd"], agent_id=agent["id"])
    other = api.as_("contacts:read", units=["cn.gd"], agent_id=NOBODY)

    assert (await own.get(f"/v1/contacts/{contact['id']}")).status_code == 200
    assert (await own.post(f"/v1/contacts/{contact['id']}/hold", {})).status_code == 200
    assert (await other.get(f"/v1/contacts/{contact['id']}")).status_code == 404


async def test_a_unit_outside_the_token_cannot_be_named(api: Api) -> None:
    south = api.as_(*api.service.scopes, units=["cn.gd"])

    assert (await south.post("/v1/queues", a_queue(unit="cn.bj"))).status_code == 403
