"""The screen pop: asked live, within its deadline, and honest about what is missing."""

import asyncio
import time
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from contact_center.screen_pop.asking import Neighbors
from contact_center.testing import House, a_flow, made
from service_kit.client import NeighborRefused, NeighborUnavailable
from service_kit.testing import Api

ZHANG = UUID(int=1)
FILE = {
    "id": str(ZHANG),
    "name": "张伟",
    "tags": ["agitated"],
    "tier": {"stars": 4},
    "facts": {"basic": {}, "characteristics": {"behavior": "owl"}, "business": {}},
}
VISIT = {
    "id": str(UUID(int=7)),
    "occurred_at": "2026-03-01T08:00:00Z",
    "channel": "face_to_face",
    "kind": "interaction",
    "title": "Visit",
    "details": {},
    "ref": {"type": "interaction", "id": str(UUID(int=7))},
}
SCORES = {"scores": [{"name": "churn_risk", "value": "0.8"}], "tier": {"stars": 6}}
CASE = {"id": str(UUID(int=8)), "number": "C-1", "state": "received"}


class Neighbor:
    """Stands in for all three: answers, or does what it is told to do instead."""

    def __init__(self, **instead: Any) -> None:
        self.instead = instead

    async def _answer(self, name: str, answer: Any) -> Any:
        told = self.instead.get(name)
        if isinstance(told, Exception):
            raise told
        if isinstance(told, float):
            await asyncio.sleep(told)
            return answer
        return answer if told is None else told

    async def file(self, customer_id: UUID, *, seconds: float, language: str) -> Any:
        return await self._answer("file", FILE)

    async def timeline(self, customer_id: UUID, *, since: datetime, seconds: float, language: str) -> Any:
        return await self._answer("timeline", [VISIT])

    async def consents(self, customer_id: UUID, *, seconds: float) -> Any:
        return await self._answer("consents", [{"purpose": "care", "status": "granted"}])

    async def care_tasks(self, customer_id: UUID, *, seconds: float, language: str) -> Any:
        return await self._answer("care_tasks", [])

    async def of_customer(self, customer_id: UUID, *, seconds: float) -> Any:
        return await self._answer("scores", SCORES)

    async def open_of_customer(self, customer_id: UUID, *, seconds: float, language: str) -> Any:
        return await self._answer("cases", [CASE])


def surround(api: Api, neighbor: Neighbor, *, seconds: float = 0.3) -> None:
    api.service.parts["neighbors"] = Neighbors(customers=neighbor, scores=neighbor, complaints=neighbor, seconds=seconds)


async def popped(api: Api, contact: dict[str, Any], **headers: str) -> dict[str, Any]:
    answer = await api.get(f"/v1/contacts/{contact['id']}/screen-pop", headers=headers)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def a_known_call(api: Api) -> dict[str, Any]:
    house = await House.opened(api)
    return await house.call(customer_id=str(ZHANG))


async def test_everything_that_is_known_stands_on_it(api: Api) -> None:
    surround(api, Neighbor())

    pop = await popped(api, await a_known_call(api))

    assert pop["customer"]["name"] == "张伟"
    assert pop["tier"] == {"stars": 6}
    assert pop["scores"] == SCORES["scores"]
    assert (pop["open_cases"], pop["open_case_count"]) == ([CASE], 1)
    assert pop["consents"] == [{"purpose": "care", "status": "granted"}]
    assert [advice["code"] for advice in pop["advice"]] == ["open_complaint", "top_tier", "at_risk", "agitated", "owl"]
    assert pop["degraded"] == []


async def test_advice_is_in_the_language_of_the_agent(api: Api) -> None:
    surround(api, Neighbor())
    call = await a_known_call(api)

    chinese = await popped(api, call, **{"Accept-Language": "zh-CN"})
    english = await popped(api, call, **{"Accept-Language": "en"})

    assert chinese["advice"][0]["text"].startswith("有未结投诉")
    assert english["advice"][0]["text"].startswith("A complaint is open")


async def test_the_trail_shows_both_days_with_the_nodes_of_the_flow(api: Api) -> None:
    surround(api, Neighbor())
    house = await House.opened(api)
    flow = await made(api, "/v1/flows", a_flow(house.queue["id"]))
    await made(api, "/v1/entry-points", {"channel": "voice", "address": "95588", "flow_id": flow["id"]})
    call = await house.call(to="95588", customer_id=str(ZHANG))
    await asyncio.sleep(0.2)
    await house.move(call, "inputs", {"digits": "1"})

    pop = await popped(api, call)

    assert [entry["kind"] for entry in pop["trail"]] == ["contact", "interaction"]
    nodes = {node["node"]: node["seconds"] for node in pop["trail"][0]["details"]["nodes"]}
    assert nodes["menu"] >= 0.2
    assert list(nodes) == ["welcome", "menu", "line"]


