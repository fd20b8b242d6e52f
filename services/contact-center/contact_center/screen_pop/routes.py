"""The screen pop over HTTP."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Response
from service_kit.web.routing import Router, requires
from service_kit.words.fields import Id, written

from contact_center.acting import ActsForAnotherAgent, agent_of, require_acting_for
from contact_center.call import Call
from contact_center.contact.domain import Contact, ContactNotFound
from contact_center.contact.routes import own
from contact_center.directory.digests import AddressDigests
from contact_center.directory.domain import KnownCustomer
from contact_center.directory.store import DirectoryReader
from contact_center.languages import MESSAGES
from contact_center.screen_pop.advice import Situation, advice_codes
from contact_center.screen_pop.neighbor_answers import Answers
from contact_center.screen_pop.neighbors import TRAIL, Neighbors
from contact_center.screen_pop.recommendations import (
    Grounds,
    Recommendation,
    Subject,
    recommendations,
    recommended,
)
from contact_center.screen_pop.rights import known_to, permitted, scopes_for
from contact_center.screen_pop.schemas import (
    AdviceOut,
    RecommendationOut,
    ScreenPop,
    SubjectOut,
    TierOut,
    TrailEntry,
)

router = Router(tags=["contacts"])
MOST_TASKS = 5


@router.get(
    "/v1/contacts/{contact_id}/screen-pop",
    response_model=ScreenPop,
    raises=[ContactNotFound, ActsForAnotherAgent],
)
async def read_screen_pop(
    contact_id: Id, call: Annotated[Call, requires("contacts:read")]
) -> Response:
    """Read who is calling and how to talk to them.

    The other services are asked at the same time and within one deadline; an answer that is missing
    is named in `degraded`, the rest is shown. Tier and the number of open cases are known even
    then.

    A token with `agent_id` is shown the customer of whatever its agent has in hand, from the offer
    to the end of wrap-up, and nothing of what others have in hand. Everybody else is shown
    customers of their own units only: where the customer lies outside, the contact stands there as
    one of nobody known, and of what can be shown they get the parts whose own read scope the token
    has: `customer` needs customers:read, `scores` scores:read, `open_cases` and their number
    complaints:read, `consents` consents:read, the recommendation of `care_tasks` care:read, an
    entry of the `trail` the scope of its kind. What is left out is named in `withheld`.
    """
    async with call.reading() as reader:
        store = own(call, reader)
        contact = await store.get(contact_id)
        require_acting_for(call.caller, contact.agent_id, broad=("contacts:read",))
        if contact.customer_id is None:
            return _answered(call, contact, None, [contact], Answers())
        known = await DirectoryReader(reader, call.part(AddressDigests)).customer(
            contact.customer_id
        )
        if not _may_show(call, contact, None if known is None else known.unit):
            return _of_nobody_known(call, contact)
        recent = await store.recent(contact.customer_id, since=call.at - TRAIL)
    scopes = scopes_for(contact, call.caller)
    neighbors = call.part(Neighbors)
    answers = await neighbors.ask(contact.customer_id, at=call.at, language=call.language)
    # The file is newer than what news told the directory: a customer that moved away meanwhile is
    # shown no more.
    if answers.card is not None and not _may_show(call, contact, answers.card.unit):
        return _of_nobody_known(call, contact)
    return _answered(call, contact, known_to(known, scopes), recent, permitted(answers, scopes))


def _may_show(call: Call, contact: Contact, unit: str | None) -> bool:
    """The neighbors answer this service whatever the unit,
    so that who may see the customer is decided here.
    """
    return contact.is_in_hand_of(agent_of(call.caller)) or call.caller.sees(unit)


def _of_nobody_known(call: Call, contact: Contact) -> Response:
    stranger = replace(contact, customer_id=None, tier=None)
    return _answered(call, stranger, None, [stranger], Answers())


def _answered(
    call: Call,
    contact: Contact,
    known: KnownCustomer | None,
    recent: Sequence[Contact],
    answers: Answers,
) -> Response:
    return call.answer(
        screen_pop(contact, known, recent, answers, language=call.language, at=call.at)
    )


def screen_pop(
    contact: Contact,
    known: KnownCustomer | None,
    recent: Sequence[Contact],
    answers: Answers,
    *,
    language: str,
    at: datetime,
) -> ScreenPop:
    """Everything put together;
    where a service is silent the directory stands in with what it knows.
    """
    tier = stars(answers) or (known.tier if known is not None else None) or contact.tier
    count = len(answers.open_cases)
    if "complaints" in answers.degraded and known is not None:
        count = known.open_complaints
    grounds = grounds_of(contact, known, answers, tier=tier, open_count=count, at=at)
    codes = advice_codes(situation(contact, answers, tier=tier, open_cases=count, at=at))
    return ScreenPop(
        contact_id=contact.id,
        customer_id=contact.customer_id,
        customer=None if answers.card is None else dict(answers.card.file),
        tier=None if tier is None else TierOut(stars=tier),
        scores=[] if answers.scored is None else [dict(score) for score in answers.scored.scores],
        open_cases=[dict(case.shown) for case in answers.open_cases],
        open_case_count=count,
        trail=trail(recent, answers.timeline, language=language, at=at),
        advice=[
            AdviceOut(code=code, text=MESSAGES.label(f"advice.{code}", language)) for code in codes
        ],
        consents=[dict(consent) for consent in answers.consents],
        recommendations=[recommendation_out(each, language) for each in recommendations(grounds)],
        degraded=list(answers.degraded),
        withheld=list(answers.withheld),
    )


def stars(answers: Answers) -> int | None:
    """The tier as scoring says it, else as it stands on the file."""
    if answers.scored is not None and answers.scored.stars is not None:
        return answers.scored.stars
    return None if answers.card is None else answers.card.stars


def grounds_of(
    contact: Contact,
    known: KnownCustomer | None,
    answers: Answers,
    *,
    tier: int | None,
    open_count: int,
    at: datetime,
) -> Grounds:
    card = answers.card
    due = sorted(
        (task for task in answers.care_tasks if task.due_at <= at), key=lambda task: task.due_at
    )
    return Grounds(
        tier=tier,
        dedicated_agent_id=None if known is None else known.dedicated_agent_id,
        serving_agent_id=contact.agent_id,
        has_manager=None if card is None else card.account_manager is not None,
        open_cases=[
            Subject(type="complaint", id=case.id, about=case.number)
            for case in answers.open_cases[:MOST_TASKS]
        ],
        open_count=open_count,
        due_tasks=[
            Subject(type="care_task", id=task.id, about=task.text) for task in due[:MOST_TASKS]
        ],
        do_not_contact=card is not None and card.do_not_contact,
    )


def recommendation_out(recommendation: Recommendation, language: str) -> RecommendationOut:
    subject = recommendation.subject
    return RecommendationOut(
        group=recommendation.group,
        code=recommendation.code,
        lit=recommendation.is_lit,
        text=recommendation.text(language),
        cautions=[
            AdviceOut(code=code, text=recommended(code, language))
            for code in recommendation.cautions
        ],
        subject=None if subject is None else SubjectOut(type=subject.type, id=subject.id),
    )


def situation(
    contact: Contact, answers: Answers, *, tier: int | None, open_cases: int, at: datetime
) -> Situation:
    card, scored = answers.card, answers.scored
    return Situation(
        is_known=contact.customer_id is not None,
        behavior=None if card is None else card.behavior,
        tags=frozenset() if card is None else card.tags,
        tier=tier,
        open_cases=open_cases,
        waited_seconds=contact.waited(at),
        churn_risk=None if scored is None else scored.churn_risk,
    )


def trail(
    recent: Sequence[Contact], timeline: Sequence[TrailEntry], *, language: str, at: datetime
) -> list[TrailEntry]:
    """The two days over every channel, newest first;
    our own contacts as they stand here, with their nodes.
    """
    own_ids = {str(contact.id) for contact in recent}
    entries = [of_contact(contact, language=language, at=at) for contact in recent]
    entries += [entry for entry in timeline if entry.ref.get("id") not in own_ids]
    return sorted(entries, key=lambda entry: entry.occurred_at, reverse=True)[:500]


def of_contact(contact: Contact, *, language: str, at: datetime) -> TrailEntry:
    nodes = [
        {"node": visit.node, "kind": visit.kind, "at": written(visit.at), "seconds": visit.seconds}
        for visit in contact.journey.visits
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
        title=MESSAGES.label("trail.contact", language),
        details=details,
        ref={"type": "contact", "id": str(contact.id)},
    )


def text(id_: UUID | None) -> str | None:
    return None if id_ is None else str(id_)
