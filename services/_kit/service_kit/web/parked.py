"""What background work has given up, as every service serves it:
operators look at parked events and timers, and let them go again.
"""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import Depends, Response
from pydantic import Field
from sqlalchemy import Select, String, Text, Uuid, bindparam, cast, literal, select, tuple_, update

from service_kit.access.units import units_of, within_units
from service_kit.store.events import Action
from service_kit.store.running import Record
from service_kit.store.tables import parked_event, timer
from service_kit.web.call import Call
from service_kit.web.pages import Page, PageOf
from service_kit.web.routing import Router, requires
from service_kit.words.errors import NotFound
from service_kit.words.fields import Count, Id, Output, StoredJson, Timestamp

READ, ADMIN = "events:read", "events:admin"
SCOPES = {ADMIN: "See why events and timers were parked, and let them go again."}

_unit_of_event = parked_event.c.envelope["unit"].astext
_event_keys = (parked_event.c.id, parked_event.c.source, parked_event.c.consumer)
EVENTS = (
    select(parked_event)
    .where(within_units(_unit_of_event))
    .order_by(*_event_keys)
    .limit(bindparam("limit"))
)
EVENTS_AFTER = EVENTS.where(
    tuple_(*_event_keys)
    > tuple_(
        bindparam("after_id", type_=Uuid),
        bindparam("after_source", type_=String),
        bindparam("after_consumer", type_=String),
    )
)
REQUEUE_EVENTS = (
    update(parked_event)
    .where(parked_event.c.id == bindparam("of"), within_units(_unit_of_event))
    .values(requeued=True)
    .returning(
        parked_event.c.subject,
        parked_event.c.source,
        parked_event.c.consumer,
        _unit_of_event.label("unit"),
    )
)
# A timer says nothing of units: only who sees the whole company sees it.
_is_whole = within_units(cast(literal(None), Text))
_is_parked = timer.c.parked_reason.is_not(None)
_timer_keys = (timer.c.subject, timer.c.kind, timer.c.key)
TIMERS = select(timer).where(_is_parked, _is_whole).order_by(*_timer_keys).limit(bindparam("limit"))
TIMERS_AFTER = TIMERS.where(
    tuple_(*_timer_keys)
    > tuple_(
        bindparam("after_subject", type_=Uuid),
        bindparam("after_kind", type_=String),
        bindparam("after_key", type_=String),
    )
)
REQUEUE_TIMERS = (
    update(timer)
    .where(timer.c.subject == bindparam("of"), _is_parked, _is_whole)
    .values(attempts=0, parked_reason=None, due_at=bindparam("at"))
    .returning(timer.c.kind, timer.c.key)
)


class ParkedEventOut(Output):
    """An event of another service that could not be taken in after several tries; the others went
    on.

    `reason` names the kind of error, and tells all of it to callers with the scope `events:admin`;
    they alone see the `data` of the event. `requeued` says that it is tried again.
    """

    id: Id
    source: Annotated[str, Field(max_length=60)]
    consumer: Annotated[str, Field(max_length=60)]
    type: Annotated[str, Field(max_length=200)]
    subject: Id
    unit: Annotated[str | None, Field(max_length=200)]
    reason: Annotated[str, Field(max_length=2_000)]
    parked_at: Timestamp
    requeued: bool
    event: StoredJson


class ParkedTimerOut(Output):
    """Something of `subject` that fell due and could not be done after several tries;
    `reason` as with parked events.
    """

    subject: Id
    kind: Annotated[str, Field(max_length=60)]
    key: Annotated[str, Field(max_length=120)]
    due_at: Timestamp
    attempts: Annotated[int, Field(ge=0, le=2**15 - 1, json_schema_extra={"format": "int32"})]
    reason: Annotated[str, Field(max_length=500)]


class Requeued(Output):
    """How many were let go again."""

    requeued: Count


router = Router(tags=["events"])


@router.get("/v1/parked-events", response_model=Page[ParkedEventOut])
async def list_parked_events(
    call: Annotated[Call, requires(READ)], page: Annotated[PageOf, Depends()]
) -> Response:
    """List the events of other services that were parked."""
    rows = await page_of(
        call, page, EVENTS, EVENTS_AFTER, ("after_id", "after_source", "after_consumer")
    )
    parked = [parked_event_out(row, call) for row in rows[: page.limit]]
    return call.page(page, parked, next_cursor=page.next_cursor(rows, "id", "source", "consumer"))


