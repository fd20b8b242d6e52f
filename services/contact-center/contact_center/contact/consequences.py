"""What a contact's save does beside its own row;
each follows from what the contact was and what it is now.
"""

from dataclasses import dataclass
from datetime import datetime

from service_kit.store.database import Transaction
from service_kit.work.timers import Timer, cancel, schedule
from sqlalchemy import bindparam, delete, update

from contact_center.contact import events
from contact_center.contact.domain import IN_HAND, LONGEST_SILENCE, Contact, Happened, State
from contact_center.contact.offers import OfferState
from contact_center.marks import mark
from contact_center.tables import agent, agent_work, offer

FLOW_TIMER = "flow_silence"
END_OFFER = (
    update(offer)
    .where(
        offer.c.contact_id == bindparam("of_contact"),
        offer.c.id == bindparam("of_offer"),
        offer.c.state == "pending",
    )
    .values(
        state=bindparam("new_state"),
        ended_at=bindparam("at"),
        reason=bindparam("new_reason"),
        waited_seconds=bindparam("new_waited"),
    )
)
MOVE_OFFERS = (
    update(offer)
    .where(offer.c.contact_id == bindparam("of_contact"))
    .values(unit=bindparam("new_unit"))
)
_place = (
    agent_work.c.agent_id == bindparam("of_agent"),
    agent_work.c.contact_id == bindparam("of_contact"),
)
WORK_ON = (
    update(agent_work)
    .where(*_place)
    .values(state=bindparam("new_state"), since=bindparam("at"), until=bindparam("new_until"))
)
LEAVE = delete(agent_work).where(*_place)
IDLE_SINCE = (
    update(agent).where(agent.c.id == bindparam("of_agent")).values(idle_since=bindparam("at"))
)


@dataclass(frozen=True, kw_only=True)
class Saved:
    """A contact that was written; `before` is None for one that begins."""

    before: Contact | None
    after: Contact
    happened: Happened
    at: datetime


async def end_offer(tx: Transaction, saved: Saved) -> None:
    """The pending offer ends with the move, and is told."""
    before, end = saved.before, saved.happened.offer_end
    if before is None or end is None:
        return
    assert before.offer_id is not None, "an offered contact has its offer"
    waited = before.waited_in_queue(saved.at) if end.state is OfferState.ACCEPTED else None
    ended = {
        "new_state": end.state.value,
        "new_reason": end.reason,
        "new_waited": waited,
        "at": saved.at,
    }
    await tx.execute(END_OFFER, of_contact=before.id, of_offer=before.offer_id, **ended)
    told = events.ENDS[end.state]
    ended_offer = told.of(before, before.offer_id, end, unit=saved.after.unit, at=saved.at)
    tx.record(ended_offer, values={"reason": end.reason})


async def take_offers_along(tx: Transaction, saved: Saved) -> None:
    """Offers lie in the unit of their contact."""
    if saved.before is not None and saved.after.unit != saved.before.unit:
        await tx.execute(MOVE_OFFERS, of_contact=saved.after.id, new_unit=saved.after.unit)


async def keep_place(tx: Transaction, saved: Saved) -> None:
    """The agent's place follows the contact: kept with its new state, or let go;
    the router looks at the agent again.
    """
    before, after = saved.before, saved.after
    if (
        before is None
        or before.agent_id is None
        or before.state not in IN_HAND
        or before.state is after.state
    ):
        return
    place = {"of_agent": before.agent_id, "of_contact": before.id}
    if after.agent_id == before.agent_id and after.state in IN_HAND:
        until = after.wrap_up_until if after.state is State.WRAPPING else None
        await tx.execute(
            WORK_ON, **place, new_state=after.state.value, new_until=until, at=saved.at
        )
    else:
        await tx.execute(LEAVE, **place)
    # Whoever only let an offer pass keeps the place in the line of the idle.
    if before.state is not State.OFFERED or after.state is State.ASSIGNED:
        await tx.execute(IDLE_SINCE, of_agent=before.agent_id, at=saved.at)
    await mark(tx, "agent", before.agent_id)


async def wake_router(tx: Transaction, saved: Saved) -> None:
    """The router looks at who begins or ceases to wait."""
    if saved.after.state is State.QUEUED or (
        saved.before is not None and saved.before.state is State.QUEUED
    ):
        await mark(tx, "contact", saved.after.id)


async def watch_flow(tx: Transaction, saved: Saved) -> None:
    """A caller who says nothing for long has left; the platform may not have said so."""
    subject = saved.after.id
    if saved.after.state is State.IN_FLOW:
        due_at = saved.at + LONGEST_SILENCE
        await schedule(
            tx, Timer(subject=subject, kind=FLOW_TIMER, key="", due_at=due_at, payload={})
        )
    elif saved.before is not None and saved.before.state is State.IN_FLOW:
        await cancel(tx, subject=subject, kind=FLOW_TIMER, key="")


async def tell(tx: Transaction, saved: Saved) -> None:
    """The event of the move; figures and desktops go by it."""
    told = events.MOVES[saved.happened.type]
    tx.record(told.of(saved.after, saved.happened, at=saved.at))


CONSEQUENCES = (end_offer, take_offers_along, keep_place, wake_router, watch_flow, tell)


async def follow(tx: Transaction, saved: Saved) -> None:
    """All of them, in their order."""
    for consequence in CONSEQUENCES:
        await consequence(tx, saved)
