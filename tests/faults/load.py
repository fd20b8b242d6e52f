"""What the clients do while processes are killed:
files, cases, orders and calls, each through the gateway.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from tests.faults.caller import Caller, RefusedError

AGENTS = 6
STATES_TO_COMPLETE = ("assigned", "on_hold")


class CallCenter:
    """The queue, the entry point and the agents that answer calls."""

    def __init__(self, queue_id: str, address: str, agents: list[str]) -> None:
        self.queue_id = queue_id
        self.address = address
        self.agents = agents


async def open_call_center(caller: Caller) -> CallCenter:
    """A queue without wrap-up time and with short offers, and its agents, all available."""
    mark = uuid4().hex[:8]
    queue = await caller.post(
        "/v1/queues",
        {
            "name": f"faults {mark}",
            "channels": ["voice"],
            "skills": [],
            "service_level": {"seconds": 20, "share": "0.80"},
            "offer_seconds": 5,
            "wrap_up_seconds": 0,
            "relaxation": [],
        },
    )
    agents = []
    for number in range(AGENTS):
        body = {
            "name": f"agent {number}",
            "skills": [],
            "capacity": {"voice": 1},
            "queues": [queue["id"]],
            "languages": [],
        }
        agents.append((await caller.post("/v1/agents", body))["id"])
    # A local number: what nobody can dial is no address.
    address = f"8{int(mark, 16) % 10**7:07d}"
    await caller.post(
        "/v1/entry-points", {"channel": "voice", "address": address, "queue_id": queue["id"]}
    )
    return CallCenter(queue["id"], address, agents)


class Load:
    """Writers that go on until they are told to stop;
    what each was acknowledged stands in the caller's history.
    """

    def __init__(self, caller: Caller, center: CallCenter, *, seed: int) -> None:
        self._caller = caller
        self._center = center
        self._random = random.Random(seed)
        self._stopping = asyncio.Event()
        self.refusals: list[str] = []

    async def run(self) -> None:
        """Run all writers until `stop()`; each ends its last act in order."""
        acts: list[Callable[[], Awaitable[None]]] = [
            self._file,
            self._file,
            self._case,
            self._order,
            self._call,
            self._call,
        ]
        writers = [self._repeat(act) for act in acts]
        agents = [self._serve(agent) for agent in self._center.agents]
        await asyncio.gather(*writers, *agents)

    def stop(self) -> None:
        self._stopping.set()

    async def _repeat(self, act: Callable[[], Awaitable[None]]) -> None:
        while not self._stopping.is_set():
            try:
                await act()
            except RefusedError as refused:
                self.refusals.append(str(refused)[:500])
            await asyncio.sleep(self._random.uniform(0.005, 0.05))

    async def _file(self) -> None:
        mark = uuid4().hex
        await self._caller.post(
            "/v1/customers",
            {
                "kind": "individual",
                "name": f"客户 {mark[:6]}",
                "unit": "cn.gd.gz",
                "identifiers": [{"type": "external", "system": "faults", "value": mark}],
                "facts": {"basic": {}, "characteristics": {}, "business": {}},
                "source": {"kind": "import", "learned": "asked"},
            },
            kind="customer",
        )

    def _customer(self) -> str:
        known = self._caller.history.acknowledged["customer"]
        return str(self._random.choice(known)["id"]) if known else str(uuid4())

    async def _case(self) -> None:
        if not self._caller.history.acknowledged["customer"]:
            return
        body = {
            "customer_id": self._customer(),
            "channel": "web",
            "title": f"case {uuid4().hex}",
            "narrative": "The parcel came open.",
            "wish": "A new one.",
            "category": "delivery",
            "severity": "medium",
            "dissatisfaction": 3,
            "product": {"name": "phone", "lot": "L1"},
        }
        case = await self._caller.post("/v1/complaints", body, kind="complaint")
        await self._caller.post(
            f"/v1/complaints/{case['id']}/acknowledgement",
            {"message": "We are on it."},
            kind="acknowledgement",
        )

    async def _order(self) -> None:
        if not self._caller.history.acknowledged["customer"]:
            return
        body = {
            "customer_id": self._customer(),
            "occurred_at": datetime.now(UTC).isoformat(),
            "amount": {"amount": "12.50", "currency": "CNY"},
            "cost": {"amount": "4.00", "currency": "CNY"},
            "kind": "order",
            "product": "phone",
            "channel": "web",
            "external_id": uuid4().hex,
        }
        await self._caller.post("/v1/transactions", body, kind="transaction")

    async def _call(self) -> None:
        body = {
            "channel": "voice",
            "from": f"+86138{self._random.randrange(10**8):08d}",
            "to": self._center.address,
            "external_id": uuid4().hex,
        }
        contact = await self._caller.post("/v1/contacts", body, kind="contact")
        await asyncio.sleep(self._random.uniform(0.0, 0.3))
        if self._random.random() < 0.1:
            # Too late is fine: the contact was answered meanwhile.
            with suppress(RefusedError):
                await self._caller.post(f"/v1/contacts/{contact['id']}/abandonment", {})

    async def _serve(self, agent: str) -> None:
        """An agent: accepts what is offered most of the time, rejects or lets it pass now and then,
        and completes the call.
        """
        while not self._stopping.is_set():
            with suppress(RefusedError):
                await self._present(agent)
                offers = (await self._caller.get(f"/v1/agents/{agent}/offers"))["items"]
                for offer in offers:
                    await self._answer(offer)
            await asyncio.sleep(0.1)

    async def _present(self, agent: str) -> None:
        state = await self._caller.get(f"/v1/agents/{agent}")
        if state["presence"] != "available" or state["routing_status"] == "not_responding":
            await self._caller.send(
                "PUT", f"/v1/agents/{agent}/presence", {"presence": "available"}
            )

    async def _answer(self, offer: dict[str, Any]) -> None:
        chance = self._random.random()
        if chance < 0.05:
            return
        if chance < 0.15:
            await self._caller.post(f"/v1/offers/{offer['id']}/rejection", {"reason": "busy"})
            return
        contact = await self._caller.post(
            f"/v1/offers/{offer['id']}/acceptance", {}, kind="acceptance"
        )
        await asyncio.sleep(self._random.uniform(0.0, 0.1))
        await self._caller.post(
            f"/v1/contacts/{contact['id']}/completion",
            {"wrap_up_code": "done", "notes": ""},
            kind="completion",
        )

    async def finish_calls(self) -> None:
        """Complete what is still connected, so that every acknowledged call comes to an end."""
        for state in STATES_TO_COMPLETE:
            page = await self._caller.get("/v1/contacts", state=state, limit=200)
            for contact in page["items"]:
                with suppress(RefusedError):
                    await self._caller.post(
                        f"/v1/contacts/{contact['id']}/completion",
                        {"wrap_up_code": "done", "notes": ""},
                    )
