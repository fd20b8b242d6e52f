"""The screen pop over HTTP."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Response
from pydantic import Field
from service_kit.call import Call
from service_kit.routing import Router, requires
from service_kit.words import Id, JsonObject, Output, Stars, Timestamp, written

from contact_center.contact.domain import Contact, ContactUnknown
from contact_center.contact.routes import agent_of, own
from contact_center.directory.domain import KnownCustomer
from contact_center.directory.store import DirectoryStore
from contact_center.screen_pop.advice import Situation, advice_codes, advice_text
from contact_center.screen_pop.asking import TRAIL, Answers, Neighbors

router = Router(tags=["contacts"])
Json = Mapping[str, Any]
Many = Annotated[list[JsonObject], Field(max_length=500)]
TITLES = {"zh-CN": "联络", "en": "Contact"}


class TierOut(Output):
    """The star tier."""

    stars: Stars


class TrailEntry(Output):
    """Something that happened in the last two days, on any channel; contacts show the IVR nodes with their seconds in `details`."""

    id: Id
    occurred_at: Timestamp
    channel: Annotated[str, Field(max_length=20)]
    kind: Annotated[str, Field(max_length=20)]
    title: Annotated[str, Field(max_length=1_000)]
    details: JsonObject
    ref: JsonObject


class AdviceOut(Output):
    """A piece of advice in the language of the request."""

    code: Annotated[str, Field(max_length=40)]
    text: Annotated[str, Field(max_length=1_000)]


class ScreenPop(Output):
    """What the agent sees: the card, tier and scores, open cases, consents, advice, and the trail of two days.

    `degraded` names the services that did not answer in time: what they know is missing.
    """

    contact_id: Id
    customer_id: Id | None
    customer: JsonObject | None
    tier: TierOut | None
    scores: Many
    open_cases: Many
    open_case_count: Annotated[int, Field(ge=0, le=2**31 - 1, json_schema_extra={"format": "int32"})]
    trail: Annotated[list[TrailEntry], Field(max_length=500)]
    advice: Annotated[list[AdviceOut], Field(max_length=20)]
    consents: Many
    recommendations: Many
    degraded: Annotated[list[Annotated[str, Field(max_length=40)]], Field(max_length=10)]


@router.get("/v1/contacts/{contact_id}/screen-pop", response_model=ScreenPop, raises=[ContactUnknown])
async def read_screen_pop(contact_id: Id, call: Annotated[Call, requires("contacts:read")]) -> Response:
    """Read who is calling and how to talk to them.

    The other services are asked at the same time and within one deadline; an answer that is missing is named in `degraded`, the
    rest is shown. Tier and the number of open cases are known even then.

    A token with `agent_id` is shown the customer of whatever its agent has in hand, from the offer to the end of wrap-up. Everybody
    else is shown customers of their own units only: where the customer lies outside, the contact stands there as one of nobody known.
    """
    async with call.reading() as reader:
        store = own(call, reader)
        contact = await store.get(contact_id)
        if contact.customer_id is None:
            return _answered(call, contact, None, [contact], Answers())
        known = await DirectoryStore(reader, call.part("addresses")).customer(contact.customer_id)
        if not _may_show(call, contact, None if known is None else known.unit):
            return _of_nobody_known(call, contact)
        recent = await store.recent(contact.customer_id, since=call.at - TRAIL)
    neighbors: Neighbors = call.part("neighbors")
    answers = await neighbors.ask(contact.customer_id, at=call.at, language=call.language)
    # The file is newer than what news told the directory: a customer that moved away meanwhile is shown no more.
    if answers.file is not None and not _may_show(call, contact, answers.file.get("unit")):
        return _of_nobody_known(call, contact)
    return _answered(call, contact, known, recent, answers)


def _may_show(call: Call, contact: Contact, unit: str | None) -> bool:
    """The neighbors answer this service whatever the unit, so that who may see the customer is decided here."""
    return contact.is_in_hand_of(agent_of(call)) or call.caller.sees(unit)


def _of_nobody_known(call: Call, contact: Contact) -> Response:
    stranger = replace(contact, customer_id=None, tier=None)
    return _answered(call, stranger, None, [stranger], Answers())


def _answered(call: Call, contact: Contact, known: KnownCustomer | None, recent: Sequence[Contact], answers: Answers) -> Response:
    return call.answer(screen_pop(contact, known, recent, answers, language=call.language, at=call.at))


def screen_pop(
    contact: Contact, known: KnownCustomer | None, recent: Sequence[Contact], answers: Answers, *, language: str, at: datetime
) -> ScreenPop:
    """Everything put together; where a service is silent the directory stands in with what it knows."""
    tier = stars(answers) or (known.tier if known is not None else None) or contact.tier
    count = len(answers.open_cases)
    if "complaints" in answers.degraded and known is not None:
        count = known.open_complaints
    codes = advice_codes(situation(contact, answers, tier=tier, open_cases=count, at=at))
    return ScreenPop(
        contact_id=contact.id,
        customer_id=contact.customer_id,
        customer=None if answers.file is None else dict(answers.file),
        tier=None if tier is None else TierOut(stars=tier),
        scores=[dict(score) for score in (answers.scores or {}).get("scores", ())],
        open_cases=[dict(case) for case in answers.open_cases],
        open_case_count=count,
        trail=trail(recent, answers.timeline, language=language, at=at),
        advice=[AdviceOut(code=code, text=advice_text(code, language)) for code in codes],
        consents=[dict(consent) for consent in answers.consents],
        recommendations=[],
        degraded=list(answers.degraded),
    )


def stars(answers: Answers) -> int | None:
    """The tier as scoring says it, else as it stands on the file."""
    for source in (answers.scores, answers.file):
        tier = None if source is None else source.get("tier")
        if tier:
            return int(tier["stars"])
    return None


def situation(contact: Contact, answers: Answers, *, tier: int | None, open_cases: int, at: datetime) -> Situation:
    file: Json = answers.file or {}
    characteristics = (file.get("facts") or {}).get("characteristics") or {}
    risks = [score["value"] for score in (answers.scores or {}).get("scores", ()) if score.get("name") == "churn_risk"]
    return Situation(
        is_known=contact.customer_id is not None,
        behavior=characteristics.get("behavior"),
        tags=frozenset(file.get("tags") or ()),
        tier=tier,
        open_cases=open_cases,
        waited_seconds=contact.waited(at),
        churn_risk=float(risks[0]) if risks else None,
    )


def trail(recent: Sequence[Contact], timeline: Sequence[Json], *, language: str, at: datetime) -> list[TrailEntry]:
    """The two days over every channel, newest first; our own contacts as they stand here, with their nodes."""
    own_ids = {str(contact.id) for contact in recent}
    entries = [of_contact(contact, language=language, at=at) for contact in recent]
    others = [entry for entry in timeline if (entry.get("ref") or {}).get("id") not in own_ids]
    entries += [TrailEntry.model_validate({name: entry[name] for name in TrailEntry.model_fields}) for entry in others]
    return sorted(entries, key=lambda entry: entry.occurred_at, reverse=True)[:500]


def of_contact(contact: Contact, *, language: str, at: datetime) -> TrailEntry:
    nodes = [
        {"node": visit.node, "kind": visit.kind, "at": written(visit.at), "seconds": visit.seconds} for visit in contact.journey.visits
    ]
    details = {
        "state": contact.state.value,
        "queue_id": text(contact.queue_id),
        "agent_id": text(contact.agent_id),
        "waited_seconds": contact.waited(at),
        "wrap_up_code": contact.wrap_up_code,
        "nodes": nodes,
    }
    return TrailEntry(
        id=contact.id,
        occurred_at=contact.arrived_at,
        channel=contact.channel,
        kind="contact",
        title=TITLES.get(language, TITLES["en"]),
        details=details,
        ref={"type": "contact", "id": str(contact.id)},
    )


def text(id_: UUID | None) -> str | None:
    return None if id_ is None else str(id_)
