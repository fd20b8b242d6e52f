"""Who may do what: a token that carries an agent acts for that agent alone, by whichever door."""

from collections.abc import Sequence
from typing import Any

import pytest
from contact_center.testing import House, a_queue, an_agent, eventually, made
from service_kit.testing import Api

Json = dict[str, Any]
BROAD = (
    "contacts:read",
    "contacts:write",
    "offers:read",
    "offers:write",
    "agents:read",
    "agents:write",
)
NARROW = ("contacts:read", "contacts:handle", "presence:write")
MOVES: Sequence[tuple[str, Json]] = (
    ("hold", {}),
    ("resumption", {}),
    ("transfer", {"queue_id": "the queue"}),
    ("transfer", {"agent_id": "the other"}),
    ("completion", {"wrap_up_code": "done"}),
    ("abandonment", {}),
    ("inputs", {"digits": "1"}),
)


async def at_work(api: Api) -> tuple[House, Json, Json, Json]:
    """Two agents, the first of whom has a call in hand."""
    house = await House.opened(api)
    ann = await house.agent()
    call = await house.accept(await house.call())
    return house, ann, await house.agent(presence="meal"), call


def body_of(body: Json, house: House, other: Json) -> Json:
    named = {"the queue": house.queue["id"], "the other": other["id"]}
    return {name: named.get(value, value) for name, value in body.items()}


@pytest.mark.parametrize("scopes", [BROAD, NARROW, "all"], ids=["broad", "narrow", "all"])
async def test_another_agent_moves_nothing_of_a_call_whatever_the_scopes(
    api: Api, scopes: Any
) -> None:
    house, ann, ben, call = await at_work(api)
    held = api.service.scopes if scopes == "all" else scopes
    other = api.as_(*held, agent_id=ben["id"])
    nobody = api.as_(*held, agent_id="not an id")

    answers = []
    for thief in (other, nobody):
        for move, body in MOVES:
            answers.append(
                await thief.post(f"/v1/contacts/{call['id']}/{move}", body_of(body, house, ben))
            )
    path = f"/v1/contacts/{call['id']}"
    answers.append(
        await other.patch(path, {"notes": "mine"}, match=(await api.get(path)).headers["etag"])
    )
    answers.append(await other.get(f"{path}/screen-pop"))

    assert {answer.status_code for answer in answers} == {403}
    assert {
        key: value
        for key, value in (await house.contact(call)).items()
        if key in ("state", "agent_id", "transfers", "notes")
    } == {
        "state": "assigned",
        "agent_id": ann["id"],
        "transfers": 0,
        "notes": None,
    }


async def test_another_agent_has_nothing_of_an_offer_or_a_presence(api: Api) -> None:
    house = await House.opened(api)
    ann, ben = await house.agent(), await house.agent(presence="meal")
    offered = await house.until(await house.call(), "offered")
    other = api.as_(*api.service.scopes, agent_id=ben["id"])
    offer = f"/v1/offers/{offered['offer']['id']}"

    answers = [
        await other.post(f"{offer}/acceptance", {}),
        await other.post(f"{offer}/rejection", {}),
        await other.get(offer),
        await other.get(f"/v1/agents/{ann['id']}/offers"),
        await other.get(f"/v1/agents/{ann['id']}/stream"),
        await other.put(f"/v1/agents/{ann['id']}/presence", {"presence": "offline"}),
        await other.post(f"/v1/contacts/{offered['id']}/abandonment", {}),
    ]

    assert [answer.status_code for answer in answers] == [403] * len(answers)
    assert (await house.contact(offered))["state"] == "offered"


async def test_an_agent_brings_no_calls_to_itself(api: Api) -> None:
    house = await House.opened(api)
    ann = await house.agent()
    own = api.as_(*api.service.scopes, agent_id=ann["id"])
    path = f"/v1/agents/{ann['id']}"
    tag = (await api.get(path)).headers["etag"]
    dedication = "/v1/dedicated-agents/01890a5d-ac96-774b-bcce-b302099a8057"

    answers = [
        await own.patch(path, {"skills": [{"name": "vip", "level": 5}]}, match=tag),
        await own.put(path, an_agent(house.queue["id"]), match=tag),
        await own.post("/v1/agents", an_agent(house.queue["id"])),
        await own.request(
            "PUT", dedication, json={"agent_id": ann["id"]}, headers={"If-None-Match": "*"}
        ),
        await own.delete(dedication, match=tag),
    ]

    assert [answer.status_code for answer in answers] == [403] * len(answers)


async def test_narrow_scopes_are_enough_for_an_agents_own_work(api: Api) -> None:
    house = await House.opened(api, wrap_up_seconds=30)
    ann = await house.agent(presence="offline")
    own = api.as_(*NARROW, agent_id=ann["id"])

    present = await own.put(f"/v1/agents/{ann['id']}/presence", {"presence": "available"})
    call = await house.until(await house.call(), "offered")
    offers = await own.get(f"/v1/agents/{ann['id']}/offers")
    answers = [await own.post(f"/v1/offers/{offers.json()['items'][0]['id']}/acceptance", {})]
    answers += [
        await own.post(f"/v1/contacts/{call['id']}/{move}", {})
        for move in ("hold", "resumption", "completion", "completion")
    ]

    assert present.status_code == offers.status_code == 200
    assert [answer.status_code for answer in answers] == [200] * 5
    assert (await house.contact(call))["state"] == "completed"
    assert (
        await own.post("/v1/contacts", {"channel": "voice", "from": "1", "to": "10086"})
    ).status_code == 403


async def test_narrow_scopes_without_an_agent_are_nobodys(api: Api) -> None:
    house, ann, _, call = await at_work(api)
    nobodys = api.as_(*NARROW)

    answers = [
        await nobodys.post(f"/v1/contacts/{call['id']}/hold", {}),
        await nobodys.put(f"/v1/agents/{ann['id']}/presence", {"presence": "meal"}),
        await nobodys.get(f"/v1/agents/{ann['id']}/offers"),
        await nobodys.post(f"/v1/offers/{call['id']}/acceptance", {}),
    ]

    assert [answer.status_code for answer in answers] == [403] * 4
    assert (await house.contact(call))["state"] == "assigned"


async def test_a_supervisor_and_a_telephone_system_move_the_calls_of_all(api: Api) -> None:
    house, _, _, call = await at_work(api)
    supervisor, system = api.as_("contacts:supervise"), api.as_("contacts:write")

    held = await supervisor.post(f"/v1/contacts/{call['id']}/hold", {})
    resumed = await system.post(f"/v1/contacts/{call['id']}/resumption", {})

    assert (held.status_code, resumed.status_code) == (200, 200)
    assert (
        await supervisor.post("/v1/contacts", {"channel": "voice", "from": "1", "to": "10086"})
    ).status_code == 403
    assert (await house.contact(call))["state"] == "assigned"


async def test_whoever_passed_a_call_on_has_no_more_to_say_in_it(api: Api) -> None:
    house, ann, _, call = await at_work(api)
    queue = await made(api, "/v1/queues", a_queue(name="second"))
    own = api.as_(*NARROW, agent_id=ann["id"])

    passed = await own.post(f"/v1/contacts/{call['id']}/transfer", {"queue_id": queue["id"]})
    again = await own.post(f"/v1/contacts/{call['id']}/completion", {})

    assert (passed.status_code, again.status_code) == (200, 403)
    assert await eventually(lambda: house.contact(call), lambda seen: seen["state"] == "queued")
