"""Builders for tests: bodies of the API with usual values, and a small contact center ready to work."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from service_kit.testing import Api

Json = dict[str, Any]
PATIENCE_SECONDS = 60.0


def a_queue(**others: Any) -> Json:
    return {"name": "hotline", "channels": ["voice", "chat"], "offer_seconds": 20, "wrap_up_seconds": 30, **others}


def an_agent(*queues: str, **others: Any) -> Json:
    return {"name": "Li Na", "capacity": {"voice": 1, "chat": 3}, "queues": list(queues), **others}


def a_call(to: str = "10086", **others: Any) -> Json:
    return {"channel": "voice", "from": "+8613800138000", "to": to, **others}


def a_wording(text: str) -> Json:
    return {"zh-CN": text, "en": text}


def a_flow(queue_id: str, **others: Any) -> Json:
    """A menu with one choice that leads to the queue; whoever chooses nothing is hung up on."""
    nodes = {
        "welcome": {"type": "say", "text": a_wording("Welcome"), "next": "menu"},
        "menu": {"type": "menu", "text": a_wording("Press 1"), "choices": {"1": "line"}, "tries": 2, "otherwise": "bye"},
        "line": {"type": "queue", "queue_id": queue_id},
        "bye": {"type": "hang_up", "text": a_wording("Goodbye")},
    }
    return {"name": "front door", "start": "welcome", "nodes": nodes, **others}


async def eventually(ask: Callable[[], Awaitable[Any]], holds: Callable[[Any], bool] = bool) -> Any:
    """Ask until the answer is as it shall be; the last answer when it never is."""
    answer = None
    until = asyncio.get_running_loop().time() + PATIENCE_SECONDS
    while asyncio.get_running_loop().time() < until:
        answer = await ask()
        if holds(answer):
            return answer
        await asyncio.sleep(0.01)
    raise AssertionError(f"it never came to that: {answer}")


@dataclass
class House:
    """A contact center with a queue, its entry point and some agents, driven over the API."""

    api: Api
    queue: Json
    agents: list[Json] = field(default_factory=list)

    @classmethod
    async def opened(cls, api: Api, *, address: str = "10086", **queue: Any) -> "House":
        house = cls(api, await made(api, "/v1/queues", a_queue(**queue)))
        for channel in house.queue["channels"]:
            await made(api, "/v1/entry-points", {"channel": channel, "address": address, "queue_id": house.queue["id"]})
        return house

    async def agent(self, *, presence: str = "available", **others: Any) -> Json:
        """An agent of the queue, at work unless told otherwise."""
        agent = await made(self.api, "/v1/agents", an_agent(self.queue["id"], **others))
        self.agents.append(agent)
        await self.present(agent, presence)
        return agent

    async def present(self, agent: Json, presence: str) -> Json:
        answer = await self.api.put(f"/v1/agents/{agent['id']}/presence", {"presence": presence})
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def call(self, **others: Any) -> Json:
        return await made(self.api, "/v1/contacts", a_call(**others))

    async def contact(self, contact: Mapping[str, Any]) -> Json:
        answer = await self.api.get(f"/v1/contacts/{contact['id']}")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def until(self, contact: Mapping[str, Any], state: str) -> Json:
        """The contact once it is in this state."""
        found: Json = await eventually(lambda: self.contact(contact), lambda seen: seen["state"] == state)
        return found

    async def move(self, contact: Mapping[str, Any], move: str, body: Json | None = None) -> Json:
        answer = await self.api.post(f"/v1/contacts/{contact['id']}/{move}", body)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def accept(self, contact: Mapping[str, Any]) -> Json:
        """The contact with the agent that it is offered to, who takes it."""
        offered = await self.until(contact, "offered")
        answer = await self.api.post(f"/v1/offers/{offered['offer']['id']}/acceptance", {})
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def status(self, agent: Mapping[str, Any]) -> str:
        return str((await self.api.get(f"/v1/agents/{agent['id']}/presence")).json()["routing_status"])


async def made(api: Api, path: str, body: Json) -> Json:
    answer = await api.post(path, body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())
