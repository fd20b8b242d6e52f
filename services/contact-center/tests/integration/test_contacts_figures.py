"""The figures of a queue: who waits, who works, and how soon callers were answered."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from contact_center.testing import House
from service_kit.testing import Api


async def test_figures_count_who_waits_and_who_works(api: Api) -> None:
    house = await House.opened(api, wrap_up_seconds=0)
    idle, busy = await house.agent(), await house.agent()
    await house.agent(presence="meal")
    answered = await house.accept(await house.call())
    await house.move(await house.until(await house.call(), "offered"), "abandonment")

    figures = (await api.get(f"/v1/queues/{house.queue['id']}/figures")).json()

    assert (figures["waiting"], figures["answered"], figures["abandoned"]) == (0, 1, 1)
    assert figures["agents"] == {
        "off_queue": 1,
        "idle": 1,
        "offered": 0,
        "interacting": 1,
        "wrapping": 0,
        "not_responding": 0,
    }
    assert figures["service_level"] == pytest.approx(0.5)
    assert figures["average_speed_of_answer"] == pytest.approx(answered["waited_seconds"], abs=2)
    assert {idle["id"], busy["id"]} > {answered["agent_id"]}


async def figures_of(house: House, **query: str) -> dict[str, Any]:
    answer = await house.api.get(f"/v1/queues/{house.queue['id']}/figures", params=query)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_a_contact_that_is_passed_on_counts_where_it_was_answered_and_where_it_was_left(
    api: Api,
) -> None:
    house, other = await House.opened(api), await House.opened(api, address="10010")
    await house.agent()
    contact = await house.accept(await house.call())
    await house.move(contact, "transfer", {"queue_id": other.queue["id"]})
    await house.move(contact, "abandonment")

    here, there = await figures_of(house), await figures_of(other)

    assert (here["answered"], here["abandoned"], here["service_level"]) == (1, 0, 1.0)
    assert (there["answered"], there["abandoned"], there["service_level"]) == (0, 1, 0.0)


async def test_a_contact_that_is_passed_on_and_answered_counts_in_both_queues(api: Api) -> None:
    house, other = await House.opened(api), await House.opened(api, address="10010")
    await house.agent()
    await other.agent()
    contact = await house.accept(await house.call())
    await house.move(contact, "transfer", {"queue_id": other.queue["id"]})
    await other.accept(contact)

    assert (await figures_of(house))["answered"] == 1
    assert (await figures_of(other))["answered"] == 1


async def test_figures_count_for_ninety_days_at_most(api: Api) -> None:
    house = await House.opened(api)

    figures = await figures_of(house, since="1800-01-01T00:00:00Z")

    counted_for = datetime.fromisoformat(figures["at"]) - datetime.fromisoformat(figures["since"])
    assert counted_for == timedelta(days=90)


async def test_figures_show_the_longest_wait(api: Api) -> None:
    house = await House.opened(api)
    await house.call()
    await house.call()

    figures = (await api.get(f"/v1/queues/{house.queue['id']}/figures")).json()

    assert figures["waiting"] == 2
    assert figures["longest_wait_seconds"] > 0
    assert (figures["service_level"], figures["average_speed_of_answer"]) == (None, None)
