"""Units: a token that is kept to some sees, names and joins nothing outside them."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from contact_center.directory.digests import AddressDigests
from contact_center.directory.domain import CustomerFacts
from contact_center.directory.store import DirectoryStore
from contact_center.screen_pop.neighbors import Neighbors
from contact_center.screen_pop.rights import EVERYTHING
from contact_center.testing import House, a_flow, a_queue, an_agent, made
from service_kit.testing import Api

AT = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
SOUTHERNER, NORTHERNER, STRANGER = UUID(int=1), UUID(int=2), UUID(int=3)
NORTH, SOUTH = "cn.bj", "cn.gd"


def token(api: Api, unit: str, **claims: Any) -> Api:
    return api.as_(*api.service.scopes, *EVERYTHING, units=[unit], **claims)


async def known_to_the_directory(api: Api, customer_id: UUID, unit: str, *addresses: str) -> None:
    facts = CustomerFacts(
        customer_id=customer_id,
        seen_at=AT,
        unit=unit,
        language=None,
        tags=(),
        addresses=addresses,
        key_contact_addresses=(),
    )
    async with api.service.database.transaction() as tx:
        await DirectoryStore(tx, api.service.parts[AddressDigests]).learn([facts])


class Files:
    """Stands in for the neighbors: one file of the unit that it is given, and nothing else."""

    def __init__(self, unit: str) -> None:
        self.unit = unit
        self.asked = 0

    async def file(self, customer_id: UUID, **_others: Any) -> Any:
        self.asked += 1
        return {"id": str(customer_id), "name": "张伟", "unit": self.unit, "tier": {"stars": 6}}

    async def _nothing(self, customer_id: UUID, **_others: Any) -> Any:
        return []

    timeline = consents = care_tasks = open_of_customer = _nothing

    async def of_customer(self, customer_id: UUID, **_others: Any) -> Any:
        return None


def surround(api: Api, files: Files) -> None:
    api.service.parts[Neighbors] = Neighbors(
        customers=files, scores=files, complaints=files, seconds=1
    )


async def popped(api: Api, contact: dict[str, Any]) -> dict[str, Any]:
    answer = await api.get(f"/v1/contacts/{contact['id']}/screen-pop")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def changed(api: Api, contact: dict[str, Any], patch: dict[str, Any]) -> Any:
    path = f"/v1/contacts/{contact['id']}"
    return await api.patch(path, patch, match=(await api.get(path)).headers["etag"])


async def test_a_contact_is_not_begun_for_a_customer_of_another_unit(api: Api) -> None:
    north = token(api, NORTH)
    await House.opened(north)
    await known_to_the_directory(api, SOUTHERNER, SOUTH)
    await known_to_the_directory(api, NORTHERNER, NORTH)
    body = {"channel": "voice", "from": "13800138000", "to": "10086"}

    refused = await north.post("/v1/contacts", {**body, "customer_id": str(SOUTHERNER)})
    unheard_of = await north.post("/v1/contacts", {**body, "customer_id": str(STRANGER)})
    begun = await north.post("/v1/contacts", {**body, "customer_id": str(NORTHERNER)})

    assert (refused.status_code, unheard_of.status_code, begun.status_code) == (404, 404, 201)
    assert refused.json()["type"].endswith("customer-not-found")
    assert begun.json()["customer_id"] == str(NORTHERNER)


async def test_a_contact_is_not_given_to_a_customer_of_another_unit(api: Api) -> None:
    north = token(api, NORTH)
    call = await (await House.opened(north)).call()
    await known_to_the_directory(api, SOUTHERNER, SOUTH)
    await known_to_the_directory(api, NORTHERNER, NORTH)

    refused = await changed(north, call, {"customer_id": str(SOUTHERNER)})
    unheard_of = await changed(north, call, {"customer_id": str(STRANGER)})
    identified = await changed(north, call, {"customer_id": str(NORTHERNER)})

    assert (refused.status_code, unheard_of.status_code, identified.status_code) == (404, 404, 200)
    assert identified.json()["customer_id"] == str(NORTHERNER)


async def test_a_customer_whose_unit_is_unknown_is_nobody_to_a_platform_of_one_unit(
    api: Api,
) -> None:
    north = token(api, NORTH)
    house = await House.opened(north)
    await known_to_the_directory(api, SOUTHERNER, SOUTH, "phone:+8613800138000")
    async with api.service.database.transaction() as tx:
        await tx.connection.execute("UPDATE contact_center.directory_customer SET unit = NULL")

    assert (await house.call())["customer_id"] is None


async def a_contact_of_the_north_about_a_southerner(api: Api) -> tuple[House, dict[str, Any]]:
    """As a platform of the whole company may make one before news of the customer came."""
    north = await House.opened(token(api, NORTH))
    return north, await House(api, north.queue).call(customer_id=str(SOUTHERNER))


async def test_the_screen_pop_shows_nobody_of_another_unit(api: Api) -> None:
    _, call = await a_contact_of_the_north_about_a_southerner(api)
    files = Files(SOUTH)
    surround(api, files)

    unknown_yet = await popped(token(api, NORTH), call)
    await known_to_the_directory(api, SOUTHERNER, NORTH)
    moved_meanwhile = await popped(token(api, NORTH), call)

    assert files.asked == 1
    for pop in (unknown_yet, moved_meanwhile):
        assert (pop["customer_id"], pop["customer"], pop["tier"], pop["consents"]) == (
            None,
            None,
            None,
            [],
        )
        assert [entry["ref"]["id"] for entry in pop["trail"]] == [call["id"]]
    assert (await popped(api.as_(*EVERYTHING), call))["customer"]["name"] == "张伟"


async def test_an_agent_sees_whoever_is_offered_or_connected_but_no_longer_than_that(
    api: Api,
) -> None:
    house, call = await a_contact_of_the_north_about_a_southerner(api)
    surround(api, Files(SOUTH))
    agent = await house.agent()
    own = token(api, NORTH, agent_id=agent["id"])

    await House(api, house.queue).until(call, "offered")
    offered = await popped(own, call)
    await House(api, house.queue).accept(call)
    connected = await popped(own, call)
    await house.move(call, "completion")
    await house.move(call, "completion")
    afterwards = await popped(own, call)

    assert offered["customer"]["name"] == connected["customer"]["name"] == "张伟"
    assert afterwards["customer"] is None


async def test_an_offer_that_is_over_says_so_to_its_agent_of_another_unit(api: Api) -> None:
    house = await House.opened(api, offer_seconds=1)
    agent = await house.agent()
    call = await house.call()
    offered = await house.until(call, "offered")
    await house.until(call, "queued")
    own = token(api, NORTH, agent_id=agent["id"])

    accepted = await own.post(f"/v1/offers/{offered['offer']['id']}/acceptance", {})
    rejected = await own.post(f"/v1/offers/{offered['offer']['id']}/rejection", {})

    assert (accepted.status_code, rejected.status_code) == (409, 409)
    assert accepted.json()["state"] == rejected.json()["state"] == "timed_out"


async def dedicated(api: Api, customer_id: UUID, agent: dict[str, Any]) -> Any:
    return await api.request(
        "PUT",
        f"/v1/dedicated-agents/{customer_id}",
        json={"agent_id": agent["id"]},
        headers={"If-None-Match": "*"},
    )


async def test_no_agent_is_dedicated_to_a_customer_of_another_unit(api: Api) -> None:
    north = token(api, NORTH)
    agent = await made(north, "/v1/agents", an_agent())
    await known_to_the_directory(api, SOUTHERNER, SOUTH)
    await known_to_the_directory(api, NORTHERNER, NORTH)

    outside, unheard_of, inside = [
        await dedicated(north, each, agent) for each in (SOUTHERNER, STRANGER, NORTHERNER)
    ]

    assert (outside.status_code, unheard_of.status_code, inside.status_code) == (404, 404, 201)
    assert SOUTH not in outside.text
    assert inside.json()["unit"] == NORTH


async def refused_in_the_north(api: Api, path: str, body: dict[str, Any]) -> int:
    """The status that a token of the north gets, for what a token of the south is allowed."""
    refused = await token(api, NORTH).post(path, body)
    assert refused.status_code >= 400, refused.text
    await made(token(api, SOUTH), path, body)
    return int(refused.status_code)


async def test_nothing_new_leads_to_a_queue_of_another_unit(api: Api) -> None:
    queue_id = (await made(token(api, SOUTH), "/v1/queues", a_queue()))["id"]

    assert await refused_in_the_north(api, "/v1/agents", an_agent(queue_id)) == 409
    assert await refused_in_the_north(api, "/v1/flows", a_flow(queue_id)) == 409
    assert (
        await refused_in_the_north(
            api, "/v1/queues", a_queue(overflow={"after_seconds": 1, "queue_id": queue_id})
        )
        == 409
    )
    assert (
        await refused_in_the_north(
            api, "/v1/entry-points", {"channel": "voice", "address": "101", "queue_id": queue_id}
        )
        == 409
    )


async def test_no_entry_point_leads_into_a_flow_of_another_unit(api: Api) -> None:
    queue = await made(token(api, SOUTH), "/v1/queues", a_queue())
    flow = await made(token(api, SOUTH), "/v1/flows", a_flow(queue["id"]))

    assert (
        await refused_in_the_north(
            api, "/v1/entry-points", {"channel": "voice", "address": "101", "flow_id": flow["id"]}
        )
        == 409
    )


async def test_a_contact_is_not_transferred_into_another_unit(api: Api) -> None:
    house = await House.opened(token(api, NORTH))
    await House(api, house.queue).agent(unit=NORTH)
    contact = await house.accept(await house.call())
    south = await House.opened(token(api, SOUTH), address="10010")
    agent = await south.agent()
    path = f"/v1/contacts/{contact['id']}/transfer"

    to_queue = await house.api.post(path, {"queue_id": south.queue["id"]})
    to_agent = await house.api.post(path, {"agent_id": agent["id"]})

    assert (to_queue.status_code, to_agent.status_code) == (409, 409)
    assert (await api.post(path, {"queue_id": south.queue["id"]})).status_code == 200


async def test_no_agent_of_another_unit_is_dedicated(api: Api) -> None:
    await known_to_the_directory(api, NORTHERNER, NORTH)
    agent = await made(token(api, SOUTH), "/v1/agents", an_agent())

    assert (await dedicated(token(api, NORTH), NORTHERNER, agent)).status_code == 409
    assert (await dedicated(api, NORTHERNER, agent)).status_code == 201


async def test_what_leads_outside_already_stays_when_something_else_changes(api: Api) -> None:
    outside = await made(token(api, SOUTH), "/v1/queues", a_queue())
    overflow = {"after_seconds": 1, "queue_id": outside["id"]}
    agent = await made(api, "/v1/agents", an_agent(outside["id"], unit=NORTH))
    queue = await made(api, "/v1/queues", a_queue(unit=NORTH, overflow=overflow))
    flow = await made(api, "/v1/flows", a_flow(outside["id"], unit=NORTH))
    entry = await made(
        api,
        "/v1/entry-points",
        {"channel": "voice", "address": "101", "queue_id": outside["id"], "unit": NORTH},
    )

    async def replaced(kind: str, thing: dict[str, Any], body: dict[str, Any]) -> int:
        path = f"/v1/{kind}/{thing['id']}"
        tag = (await api.get(path)).headers["etag"]
        return int((await token(api, NORTH).put(path, body, match=tag)).status_code)

    assert await replaced("agents", agent, an_agent(outside["id"], name="Wu")) == 200
    assert await replaced("queues", queue, a_queue(name="other", overflow=overflow)) == 200
    assert await replaced("flows", flow, a_flow(outside["id"], name="other")) == 200
    assert (
        await replaced(
            "entry-points", entry, {"channel": "voice", "address": "102", "queue_id": outside["id"]}
        )
        == 200
    )
