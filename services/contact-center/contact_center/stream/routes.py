"""The stream of an agent's desktop over HTTP."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Annotated
from uuid import UUID

from fastapi import Header, Response
from fastapi.sse import KEEPALIVE_COMMENT, EventSourceResponse, format_sse_event
from pydantic import Field
from service_kit.access.units import units_of
from service_kit.store.moments import database_time
from service_kit.web.routing import Router, requires
from service_kit.words.errors import Forbidden, Unauthenticated
from service_kit.words.fields import Id, written

from contact_center.acting import HANDLE, ActsForAnotherAgent, agent_of, require_acting_for
from contact_center.agent.domain import AgentNotFound
from contact_center.agent.store import AgentReader
from contact_center.call import Call
from contact_center.contact.offers import Offer
from contact_center.offer.store import OfferReader
from contact_center.stream.tail import Heard, Line, Tail

router = Router(tags=["agents"])
FIRST = UUID(int=0)
COME_BACK_MILLISECONDS = 1_000
MOST_PENDING = 200
# Whoever lost the right to a stream hears nothing more of it, and does not hold it for longer than
# this.
JUDGED_AGAIN_SECONDS = 2.0
Position = Annotated[str, Field(min_length=1, max_length=18, pattern=r"^[0-9]{1,18}$")]
DOCUMENTED = {
    200: {
        "description": (
            "Server-sent events, until the client leaves, its token no longer holds, or the process"
            " stops."
        ),
        "content": {"text/event-stream": {"schema": {"type": "string", "maxLength": 100_000_000}}},
    }
}


@router.get(
    "/v1/agents/{agent_id}/stream",
    response_class=Response,
    raises=[AgentNotFound, ActsForAnotherAgent],
    etag=False,
    responses=DOCUMENTED,
    engine="fastapi",
)
async def read_agent_stream(
    agent_id: Id,
    call: Annotated[Call, requires("offers:read", instead=(HANDLE,))],
    last_event_id: Annotated[
        Position | None, Header(description="The id of the last event that was received.")
    ] = None,
) -> Response:
    """Follow what happens to an agent, as server-sent events.

    `offer.made`, `offer.withdrawn` (also when it timed out) and `contact.changed` carry ids and
    facts as JSON; what is offered at this moment comes first. After a broken connection the browser
    sends `Last-Event-ID`, and the stream goes on from there. It ends when the token expires or the
    client loses the right to it.
    """
    require_acting_for(call.caller, agent_id, broad=("offers:read",))
    async with call.reading() as reader:
        await AgentReader(
            reader, None if agent_of(call.caller) == agent_id else units_of(call.caller)
        ).get(agent_id)
    after = None if last_event_id is None else int(last_event_id)
    events = desktop_events(
        call, agent_id, after=after, heartbeat=call.settings.stream_heartbeat_seconds
    )
    return EventSourceResponse(
        events, headers={"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
    )


async def desktop_events(
    call: Call, agent_id: UUID, *, after: int | None, heartbeat: float
) -> AsyncIterator[bytes]:
    """What was missed or stands now, then everything as it happens,
    for as long as the token gives the right to it.
    """
    tail = call.part(Tail)
    with suppress(Unauthenticated, Forbidden, AgentNotFound):
        async with tail.listening(agent_id) as (line, position):
            yield format_sse_event(comment="the desktop's stream", retry=COME_BACK_MILLISECONDS)
            missed = (
                None if after is None else await tail.missed(agent_id, after=after, until=position)
            )
            for heard in await standing(call, agent_id, position) if missed is None else missed:
                await require_still_following(call, agent_id)
                yield written_event(heard)
            while (word := await next_word(call, agent_id, line, heartbeat)) is not None:
                yield word


async def require_still_following(call: Call, agent_id: UUID) -> None:
    """Judge the caller as at the beginning;
    where the token is kept to units, the agent may also have left them since.
    """
    caller = await call.still_allowed()
    require_acting_for(caller, agent_id, broad=("offers:read",))
    if agent_of(caller) != agent_id and caller.units is not None:
        async with call.reading() as reader:
            await AgentReader(reader, units_of(caller)).get(agent_id)


async def next_word(call: Call, agent_id: UUID, line: Line, heartbeat: float) -> bytes | None:
    """The next event, a sign of life when there is none for a while, or None when the stream is
    over.

    The caller is judged again before each, and while nothing happens.
    """
    left = heartbeat
    while left > 0:
        seconds = min(left, JUDGED_AGAIN_SECONDS)
        try:
            heard = await asyncio.wait_for(line.get(), seconds)
        except TimeoutError:
            await require_still_following(call, agent_id)
            left -= seconds
        else:
            await require_still_following(call, agent_id)
            return None if heard is None else written_event(heard)
    return KEEPALIVE_COMMENT


async def standing(call: Call, agent_id: UUID, position: int) -> list[Heard]:
    """What is offered to the agent at this moment, told once more."""
    async with call.reading() as reader:
        at = await database_time(reader)
        offers = await OfferReader(reader, None).pending(
            agent_id, at=at, after=FIRST, limit=MOST_PENDING
        )
    return [Heard(position, "offer.made", offer_facts(offer)) for offer in offers]


def offer_facts(offer: Offer) -> dict[str, object]:
    return {
        "offer_id": str(offer.id),
        "contact_id": str(offer.contact_id),
        "agent_id": str(offer.agent_id),
        "queue_id": None if offer.queue_id is None else str(offer.queue_id),
        "channel": offer.channel,
        "state": offer.state.value,
        "expires_at": written(offer.expires_at),
    }


def written_event(heard: Heard) -> bytes:
    return format_sse_event(
        data_str=json.dumps(heard.payload, ensure_ascii=False),
        event=heard.name,
        id=str(heard.position),
    )
