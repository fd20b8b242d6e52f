"""The same call said twice by its platform is one contact."""

import asyncio

from contact_center.testing import House
from service_kit.testing import Api


async def test_the_same_call_said_twice_is_one_contact_at_once_and_after_its_end(api: Api) -> None:
    house = await House.opened(api)
    body = {"channel": "voice", "from": "+8613800138000", "to": "10086", "external_id": "CA-1"}

    at_once = await asyncio.gather(
        *(api.post("/v1/contacts", body, key=key) for key in (None, None, "a", "b", None))
    )
    ids = {answer.json()["id"] for answer in at_once}
    (only,) = ids
    await house.move({"id": only}, "abandonment")
    afterwards = await api.post("/v1/contacts", {**body, "from": "+8613800138001"})

    assert sorted(answer.status_code for answer in at_once) == [200, 200, 200, 200, 201]
    assert (afterwards.status_code, afterwards.json()["id"], afterwards.json()["state"]) == (
        200,
        only,
        "abandoned",
    )
    assert afterwards.json()["from"] == "+8613800138000"
    assert len((await api.get("/v1/contacts")).json()["items"]) == 1
    assert len(await api.events("contact.queued")) == 1


async def test_other_ids_other_channels_and_no_id_are_other_contacts(api: Api) -> None:
    house = await House.opened(api)
    given = [
        {"external_id": "CA-1"},
        {"external_id": "ca-1"},
        {"external_id": "CA-1", "channel": "chat"},
        {},
        {},
        {"external_id": None},
    ]

    begun = [await house.call(**each) for each in given]

    assert len({each["id"] for each in begun}) == len(given)


async def test_an_id_that_was_refused_is_free_and_one_from_before_is_found(api: Api) -> None:
    refused = await api.post(
        "/v1/contacts",
        {"channel": "voice", "from": "13800138000", "to": "10086", "external_id": "CA-1"},
    )
    house = await House.opened(api)
    first = await house.call(external_id="CA-1")
    async with api.service.database.transaction() as tx:
        await tx.connection.execute("DELETE FROM contact_center.external_contact")

    again = await api.post(
        "/v1/contacts",
        {"channel": "voice", "from": "13800138000", "to": "10086", "external_id": "CA-1"},
    )

    assert refused.status_code == 409
    assert (again.status_code, again.json()["id"]) == (200, first["id"])


async def test_an_id_of_another_unit_is_taken_and_says_nothing_of_its_contact(api: Api) -> None:
    north, south = (api.as_(*api.service.scopes, units=[unit]) for unit in ("cn.bj", "cn.gd"))
    first = await (await House.opened(north)).call(external_id="CA-1")

    answer = await south.post(
        "/v1/contacts",
        {"channel": "voice", "from": "13800138000", "to": "10086", "external_id": "CA-1"},
    )

    assert answer.status_code == 409
    assert first["id"] not in answer.text
