"""The screen pop: asked live, within its deadline, and honest about what is missing."""

import asyncio
import time
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from contact_center.customer.heard import COMPLAINT_STEPS
from contact_center.customer.news import complaints
from contact_center.directory.digests import AddressDigests
from contact_center.screen_pop.neighbors import Neighbors
from contact_center.testing import House, a_file, a_flow, made, news, told_of_customer, told_of_tier
from service_kit.access.client import NeighborRefused, NeighborUnavailable
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
TASK = {"id": str(UUID(int=9)), "due_at": "2026-03-01T08:00:00Z", "text": "Thank for the delivery"}
ELSEWHERE = (
    "customers:read",
    "scores:read",
    "complaints:read",
    "consents:read",
    "interactions:read",
    "care:read",
)
KINDS = {
    "interaction": "interactions:read",
    "case": "complaints:read",
    "care": "care:read",
    "score": "scores:read",
    "import": "customers:read",
}
TRAIL = [
    {**VISIT, "kind": kind, "ref": {"type": kind, "id": str(UUID(int=7))}}
    for kind in (*KINDS, "unheard_of")
]
PARTS = {
    "customer": "customers:read",
    "scores": "scores:read",
    "open_cases": "complaints:read",
    "consents": "consents:read",
    "care_tasks": "care:read",
}


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

    async def timeline(
        self, customer_id: UUID, *, since: datetime, seconds: float, language: str
    ) -> Any:
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
    api.service.parts[Neighbors] = Neighbors(
        customers=neighbor, scores=neighbor, complaints=neighbor, seconds=seconds
    )


async def popped(
    api: Api,
    contact: dict[str, Any],
    *,
    held: Sequence[str] | None = None,
    agent_id: str | None = None,
    **headers: str,
) -> dict[str, Any]:
    """The screen pop for somebody with these scopes of other services;
    with all of them when none are named.
    """
    reader = (
        api.as_("contacts:read", *ELSEWHERE)
        if held is None
        else api.as_("contacts:read", *held, agent_id=agent_id)
    )
    answer = await reader.get(f"/v1/contacts/{contact['id']}/screen-pop", headers=headers)
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
    assert [advice["code"] for advice in pop["advice"]] == [
        "open_complaint",
        "top_tier",
        "at_risk",
        "agitated",
        "owl",
    ]
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
    await made(
        api, "/v1/entry-points", {"channel": "voice", "address": "95588", "flow_id": flow["id"]}
    )
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
    surround(
        api, Neighbor(file=0.15, timeline=0.15, consents=0.15, scores=0.15, cases=0.15), seconds=0.6
    )

    assert (await popped(api, await a_known_call(api)))["degraded"] == []


async def test_with_every_neighbor_away_the_call_is_still_shown(api: Api) -> None:
    call = await a_known_call(api)

    pop = await popped(api, call)

    assert pop["degraded"] == ["complaints", "customer-profile", "scoring"]
    assert pop["trail"][0]["ref"] == {"type": "contact", "id": call["id"]}


async def test_what_a_neighbor_says_too_much_of_is_shown_all_the_same(api: Api) -> None:
    large = {
        **FILE,
        "facts": {
            "basic": {f"fact {number}": "x" * 11_000 for number in range(600)},
            "characteristics": {},
        },
    }
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
    task = {
        "id": str(UUID(int=9)),
        "due_at": "2026-03-01T08:00:00Z",
        "text": "Thank for the delivery",
    }
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


def shown(pop: dict[str, Any]) -> set[str]:
    """Which parts of it show anything."""
    found = {part for part in ("customer", "scores", "open_cases", "consents") if pop[part]}
    return found | (
        {"care_tasks"}
        if "do_care_task" in [each["code"] for each in pop["recommendations"]]
        else set()
    )


@pytest.mark.parametrize("held", [(), *((scope,) for scope in ELSEWHERE), ELSEWHERE])
async def test_each_part_is_shown_to_whoever_may_read_it_and_what_is_left_out_is_named(
    api: Api, held: tuple[str, ...]
) -> None:
    surround(api, Neighbor(timeline=TRAIL, care_tasks=[TASK]), seconds=5)

    pop = await popped(api, await a_known_call(api), held=held)

    parts = [part for part, scope in PARTS.items() if scope in held]
    assert shown(pop) == set(parts)
    assert pop["withheld"] == [
        part
        for part in (*PARTS, "trail")
        if part not in parts and (part != "trail" or held != ELSEWHERE)
    ]
    assert {entry["kind"] for entry in pop["trail"]} == {
        "contact",
        *(kind for kind, scope in KINDS.items() if scope in held),
    }
    assert pop["open_case_count"] == (1 if "open_cases" in parts else 0)
    assert pop["degraded"] == []


async def test_nothing_of_what_is_withheld_speaks_out_of_advice_and_recommendations(
    api: Api,
) -> None:
    surround(api, Neighbor(care_tasks=[TASK]), seconds=5)

    pop = await popped(api, await a_known_call(api), held=())

    assert (pop["tier"], pop["advice"], pop["recommendations"]) == (None, [], [])


async def test_the_number_of_cases_that_the_directory_knows_is_withheld_too(api: Api) -> None:
    house = await House.opened(api)
    await told_of_customer(api, a_file(ZHANG))
    await told_of_tier(api, ZHANG, 5)
    async with api.service.database.transaction() as tx:
        told = news(COMPLAINT_STEPS[0], UUID(int=8), customer_id=str(ZHANG), is_open=True)
        await complaints(api.service.parts[AddressDigests])[COMPLAINT_STEPS[0]](tx, told)
    call = await house.call(customer_id=str(ZHANG))

    seen = await popped(api, call)
    unseen = await popped(api, call, held=("customers:read",))

    assert (seen["open_case_count"], unseen["open_case_count"]) == (1, 0)
    assert seen["tier"] == {"stars": 5}
    assert "open_complaint" not in [advice["code"] for advice in unseen["advice"]]


async def test_whoever_has_the_contact_in_hand_is_shown_all_of_it(api: Api) -> None:
    surround(api, Neighbor(timeline=TRAIL, care_tasks=[TASK]), seconds=5)
    house = await House.opened(api)
    agent = await house.agent()
    call = await house.accept(await house.call(customer_id=str(ZHANG)))

    pop = await popped(api, call, held=(), agent_id=agent["id"])

    assert shown(pop) == set(PARTS)
    assert {entry["kind"] for entry in pop["trail"]} == {"contact", *KINDS}
    assert pop["withheld"] == []


async def test_a_customer_whose_file_moved_away_is_not_shown_to_who_may_not_read_files_either(
    api: Api,
) -> None:
    await told_of_customer(api, a_file(ZHANG, unit="cn"))
    surround(api, Neighbor(file={**FILE, "unit": "us"}), seconds=5)
    call = await a_known_call(api)

    answer = await api.as_("contacts:read", "scores:read", units=["cn"]).get(
        f"/v1/contacts/{call['id']}/screen-pop"
    )

    assert answer.status_code == 404 or answer.json()["customer_id"] is None
