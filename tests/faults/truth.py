"""What the databases hold, compared with what the clients were told."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

from service_kit.store.connection import connect

from tests.faults.caller import Caller
from tests.faults.instance import Instance
from tests.faults.receiver import Receiver

SOURCES = ("customer-profile", "complaints", "scoring", "contact-center")
SETTLE_WITHIN = 60.0
SETTLE_TRIES = 200


async def rows(instance: Instance, part: str, query: str) -> list[Any]:
    """Ask the database of a part directly; `{schema}` stands for its schema."""
    told = instance.environment(part)
    connection = await connect(told["GUANXI_DATABASE_URL"], within=10.0)
    try:
        found: list[Any] = await connection.fetch(
            query.format(schema=told["GUANXI_DATABASE_SCHEMA"])
        )
        return found
    finally:
        await connection.close()


async def feed(caller: Caller, source: str) -> list[dict[str, Any]]:
    """A whole feed as a partner reads it."""
    events: list[dict[str, Any]] = []
    after = "0"
    while batch := await caller.get("/v1/events", source=source, after=after, limit=1000):
        events += batch
        after = batch[-1]["cursor"]
    return events


async def settled_feed(
    instance: Instance, caller: Caller, source: str
) -> tuple[list[dict[str, Any]], set[str]]:
    """The feed and the committed events, once the sequencer has caught up or the time is over."""
    deadline = asyncio.get_running_loop().time() + SETTLE_WITHIN
    while True:
        committed = {
            str(row["id"]) for row in await rows(instance, source, "SELECT id FROM {schema}.event")
        }
        told = await feed(caller, source)
        if {
            event["id"] for event in told
        } >= committed or asyncio.get_running_loop().time() > deadline:
            return told, committed
        await asyncio.sleep(0.3)


async def check_feeds(instance: Instance, caller: Caller) -> list[str]:
    """Feeds equal the committed events: none lost, none twice, cursors growing without gaps."""
    wrong = []
    for source in SOURCES:
        told, committed = await settled_feed(instance, caller, source)
        ids = [event["id"] for event in told]
        cursors = [int(event["cursor"]) for event in told]
        if not committed <= set(ids):
            wrong.append(
                f"{source}: {len(committed - set(ids))} committed events are not in the feed"
            )
        if len(ids) != len(set(ids)):
            wrong.append(f"{source}: {len(ids) - len(set(ids))} events are in the feed twice")
        if cursors != list(range(1, len(cursors) + 1)):
            wrong.append(f"{source}: the cursors have gaps")
    return wrong


async def check_acknowledged(caller: Caller) -> list[str]:
    """Every acknowledged write is there, once."""
    wrong = []
    told = caller.history.acknowledged
    for kind, path in (
        ("customer", "customers"),
        ("complaint", "complaints"),
        ("contact", "contacts"),
    ):
        for resource in told[kind]:
            try:
                await caller.get(f"/v1/{path}/{resource['id']}")
            except Exception as error:
                wrong.append(f"{kind} {resource['id']} was acknowledged and is not there: {error}")
        wrong += _repeated(kind, [resource["id"] for resource in told[kind]])
    wrong += await _check_counts(caller)
    return wrong


def _repeated(kind: str, ids: Sequence[str]) -> list[str]:
    return [
        f"{kind} {id_} answered {count} different requests"
        for id_, count in Counter(ids).items()
        if count > 1
    ]


async def _check_counts(caller: Caller) -> list[str]:
    """Clients retry until they have an answer,
    so what is stored is exactly what was acknowledged.
    """
    wrong = []
    events = {source: await feed(caller, source) for source in SOURCES}
    expected = (
        ("customer", "customer-profile", "guanxi.customer.created.v1"),
        ("complaint", "complaints", "guanxi.complaint.received.v1"),
        ("transaction", "scoring", "guanxi.transaction.recorded.v1"),
    )
    for kind, source, type_ in expected:
        acknowledged = len(caller.history.acknowledged[kind])
        stored = sum(1 for event in events[source] if event["type"] == type_)
        if stored != acknowledged:
            wrong.append(f"{kind}: {acknowledged} acknowledged, {stored} recorded in the feed")
    return wrong


async def check_calls(caller: Caller) -> list[str]:
    """The laws of routing, read from the feed:
    one open offer per contact, one connection per contact, one call per agent.
    """
    wrong = []
    open_offers: dict[str, str] = {}
    connected: Counter[str] = Counter()
    at_agent: defaultdict[str, set[str]] = defaultdict(set)
    for event in await feed(caller, "contact-center"):
        kind, data = event["type"].removeprefix("guanxi.").removesuffix(".v1"), event["data"]
        contact, agent = data.get("contact_id"), data.get("agent_id")
        if kind == "offer.made":
            if contact in open_offers:
                wrong.append(
                    f"contact {contact} was offered to {agent} while offered to"
                    f" {open_offers[contact]}"
                )
            open_offers[contact] = agent
        elif kind.startswith("offer."):
            open_offers.pop(contact, None)
        elif kind == "contact.assigned":
            connected[contact] += 1
            at_agent[agent].add(contact)
            if len(at_agent[agent]) > 1:
                wrong.append(f"agent {agent} had {len(at_agent[agent])} calls at once")
        elif kind in (
            "contact.wrapping",
            "contact.completed",
            "contact.abandoned",
            "contact.queued",
        ):
            for calls in at_agent.values():
                calls.discard(contact)
    wrong += [
        f"contact {contact} was connected {count} times"
        for contact, count in connected.items()
        if count > 1
    ]
    return wrong


async def check_webhooks(caller: Caller, receiver: Receiver, types: set[str]) -> list[str]:
    """Each event of the subscribed types arrived, signed;
    more than once is allowed, forged is not.
    """
    expected = {
        event["id"]
        for source in SOURCES
        for event in await feed(caller, source)
        if event["type"] in types
    }
    for _ in range(SETTLE_TRIES):
        if expected <= set(receiver.received):
            break
        await asyncio.sleep(SETTLE_WITHIN / SETTLE_TRIES)
    missing = expected - set(receiver.received)
    wrong = [f"{len(missing)} of {len(expected)} webhooks did not arrive"] if missing else []
    return wrong + [f"forged: {line}" for line in receiver.forged]