@router.post("/v1/parked-events/{event_id}/requeue", response_model=Requeued, raises=[NotFound])
async def requeue_parked_event(event_id: Id, call: Annotated[Call, requires(ADMIN)]) -> Response:
    """Have a parked event taken in once more, by every consumer that parked it;
    it happens within seconds.
    """
    async with call.transaction() as tx:
        rows = await tx.fetch(REQUEUE_EVENTS, of=event_id, units=units_of(call.caller))
        if not rows:
            raise NotFound()
        call.honor_match(None)
        told = {
            "event_id": str(event_id),
            "consumers": [row["consumer"] for row in rows],
            "source": rows[0]["source"],
        }
        tx.audit(
            Action(
                name="event.requeued",
                subject=rows[0]["subject"],
                unit=rows[0]["unit"],
                at=call.at,
                values=told,
            )
        )
        return call.answer(Requeued(requeued=len(rows)))


@router.get("/v1/parked-timers", response_model=Page[ParkedTimerOut])
async def list_parked_timers(
    call: Annotated[Call, requires(READ)], page: Annotated[PageOf, Depends()]
) -> Response:
    """List what fell due and was parked; a token that is kept to some units sees none of it."""
    rows = await page_of(
        call, page, TIMERS, TIMERS_AFTER, ("after_subject", "after_kind", "after_key")
    )
    parked = [parked_timer_out(row, call) for row in rows[: page.limit]]
    return call.page(page, parked, next_cursor=page.next_cursor(rows, "subject", "kind", "key"))


@router.post("/v1/parked-timers/{subject_id}/requeue", response_model=Requeued, raises=[NotFound])
async def requeue_parked_timers(subject_id: Id, call: Annotated[Call, requires(ADMIN)]) -> Response:
    """Have everything that was parked of a resource fall due once more, with all its tries."""
    async with call.transaction() as tx:
        rows = await tx.fetch(
            REQUEUE_TIMERS, of=subject_id, at=call.at, units=units_of(call.caller)
        )
        if not rows:
            raise NotFound()
        call.honor_match(None)
        told = {"timers": [{"kind": row["kind"], "key": row["key"]} for row in rows]}
        tx.audit(Action(name="timer.requeued", subject=subject_id, at=call.at, values=told))
        return call.answer(Requeued(requeued=len(rows)))


async def page_of(
    call: Call, page: PageOf, first: Select[Any], further: Select[Any], keys: Sequence[str]
) -> list[Record]:
    """The rows of a page and one more,
    by the statement for the first page or the one for those behind `keys`.
    """
    given: dict[str, Any] = {"limit": page.fetch, "units": units_of(call.caller)}
    behind = {} if page.after is None else dict(zip(keys, page.after, strict=True))
    async with call.reading() as reader:
        return await reader.fetch(further if behind else first, **given, **behind)


def parked_event_out(row: Record, call: Call) -> ParkedEventOut:
    envelope = row["envelope"]
    return ParkedEventOut.model_construct(
        **{
            name: row[name]
            for name in ("id", "source", "consumer", "subject", "parked_at", "requeued")
        },
        type=str(envelope.get("type", ""))[:200],
        unit=envelope.get("unit"),
        reason=told_reason(row["reason"], call),
        # What the event tells needs more than the right to know that it was parked.
        event=envelope
        if call.caller.may(ADMIN)
        else {name: envelope[name] for name in envelope if name != "data"},
    )


def parked_timer_out(row: Record, call: Call) -> ParkedTimerOut:
    shown = {name: row[name] for name in ("subject", "kind", "key", "due_at", "attempts")}
    return ParkedTimerOut.model_construct(**shown, reason=told_reason(row["parked_reason"], call))


def told_reason(reason: str, call: Call) -> str:
    """The message of an error may hold what it failed at:
    only operators are told more than its kind.
    """
    return reason if call.caller.may(ADMIN) else reason.partition(":")[0]