async def test_services_that_are_away_are_named_and_the_rest_is_shown(api: Api) -> None:
    surround(api, Neighbor(scores=NeighborUnavailable(), cases=NeighborRefused(500, {})))

    pop = await popped(api, await a_known_call(api))

    assert pop["degraded"] == ["complaints", "scoring"]
    assert pop["customer"]["name"] == "张伟"
    assert (pop["scores"], pop["open_cases"], pop["tier"]) == ([], [], {"stars": 4})


async def test_a_slow_neighbor_costs_the_deadline_and_no_more(api: Api) -> None:
    surround(api, Neighbor(file=5.0, scores=5.0), seconds=0.2)
    call = await a_known_call(api)
    started = time.monotonic()

    pop = await popped(api, call)

    assert time.monotonic() - started < 2
    assert pop["degraded"] == ["customer-profile", "scoring"]
    assert pop["customer"] is None
    assert pop["open_cases"] == [CASE]


async def test_all_are_asked_at_the_same_time(api: Api) -> None:
    surround(api, Neighbor(file=0.15, timeline=0.15, consents=0.15, scores=0.15, cases=0.15), seconds=0.6)

    assert (await popped(api, await a_known_call(api)))["degraded"] == []


async def test_with_every_neighbor_away_the_call_is_still_shown(api: Api) -> None:
    call = await a_known_call(api)

    pop = await popped(api, call)

    assert pop["degraded"] == ["complaints", "customer-profile", "scoring"]
    assert pop["trail"][0]["ref"] == {"type": "contact", "id": call["id"]}


async def test_what_a_neighbor_says_too_much_of_is_shown_all_the_same(api: Api) -> None:
    large = {**FILE, "facts": {"basic": {f"fact {number}": "x" * 11_000 for number in range(600)}, "characteristics": {}}}
    surround(api, Neighbor(file=large), seconds=5)

    pop = await popped(api, await a_known_call(api))

    assert pop["customer"] == large
    assert pop["degraded"] == []


@pytest.mark.parametrize(
    ("said", "degraded", "shown"),
    [
        ({"timeline": [{**VISIT, "title": "x" * 1_001}]}, ["customer-profile"], "open_cases"),
        ({"timeline": [{"id": "no entry"}]}, ["customer-profile"], "open_cases"),
        ({"file": ["no file"]}, ["customer-profile"], "open_cases"),
        ({"scores": {"scores": [], "tier": {"stars": 7}}}, ["scoring"], "customer"),
        ({"scores": {"scores": ["no score"]}}, ["scoring"], "customer"),
        ({"cases": [{"id": 1}]}, ["complaints"], "customer"),
        ({"care_tasks": [{"id": str(ZHANG)}]}, ["customer-profile"], "open_cases"),
    ],
)
async def test_what_a_neighbor_says_in_another_form_costs_its_own_part_alone(
    api: Api, said: dict[str, Any], degraded: list[str], shown: str
) -> None:
    surround(api, Neighbor(**said), seconds=5)

    pop = await popped(api, await a_known_call(api))

    assert pop["degraded"] == degraded
    assert pop[shown]


async def test_recommendations_come_of_everything_that_is_known(api: Api) -> None:
    task = {"id": str(UUID(int=9)), "due_at": "2026-03-01T08:00:00Z", "text": "Thank for the delivery"}
    later = {**task, "due_at": "2199-01-01T00:00:00Z"}
    surround(api, Neighbor(care_tasks=[task, later]), seconds=5)
    call = await a_known_call(api)

    english = (await popped(api, call, **{"Accept-Language": "en"}))["recommendations"]
    chinese = (await popped(api, call, **{"Accept-Language": "zh-CN"}))["recommendations"]

    assert [(each["code"], each["lit"]) for each in english] == [
        ("settle_open_complaint", True),
        ("name_dedicated_agent", True),
        ("name_account_manager", True),
        ("do_care_task", False),
    ]
    assert english[0]["subject"] == {"type": "complaint", "id": CASE["id"]}
    assert "C-1" in english[0]["text"]
    assert "C-1" in chinese[0]["text"]
    assert english[3]["text"].endswith("Thank for the delivery")
    assert [caution["code"] for caution in english[3]["cautions"]] == ["complaint_is_open"]
    assert chinese[3]["cautions"][0]["text"] == "有未结投诉，此时不宜推荐。"


async def test_an_unknown_caller_asks_nobody_and_advises_to_ask(api: Api) -> None:
    surround(api, Neighbor())
    house = await House.opened(api)

    pop = await popped(api, await house.call())

    assert (pop["customer"], pop["degraded"], pop["scores"]) == (None, [], [])
    assert [advice["code"] for advice in pop["advice"]] == ["unknown_caller"]
