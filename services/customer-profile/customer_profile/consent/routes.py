"""The API of consents and of the question "may I contact?"."""

from typing import Annotated

from fastapi import Depends, Query, Response
from service_kit.web.pages import Page, PageOf
from service_kit.web.routing import Router, requires
from service_kit.words.fields import LATEST, Id, Timestamp

from customer_profile.call import Call
from customer_profile.consent.domain import Consent, ConsentNotFound, decide
from customer_profile.consent.rows import consent_of
from customer_profile.consent.schemas import (
    ConsentView,
    DecisionView,
    NewConsent,
    consent_view,
    reasons_out,
)
from customer_profile.consent.store import ConsentReader, ConsentStore
from customer_profile.customer.domain import CustomerNotFound
from customer_profile.customer.store import BEHIND_ALL, CustomerReader, CustomerStore
from customer_profile.touch import Channel, Purpose

router = Router(tags=["consents"])


@router.post("/v1/consents", status_code=201, response_model=ConsentView, raises=[CustomerNotFound])
async def create_consent(
    body: NewConsent, call: Annotated[Call, requires("consents:write")]
) -> Response:
    """Record what a customer said about being contacted.

    Statements are a history: the newest one that fits a purpose and channel counts. To withdraw,
    record `withdrawn`.
    """
    given = Consent(
        id=call.new_id(),
        customer_id=body.customer_id,
        purpose=body.purpose,
        channel=body.channel,
        status=body.status,
        source=body.source,
        proof=body.proof,
        expires_at=body.expires_at,
        recorded_at=call.at,
    )
    async with call.transaction() as tx:
        unit = await CustomerStore.of(tx, call.caller).keep(body.customer_id)
        await ConsentStore.of(tx, call.caller).add(given, unit=unit)
        return call.created(consent_view(given), location=f"/v1/consents/{given.id}", version=1)


@router.get("/v1/consents/{consent_id}", response_model=ConsentView, raises=[ConsentNotFound])
async def read_consent(
    consent_id: Id, call: Annotated[Call, requires("consents:read")]
) -> Response:
    """Read one statement of a customer."""
    async with call.reading() as reader:
        found = await ConsentReader.of(reader, call.caller).get(consent_id)
    return call.answer(consent_view(found), version=1)


@router.get("/v1/consents", response_model=Page[ConsentView], raises=[CustomerNotFound])
async def list_consents(
    call: Annotated[Call, requires("consents:read")],
    page: Annotated[PageOf, Depends()],
    customer_id: Annotated[Id, Query(description="Whose consents.")],
) -> Response:
    """List a customer's statements, newest first."""
    async with call.reading() as reader:
        consents = ConsentReader.of(reader, call.caller)
        rows = await consents.of_customer(
            customer_id, before=page.after or (LATEST, BEHIND_ALL), limit=page.fetch
        )
        if not rows and page.after is None:
            await CustomerReader.of(reader, call.caller).unit_of(customer_id)
    items = [consent_view(consent_of(row)) for row in rows[: page.limit]]
    return call.page(page, items, next_cursor=page.next_cursor(rows, "recorded_at", "id"))


@router.get(
    "/v1/customers/{customer_id}/contact-decision",
    response_model=DecisionView,
    raises=[CustomerNotFound],
)
async def read_contact_decision(
    customer_id: Id,
    call: Annotated[Call, requires("consents:read")],
    purpose: Annotated[Purpose, Query(description="Why the customer would be contacted.")],
    channel: Annotated[Channel, Query(description="By which means.")],
    at: Annotated[
        Timestamp | None, Query(description="When; the present moment when left out.")
    ] = None,
) -> Response:
    """Ask whether a customer may be contacted.

    Consent, do-not-contact, the cap on touches per month and quiet hours by the customer's time
    zone decide. What answers the customer's own matter (inquiry, complaint, grievance, objection,
    service) is bound by quiet hours alone.
    """
    moment = at or call.at
    async with call.reading() as reader:
        known = await ConsentReader.of(reader, call.caller).standing(customer_id, at=moment)
    decision = decide(
        known, call.settings.contact_rules, purpose=purpose, channel=channel, at=moment
    )
    view = DecisionView(
        customer_id=customer_id,
        purpose=purpose,
        channel=channel,
        at=moment,
        allowed=decision.is_allowed,
        reasons=reasons_out(decision, call.language),
        quiet_until=decision.quiet_until,
    )
    return call.answer(view)
