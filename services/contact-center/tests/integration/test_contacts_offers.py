"""From the call to the end of wrap-up, over the API and with the router at work."""

import asyncio

from contact_center.testing import House, a_call, eventually, made
from service_kit.testing import Api


async def test_a_call_is_offered_to_a_free_agent_and_accepted(api: Api) -> None:
    house = await House.opened(api)
    agent = await house.agent()

    called = await house.call()
    offered = await house.until(called, "offered")
    accepted = await house.accept(called)

    assert called["state"] in ("queued", "offered")
    assert offered["offer"]["agent_id"] == agent["id"]
    assert accepted["state"] == "assigned"
    assert accepted["agent_id"] == agent["id"]
    assert await house.status(agent) == "interacting"


async def test_a_pending_offer_stands_in_the_list_of_its_agent(api: Api) -> None:
    house = await House.opened(api)
    agent = await house.agent()
    offered = await house.until(await house.call(), "offered")

    listed = (await api.get(f"/v1/agents/{agent['id']}/offers")).json()["items"]

    assert [offer["id"] for offer in listed] == [offered["offer"]["id"]]
    assert (await api.get(f"/v1/offers/{listed[0]['id']}")).json()["state"] == "pending"
    assert await house.status(agent) == "offered"


async def test_a_rejected_contact_goes_to_somebody_else_with_its_waiting_time_kept(
    api: Api,
) -> None:
    house = await House.opened(api)
    first = await house.agent()
    offered = await house.until(await house.call(), "offered")
    await asyncio.sleep(1.1)
    second = await house.agent()

    answer = await api.post(
        f"/v1/offers/{offered['offer']['id']}/rejection", {"reason": "no headset"}
    )
    again = await house.until(offered, "offered")

    assert answer.status_code == 200
    assert again["offer"]["agent_id"] == second["id"] != first["id"]
    assert again["waited_seconds"] >= 1
    assert (await api.get(f"/v1/offers/{offered['offer']['id']}")).json()["reason"] == "no headset"


async def test_an_offer_that_nobody_answers_returns_to_the_queue_and_its_agent_responds_no_more(
    api: Api,
) -> None:
    house = await House.opened(api, offer_seconds=1)
    agent = await house.agent()
    offered = await house.until(await house.call(), "offered")

    returned = await house.until(offered, "queued")

    assert returned["offer"] is None
    assert returned["waited_seconds"] >= 1
    assert await house.status(agent) == "not_responding"
    assert (await api.get(f"/v1/offers/{offered['offer']['id']}")).json()["state"] == "timed_out"
    late = await api.post(f"/v1/offers/{offered['offer']['id']}/acceptance", {})
    assert late.status_code == 409
    assert late.json()["state"] == "timed_out"


async def test_an_agent_who_says_available_again_responds_again(api: Api) -> None:
    house = await House.opened(api, offer_seconds=1)
    agent = await house.agent()
    await house.until(await house.until(await house.call(), "offered"), "queued")

    told = await house.present(agent, "available")

    assert told["routing_status"] == "idle"


async def test_a_chat_that_nobody_takes_leaves_its_agent_responding(api: Api) -> None:
    house = await House.opened(api, offer_seconds=1)
    agent = await house.agent()
    chat = await house.call(channel="chat")
    await house.until(chat, "offered")

    await house.until(chat, "queued")

    assert await house.status(agent) == "idle"


async def test_the_offer_to_an_agent_who_leaves_is_withdrawn(api: Api) -> None:
    house = await House.opened(api)
    agent = await house.agent()
    offered = await house.until(await house.call(), "offered")

    await house.present(agent, "break")
    await house.until(offered, "queued")

    over = (await api.get(f"/v1/offers/{offered['offer']['id']}")).json()
    assert (over["state"], over["reason"]) == ("withdrawn", "agent_left")


async def test_an_abandoned_contact_takes_its_offer_along(api: Api) -> None:
    house = await House.opened(api)
    agent = await house.agent()
    offered = await house.until(await house.call(), "offered")

    abandoned = await house.move(offered, "abandonment")
    late = await api.post(f"/v1/offers/{offered['offer']['id']}/acceptance", {})

    assert abandoned["state"] == "abandoned"
    assert late.status_code == 409
    assert late.json()["state"] == "withdrawn"
    assert await house.status(agent) == "idle"


