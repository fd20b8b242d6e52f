"""The directory: fed by news, asked for every contact, never by a neighbor."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from contact_center.customer.heard import COMPLAINT_STEPS, CustomerErased, CustomerMerged
from contact_center.customer.news import complaints
from contact_center.directory.digests import AddressDigests
from contact_center.testing import (
    AT,
    GROUP,
    PHONE,
    ZHANG,
    House,
    a_file,
    an_agent,
    made,
    news,
    told_of_customer,
    told_of_tier,
)
from service_kit.testing import Api

COMPLAINT = UUID(int=3)


async def told_of_complaint(api: Api, customer_id: UUID, *, is_open: bool) -> None:
    async with api.service.database.transaction() as tx:
        told = news(COMPLAINT_STEPS[0], COMPLAINT, customer_id=str(customer_id), is_open=is_open)
        await complaints(api.service.parts[AddressDigests])[COMPLAINT_STEPS[0]](tx, told)


async def test_a_caller_is_recognized_by_phone_with_tier_and_unit(api: Api) -> None:
    house = await House.opened(api)
    await told_of_customer(api, a_file())
    await told_of_tier(api, ZHANG, 6)

    called = await house.call(**{"from": "138 0013 8000"})

    assert (called["customer_id"], called["tier"], called["unit"], called["language"]) == (
        str(ZHANG),
        6,
        "cn.gd.gz",
        "zh-CN",
    )


async def test_a_tier_that_is_told_before_its_customer_is_kept(api: Api) -> None:
    house = await House.opened(api)
    await told_of_tier(api, ZHANG, 5)
    await told_of_customer(api, a_file())

    assert (await house.call())["tier"] == 5


async def test_of_several_customers_behind_one_number_the_highest_tier_is_taken(api: Api) -> None:
    house = await House.opened(api)
    await told_of_customer(api, a_file(ZHANG), a_file(GROUP))
    await told_of_tier(api, GROUP, 4)

    assert (await house.call())["customer_id"] == str(GROUP)


async def test_a_number_that_was_given_up_leads_to_nobody(api: Api) -> None:
    house = await House.opened(api)
    await told_of_customer(api, a_file())
    await told_of_customer(
        api, a_file(seen_at=AT + timedelta(seconds=1), addresses=("phone:+8613900139000",))
    )

    assert (await house.call())["customer_id"] is None
    assert (await house.call(**{"from": "13900139000"}))["customer_id"] == str(ZHANG)


async def test_an_older_reading_changes_nothing(api: Api) -> None:
    house = await House.opened(api)
    await told_of_customer(api, a_file(unit="cn.gd.sz", seen_at=AT + timedelta(seconds=1)))
    await told_of_customer(api, a_file(unit="cn.bj"))

    assert (await house.call())["unit"] == "cn.gd.sz"


async def test_a_key_contact_of_a_group_account_is_known_as_one(api: Api) -> None:
    house = await House.opened(api)
    await told_of_customer(
        api,
        a_file(
            GROUP,
            addresses=("phone:+8613800138000",),
            key_contact_addresses=("phone:+8613800138000",),
        ),
    )

    called = await house.call()

    assert (called["customer_id"], called["key_contact"]) == (str(GROUP), True)


async def test_open_complaints_are_counted_once_each(api: Api) -> None:
    await told_of_customer(api, a_file())
    store = await known(api)
    assert store == 0

    await told_of_complaint(api, ZHANG, is_open=True)
    await told_of_complaint(api, ZHANG, is_open=True)
    assert await known(api) == 1

    await told_of_complaint(api, ZHANG, is_open=False)
    assert await known(api) == 0


async def known(api: Api) -> int:
    row = await api.service.database._pool.fetchrow(
        "SELECT open_complaints FROM contact_center.directory_customer"
    )
    return int(row[0])


async def test_a_customer_that_moves_takes_its_contacts_and_offers_along(api: Api) -> None:
    house = await House.opened(api)
    await told_of_customer(api, a_file())
    waiting = await house.call()
    await told_of_customer(api, a_file(unit="cn.bj", seen_at=AT + timedelta(seconds=1)))

    moved = await house.contact(waiting)
    await house.agent()
    offered = await house.until(waiting, "offered")

    assert (moved["unit"], offered["unit"]) == ("cn.bj", "cn.bj")
    assert (await api.get(f"/v1/offers/{offered['offer']['id']}")).json()["unit"] == "cn.bj"


async def dedicate(api: Api, customer_id: UUID, agent: Mapping[str, Any]) -> None:
    path = f"/v1/dedicated-agents/{customer_id}"
    answer = await api.request(
        "PUT", path, json={"agent_id": agent["id"]}, headers={"If-None-Match": "*"}
    )
    assert answer.status_code == 201, answer.text


async def dedication(api: Api, customer_id: UUID) -> dict[str, Any] | None:
    answer = await api.get(f"/v1/dedicated-agents/{customer_id}")
    return dict(answer.json()) if answer.status_code == 200 else None


async def test_a_customer_that_moves_takes_its_dedicated_agent_along(api: Api) -> None:
    await told_of_customer(api, a_file())
    await dedicate(api, ZHANG, await made(api, "/v1/agents", an_agent()))
    await told_of_customer(api, a_file(unit="cn.bj", seen_at=AT + timedelta(seconds=1)))

    moved = await dedication(api.as_("agents:read", units=["cn.bj"]), ZHANG)

    assert moved is not None
    assert moved["unit"] == "cn.bj"
    assert await dedication(api.as_("agents:read", units=["cn.gd"]), ZHANG) is None


async def told_of_merger(api: Api) -> None:
    await told_of_customer(
        api, told=news(CustomerMerged, ZHANG, merged_id=str(ZHANG), survivor_id=str(GROUP))
    )


async def test_a_surviving_file_inherits_the_dedicated_agent_and_the_contacts_into_its_own_unit(
    api: Api,
) -> None:
    house = await House.opened(api)
    await told_of_customer(
        api, a_file(ZHANG), a_file(GROUP, unit="cn.bj", addresses=("phone:+8613900139000",))
    )
    agent = await made(api, "/v1/agents", an_agent())
    await dedicate(api, ZHANG, agent)
    called = await house.call()

    await told_of_merger(api)

    inherited = await dedication(api, GROUP)
    assert inherited is not None
    assert (inherited["agent_id"], inherited["unit"]) == (agent["id"], "cn.bj")
    assert await dedication(api, ZHANG) is None
    assert (await house.contact(called))["unit"] == "cn.bj"


async def test_a_surviving_file_keeps_the_dedicated_agent_that_it_has(api: Api) -> None:
    await told_of_customer(api, a_file(ZHANG), a_file(GROUP, addresses=("phone:+8613900139000",)))
    one, other = (
        await made(api, "/v1/agents", an_agent()),
        await made(api, "/v1/agents", an_agent(name="Wu")),
    )
    await dedicate(api, ZHANG, one)
    await dedicate(api, GROUP, other)

    await told_of_merger(api)

    kept = await dedication(api, GROUP)
    assert kept is not None
    assert kept["agent_id"] == other["id"]


async def test_an_erased_customer_leaves_nothing_that_leads_to_the_person(api: Api) -> None:
    house = await House.opened(api)
    await told_of_customer(api, a_file())
    called = await house.call()
    await told_of_customer(api, told=news(CustomerErased, ZHANG))

    after = await house.contact(called)

    assert (after["from"], after["notes"], after["external_id"]) == (None, None, None)
    assert after["state"] == "queued"
    assert (await house.call())["customer_id"] is None


async def test_an_erased_customer_does_not_come_back_with_old_news(api: Api) -> None:
    house = await House.opened(api)
    await told_of_customer(api, told=news(CustomerErased, ZHANG))
    await told_of_customer(api, a_file())

    assert (await house.call())["customer_id"] is None


async def test_contacts_of_a_merged_file_go_on_under_the_surviving_one(api: Api) -> None:
    house = await House.opened(api)
    await told_of_customer(api, a_file(ZHANG), a_file(GROUP, addresses=("phone:+8613900139000",)))
    called = await house.call()
    await told_of_customer(
        api, told=news(CustomerMerged, ZHANG, merged_id=str(ZHANG), survivor_id=str(GROUP))
    )

    assert (await house.contact(called))["customer_id"] == str(GROUP)


async def test_the_dedicated_agent_is_offered_first_and_others_when_busy(api: Api) -> None:
    house = await House.opened(api)
    await told_of_customer(api, a_file())
    await told_of_tier(api, ZHANG, 6)
    dedicated = await house.agent()
    await house.agent(skills=[{"name": "everything", "level": 5}])
    await api.request(
        "PUT",
        f"/v1/dedicated-agents/{ZHANG}",
        json={"agent_id": dedicated["id"]},
        headers={"If-None-Match": "*"},
    )

    first = await house.until(await house.call(), "offered")
    second = await house.until(await house.call(), "offered")

    assert first["offer"]["agent_id"] == dedicated["id"]
    assert second["offer"]["agent_id"] != dedicated["id"]


async def test_the_agent_of_last_time_is_offered_first(api: Api) -> None:
    house = await House.opened(api, wrap_up_seconds=0)
    await told_of_customer(api, a_file())
    last = await house.agent()
    await house.move(await house.accept(await house.call()), "completion")
    await house.agent(skills=[{"name": "everything", "level": 5}])
    await house.present(last, "meal")
    await house.present(last, "available")

    assert (await house.until(await house.call(), "offered"))["offer"]["agent_id"] == last["id"]


async def test_six_stars_go_before_those_who_came_earlier(api: Api) -> None:
    house = await House.opened(api)
    await told_of_customer(api, a_file())
    await told_of_tier(api, ZHANG, 6)
    early = await house.call(**{"from": "13911112222"})
    stars = await house.call()

    await house.agent()
    await house.until(stars, "offered")

    assert (await house.contact(early))["state"] == "queued"


async def identified(
    house: House, contact: Mapping[str, Any], customer_id: UUID | None
) -> dict[str, Any]:
    path = f"/v1/contacts/{contact['id']}"
    tag = (await house.api.get(path)).headers["etag"]
    answer = await house.api.patch(
        path, {"customer_id": None if customer_id is None else str(customer_id)}, match=tag
    )
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_a_waiting_caller_who_turns_out_to_have_six_stars_goes_first(api: Api) -> None:
    house = await House.opened(api)
    await told_of_customer(api, a_file(addresses=()))
    await told_of_tier(api, ZHANG, 6)
    early, stars = await house.call(), await house.call()

    after = await identified(house, stars, ZHANG)
    await house.agent()
    await house.until(stars, "offered")

    assert (after["customer_id"], after["tier"]) == (str(ZHANG), 6)
    assert (await house.contact(early))["state"] == "queued"


async def test_a_waiting_caller_who_is_identified_reaches_the_dedicated_agent(api: Api) -> None:
    house = await House.opened(api)
    await told_of_customer(api, a_file(addresses=()))
    await told_of_tier(api, ZHANG, 6)
    elsewhere = await House.opened(api, address="10010")
    dedicated = await elsewhere.agent()
    await dedicate(api, ZHANG, dedicated)
    call = await house.call()

    await identified(house, call, ZHANG)

    assert (await house.until(call, "offered"))["offer"]["agent_id"] == dedicated["id"]


async def test_nothing_stays_of_the_customer_that_a_contact_was_taken_for(api: Api) -> None:
    house = await House.opened(api)
    await told_of_customer(api, a_file(key_contact_addresses=(PHONE,)), a_file(GROUP, addresses=()))
    await told_of_tier(api, ZHANG, 6)
    call = await house.call()

    as_another = await identified(house, call, GROUP)
    as_nobody = await identified(house, call, None)

    assert (call["tier"], call["key_contact"]) == (6, True)
    assert (as_another["tier"], as_another["key_contact"]) == (None, False)
    assert (as_nobody["customer_id"], as_nobody["tier"]) == (None, None)


async def test_a_pending_offer_moves_along_with_a_contact_that_is_identified(api: Api) -> None:
    house = await House.opened(api)
    await told_of_customer(api, a_file(addresses=()))
    await house.agent()
    offered = await house.until(await house.call(), "offered")

    after = await identified(house, offered, ZHANG)

    offer = (await api.get(f"/v1/offers/{offered['offer']['id']}")).json()
    assert (after["unit"], offer["unit"], offer["state"]) == ("cn.gd.gz", "cn.gd.gz", "pending")


async def test_a_customer_of_another_unit_is_nobody_to_a_platform_of_this_one(api: Api) -> None:
    south = api.as_(*api.service.scopes, units=["cn.gd"])
    house = await House.opened(south)
    await told_of_customer(api, a_file(unit="cn.bj"))

    called = await house.call()

    assert (called["customer_id"], called["tier"], called["unit"]) == (None, None, "cn.gd")


async def test_a_number_that_two_units_share_leads_to_the_customer_of_the_platforms_own_unit(
    api: Api,
) -> None:
    house = await House.opened(api.as_(*api.service.scopes, units=["cn.gd"]))
    await told_of_customer(api, a_file(ZHANG, unit="cn.gd"), a_file(GROUP, unit="cn.bj"))
    await told_of_tier(api, GROUP, 6)

    assert (await house.call())["customer_id"] == str(ZHANG)


async def test_a_flow_asks_the_directory_for_the_tier(api: Api) -> None:
    house = await House.opened(api)
    desk = await House.opened(api, address="95588")
    nodes = {
        "check": {"type": "check", "tier_min": 6, "then": "desk", "otherwise": "line"},
        "desk": {"type": "queue", "queue_id": desk.queue["id"]},
        "line": {"type": "queue", "queue_id": house.queue["id"]},
    }
    flow = await made(api, "/v1/flows", {"name": "desk first", "start": "check", "nodes": nodes})
    await made(
        api, "/v1/entry-points", {"channel": "voice", "address": "10010", "flow_id": flow["id"]}
    )
    await told_of_customer(api, a_file())
    await told_of_tier(api, ZHANG, 6)

    assert (await house.call(to="10010"))["queue_id"] == desk.queue["id"]
    assert (await house.call(to="10010", **{"from": "10000"}))["queue_id"] == house.queue["id"]
