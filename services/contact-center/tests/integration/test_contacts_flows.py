"""Flows over the API: written, walked by calls, rewritten under them."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from contact_center.flow.nodes import Node
from contact_center.flow.schemas import graph
from contact_center.flow.store import MOST_GRAPHS, Graphs
from contact_center.testing import House, a_call, a_flow, a_wording, made
from service_kit.testing import Api


async def a_front_door(api: Api, **others: object) -> tuple[House, dict[str, object]]:
    house = await House.opened(api)
    flow = await made(api, "/v1/flows", a_flow(house.queue["id"], **others))
    await made(
        api, "/v1/entry-points", {"channel": "voice", "address": "95588", "flow_id": flow["id"]}
    )
    return house, flow


async def test_a_call_hears_the_menu_and_chooses_its_queue(api: Api) -> None:
    house, _ = await a_front_door(api)
    await house.agent()

    called = await house.call(to="95588")
    chosen = await house.move(called, "inputs", {"digits": "1"})
    offered = await house.until(called, "offered")

    assert called["state"] == "in_flow"
    assert called["next"] == {
        "say": "Welcome\nPress 1",
        "collect": {"min_digits": 1, "max_digits": 1, "timeout_seconds": 8},
    }
    assert chosen["queue_id"] == house.queue["id"]
    assert [node["node"] for node in offered["nodes"]] == ["welcome", "menu", "line"]
    assert all(node["seconds"] is not None for node in offered["nodes"])


async def test_whoever_chooses_nothing_is_hung_up_on(api: Api) -> None:
    house, _ = await a_front_door(api)
    called = await house.call(to="95588")

    again = await house.move(called, "inputs", {"digits": ""})
    gone = await house.move(called, "inputs", {"digits": "9"})

    assert again["next"]["say"] == "Press 1"
    assert gone["state"] == "completed"
    assert gone["next"] == {"say": "Goodbye", "collect": None}


async def test_what_is_said_is_in_the_language_of_the_caller(api: Api) -> None:
    house, _ = await a_front_door(api)
    nodes = {"bye": {"type": "hang_up", "text": {"zh-CN": "再见", "en": "Goodbye"}}}
    flow = await made(api, "/v1/flows", {"name": "closed", "start": "bye", "nodes": nodes})
    await made(
        api, "/v1/entry-points", {"channel": "voice", "address": "110", "flow_id": flow["id"]}
    )

    assert (await house.call(to="110", language="zh-CN"))["next"]["say"] == "再见"
    assert (await house.call(to="110", language="en"))["next"]["say"] == "Goodbye"


async def test_needs_set_in_the_flow_pick_the_agent(api: Api) -> None:
    house = await House.opened(api)
    nodes = {
        "needs": {
            "type": "set",
            "skills": [{"name": "claims", "level": 3}],
            "language": "en",
            "priority_seconds": 60,
            "next": "line",
        },
        "line": {"type": "queue", "queue_id": house.queue["id"]},
    }
    flow = await made(api, "/v1/flows", {"name": "claims", "start": "needs", "nodes": nodes})
    await made(
        api, "/v1/entry-points", {"channel": "voice", "address": "95588", "flow_id": flow["id"]}
    )
    await house.agent(skills=[{"name": "claims", "level": 5}], languages=["zh-CN"])
    await house.agent(skills=[{"name": "claims", "level": 2}], languages=["en"])
    able = await house.agent(skills=[{"name": "claims", "level": 3}], languages=["zh-CN", "en"])

    offered = await house.until(await house.call(to="95588"), "offered")

    assert offered["offer"]["agent_id"] == able["id"]


async def test_a_call_finishes_the_version_of_the_flow_that_it_began_with(api: Api) -> None:
    house, flow = await a_front_door(api)
    called = await house.call(to="95588")
    found = await api.get(f"/v1/flows/{flow['id']}")
    nodes = {"bye": {"type": "hang_up", "text": a_wording("We moved")}}

    rewritten = await api.put(
        f"/v1/flows/{flow['id']}",
        {"name": "moved", "start": "bye", "nodes": nodes},
        match=found.headers["etag"],
    )
    chosen = await house.move(called, "inputs", {"digits": "1"})
    after = await house.call(to="95588")

    assert rewritten.status_code == 200
    assert chosen["queue_id"] == house.queue["id"]
    assert after["next"]["say"] == "We moved"


async def test_contacts_in_flows_are_listed_with_the_question_of_their_own_version(
    api: Api,
) -> None:
    house, flow = await a_front_door(api)
    before = await house.call(to="95588")
    tag = (await api.get(f"/v1/flows/{flow['id']}")).headers["etag"]
    ask = {
        "type": "collect",
        "text": a_wording("?"),
        "name": "number",
        "max_digits": 7,
        "next": "bye",
        "otherwise": "bye",
    }
    nodes = {"ask": ask, "bye": {"type": "hang_up"}}
    await api.put(
        f"/v1/flows/{flow['id']}", {"name": "other", "start": "ask", "nodes": nodes}, match=tag
    )
    after = await house.call(to="95588")
    again = await house.call(to="95588")

    listed = {
        contact["id"]: contact["next"]
        for contact in (await api.get("/v1/contacts")).json()["items"]
    }

    assert listed == {contact["id"]: contact["next"] for contact in (before, after, again)}
    assert [
        listed[contact["id"]]["collect"]["max_digits"] for contact in (before, after, again)
    ] == [1, 7, 7]


async def test_graphs_are_made_once_of_what_was_written(api: Api) -> None:
    made_of: list[object] = []

    def counted(nodes: Mapping[str, Any]) -> dict[str, Node]:
        made_of.append(nodes)
        return graph(nodes)

    house, flow = await a_front_door(api)
    api.service.parts[Graphs] = Graphs(counted)

    calls = [await house.call(to="95588") for _ in range(3)]
    await api.get("/v1/contacts")
    await api.get("/v1/flows")
    await house.move(calls[0], "inputs", {"digits": "1"})

    assert made_of == [flow["nodes"]]


def test_only_the_graphs_that_were_asked_for_last_are_kept() -> None:
    made_of: list[object] = []
    graphs = Graphs(lambda nodes: made_of.append(nodes) or {})

    for version in [1, *range(2, MOST_GRAPHS + 1), 1, MOST_GRAPHS + 1, 1, 2]:
        graphs.of(UUID(int=1), version, {"version": version})

    assert made_of == [{"version": version} for version in [*range(1, MOST_GRAPHS + 2), 2]]


async def test_inputs_outside_a_flow_are_refused(api: Api) -> None:
    house = await House.opened(api)
    called = await house.call()

    refused = await api.post(f"/v1/contacts/{called['id']}/inputs", {"digits": "1"})

    assert refused.status_code == 409


async def test_a_flow_that_does_not_fit_together_is_refused_with_every_fault(api: Api) -> None:
    nodes = {
        "menu": {
            "type": "menu",
            "text": a_wording("?"),
            "choices": {"1": "gone"},
            "otherwise": "menu",
        },
        "line": {"type": "queue", "queue_id": "01890a5d-ac96-774b-bcce-b302099a8057"},
    }

    refused = await api.post("/v1/flows", {"name": "broken", "start": "menu", "nodes": nodes})

    assert refused.status_code == 409
    assert {error["pointer"] for error in refused.json()["errors"]} == {
        "/nodes/menu/choices/1",
        "/nodes/line/queue_id",
    }


async def test_a_flow_reads_as_it_was_written(api: Api) -> None:
    house = await House.opened(api)
    hours = {
        "type": "hours",
        "windows": {"mon": [["09:00", "12:00"], ["13:00", "18:00"]]},
        "holidays": ["2026-10-01"],
        "working_days": ["2026-02-14"],
        "open": "line",
        "closed": "ask",
    }
    ask = {
        "type": "collect",
        "text": a_wording("Number?"),
        "name": "number",
        "next": "line",
        "otherwise": "check",
    }
    check = {"type": "check", "tier_min": 4, "then": "line", "otherwise": "bye"}
    nodes = {
        "hours": hours,
        "ask": ask,
        "check": check,
        "line": {"type": "queue", "queue_id": house.queue["id"]},
        "bye": {"type": "hang_up"},
    }

    flow = await made(api, "/v1/flows", {"name": "all kinds", "start": "hours", "nodes": nodes})
    read = (await api.get(f"/v1/flows/{flow['id']}")).json()

    assert read == flow
    assert read["nodes"]["hours"]["windows"]["mon"] == [["09:00", "12:00"], ["13:00", "18:00"]]
    assert read["nodes"]["ask"] | ask == read["nodes"]["ask"]
    assert [item["id"] for item in (await api.get("/v1/flows")).json()["items"]] == [flow["id"]]


async def test_silence_in_the_flow_ends_the_contact(api: Api) -> None:
    house, _ = await a_front_door(api)
    called = await house.call(to="95588")
    async with api.service.database.transaction() as tx:
        await tx.connection.execute("UPDATE contact_center.timer SET due_at = now()")

    abandoned = await house.until(called, "abandoned")

    assert abandoned["ended_at"] is not None
    assert (await api.events("contact.abandoned"))[0]["data"]["reason"] == "silence"


async def test_a_call_in_a_flow_can_be_abandoned(api: Api) -> None:
    house, _ = await a_front_door(api)
    called = await house.call(to="95588")

    assert (await house.move(called, "abandonment"))["state"] == "abandoned"
    assert (
        await api.post(f"/v1/contacts/{called['id']}/inputs", {"digits": "1"})
    ).status_code == 409


async def test_unknown_kinds_of_nodes_are_refused(api: Api) -> None:
    refused = await api.post(
        "/v1/flows", {"name": "odd", "start": "x", "nodes": {"x": {"type": "dance"}}}
    )

    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"].startswith("/nodes/x")


async def test_a_call_from_nowhere_still_gets_in(api: Api) -> None:
    house = await House.opened(api)

    called = await api.post("/v1/contacts", a_call(**{"from": "anonymous"}))

    assert called.status_code == 201
    assert called.json()["customer_id"] is None
    assert house.queue["id"] == called.json()["queue_id"]