async def test_an_offer_accepted_by_many_at_once_counts_once(api: Api) -> None:
    house = await House.opened(api)
    await house.agent()
    offered = await house.until(await house.call(), "offered")

    answers = await asyncio.gather(
        *(api.post(f"/v1/offers/{offered['offer']['id']}/acceptance", {}) for _ in range(8))
    )

    assert sorted(answer.status_code for answer in answers) == [200, *[409] * 7]
    assert {answer.json()["state"] for answer in answers if answer.status_code == 409} == {
        "accepted"
    }


async def test_accepting_and_abandoning_at_once_leaves_one_outcome(api: Api) -> None:
    house = await House.opened(api)
    agent = await house.agent()
    for _ in range(5):
        offered = await house.until(await house.call(), "offered")

        accepted, abandoned = await asyncio.gather(
            api.post(f"/v1/offers/{offered['offer']['id']}/acceptance", {}),
            api.post(f"/v1/contacts/{offered['id']}/abandonment", {}),
        )

        assert sorted((accepted.status_code, abandoned.status_code)) == [200, 409]
        if accepted.status_code == 200:
            await house.move(offered, "completion")
            await house.move(offered, "completion")
        await eventually(lambda: house.status(agent), lambda status: status == "idle")


async def test_an_agent_token_cannot_take_the_offer_of_another(api: Api) -> None:
    house = await House.opened(api)
    agent = await house.agent()
    offered = await house.until(await house.call(), "offered")
    other = api.as_("offers:write", agent_id="01890a5d-ac96-774b-bcce-b302099a8057")
    same = api.as_("offers:write", agent_id=agent["id"])

    refused = await other.post(f"/v1/offers/{offered['offer']['id']}/acceptance", {})
    taken = await same.post(f"/v1/offers/{offered['offer']['id']}/acceptance", {})

    assert refused.status_code == 403
    assert taken.status_code == 200


async def test_the_wrap_up_time_ends_by_itself_and_the_next_contact_comes(api: Api) -> None:
    house = await House.opened(api, wrap_up_seconds=1)
    agent = await house.agent()
    first = await house.accept(await house.call())
    second = await house.call()

    wrapping = await house.move(
        first, "completion", {"wrap_up_code": "solved", "notes": "all well"}
    )
    assert wrapping["state"] == "wrapping"
    assert await house.status(agent) == "wrapping"
    assert (await house.contact(second))["state"] == "queued"

    completed = await house.until(first, "completed")
    assert completed["wrap_up_code"] == "solved"
    assert (await house.until(second, "offered"))["offer"]["agent_id"] == agent["id"]


async def test_a_second_completion_ends_the_wrap_up_at_once(api: Api) -> None:
    house = await House.opened(api, wrap_up_seconds=600)
    agent = await house.agent()
    contact = await house.accept(await house.call())

    await house.move(contact, "completion")
    completed = await house.move(contact, "completion", {"wrap_up_code": "solved"})

    assert completed["state"] == "completed"
    assert completed["allowed_moves"] == []
    assert await house.status(agent) == "idle"


async def test_hold_and_resumption_are_counted(api: Api) -> None:
    house = await House.opened(api)
    await house.agent()
    contact = await house.accept(await house.call())

    held = await house.move(contact, "hold")
    await asyncio.sleep(0.2)
    resumed = await house.move(contact, "resumption")

    assert held["state"] == "on_hold"
    assert resumed["state"] == "assigned"
    assert resumed["held_seconds"] >= 0.2


async def test_a_move_out_of_turn_says_which_moves_are_allowed(api: Api) -> None:
    house = await House.opened(api)
    contact = await house.call()

    refused = await api.post(f"/v1/contacts/{contact['id']}/hold", {})

    assert refused.status_code == 409
    assert refused.json()["allowed_moves"] == ["abandonment"]


async def test_a_transfer_to_an_agent_reaches_that_agent_though_others_are_free(api: Api) -> None:
    house = await House.opened(api)
    first = await house.agent()
    contact = await house.accept(await house.call())
    named = await house.agent(presence="offline")
    await house.agent(skills=[{"name": "everything", "level": 5}])
    await house.present(named, "available")

    moved = await house.move(contact, "transfer", {"agent_id": named["id"]})
    again = await house.until(contact, "offered")

    assert moved["transfers"] == 1
    assert again["offer"]["agent_id"] == named["id"]
    assert await house.status(first) == "idle"


async def test_a_transfer_to_a_queue_waits_for_its_agents(api: Api) -> None:
    house = await House.opened(api)
    await house.agent()
    contact = await house.accept(await house.call())
    other = await House.opened(api, address="10010")
    expert = await other.agent()

    await house.move(contact, "transfer", {"queue_id": other.queue["id"]})
    again = await house.until(contact, "offered")

    assert again["queue_id"] == other.queue["id"]
    assert again["offer"]["agent_id"] == expert["id"]


async def test_a_transfer_to_nowhere_is_refused(api: Api) -> None:
    house = await House.opened(api)
    await house.agent()
    contact = await house.accept(await house.call())

    refused = await api.post(f"/v1/contacts/{contact['id']}/transfer", {"queue_id": contact["id"]})

    assert refused.status_code == 409
    assert (await house.contact(contact))["state"] == "assigned"


async def test_no_agent_gets_more_than_it_has_places_for(api: Api) -> None:
    house = await House.opened(api)
    agents = [await house.agent() for _ in range(2)]

    chats = [await house.call(channel="chat") for _ in range(9)]
    await eventually(
        lambda: offers_of(house, [agent["id"] for agent in agents]),
        lambda counts: counts == {agents[0]["id"]: 3, agents[1]["id"]: 3},
    )

    states = [(await house.contact(chat))["state"] for chat in chats]
    assert sorted(states) == ["offered"] * 6 + ["queued"] * 3


async def offers_of(house: House, ids: list[str]) -> dict[str, int]:
    return {
        agent_id: len((await house.api.get(f"/v1/agents/{agent_id}/offers")).json()["items"])
        for agent_id in ids
    }


async def test_the_skill_needs_of_a_queue_relax_with_time(api: Api) -> None:
    house = await House.opened(
        api,
        skills=[{"name": "billing", "level": 3}],
        relaxation=[{"after_seconds": 1, "skills": [{"name": "billing", "level": 1}]}],
    )
    agent = await house.agent(skills=[{"name": "billing", "level": 1}])

    called = await house.call()
    offered = await house.until(called, "offered")

    assert offered["waited_seconds"] >= 1
    assert offered["offer"]["agent_id"] == agent["id"]


async def test_the_offer_is_made_once_the_needed_agent_comes(api: Api) -> None:
    house = await House.opened(api, skills=[{"name": "billing", "level": 3}])
    await house.agent(skills=[{"name": "billing", "level": 2}])
    called = await house.call()

    able = await house.agent(skills=[{"name": "billing", "level": 3}])
    offered = await house.until(called, "offered")

    assert offered["offer"]["agent_id"] == able["id"]


async def test_changing_a_queue_moves_those_who_wait_in_it(api: Api) -> None:
    house = await House.opened(api, skills=[{"name": "billing", "level": 3}])
    await house.agent()
    called = await house.call()
    found = await api.get(f"/v1/queues/{house.queue['id']}")

    changed = await api.patch(
        f"/v1/queues/{house.queue['id']}", {"skills": []}, match=found.headers["etag"]
    )

    assert changed.status_code == 200
    await house.until(called, "offered")


async def test_a_call_to_an_address_that_nobody_has_is_refused(api: Api) -> None:
    refused = await api.post("/v1/contacts", a_call(to="95599"))

    assert refused.status_code == 409


async def test_one_key_begins_one_contact(api: Api) -> None:
    await House.opened(api)

    first = await api.post("/v1/contacts", a_call(), key="call-1")
    again = await api.post("/v1/contacts", a_call(), key="call-1")

    assert first.json()["id"] == again.json()["id"]
    assert again.headers["idempotency-replayed"] == "true"
    assert len((await api.get("/v1/contacts")).json()["items"]) == 1


async def test_every_step_is_told_in_order(api: Api) -> None:
    house = await House.opened(api, wrap_up_seconds=0)
    await house.agent()
    contact = await house.accept(await house.call())
    await house.move(contact, "completion")
    await api.events("contact.completed")

    told = [
        event["type"].split(".", 1)[1].removesuffix(".v1")
        for event in await api.events()
        if contact["id"] in str(event)
    ]

    assert told == [
        "contact.queued",
        "contact.offered",
        "offer.made",
        "offer.accepted",
        "contact.assigned",
        "contact.completed",
    ]


async def test_calls_of_two_entry_points_meet_in_one_queue(api: Api) -> None:
    house = await House.opened(api)
    await made(
        api,
        "/v1/entry-points",
        {"channel": "voice", "address": "400 800 1234", "queue_id": house.queue["id"]},
    )
    await house.agent()

    called = await house.call(to="400-800-1234")

    assert called["queue_id"] == house.queue["id"]
    await house.until(called, "offered")
