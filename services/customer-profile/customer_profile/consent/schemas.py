"""Consents and the contact decision as callers send and receive them."""

from typing import Annotated

from pydantic import Field
from service_kit.words.fields import Id, Input, Line, Output, Timestamp

from customer_profile.consent.domain import Code, Consent, Decision, Status
from customer_profile.languages import MESSAGES
from customer_profile.touch import Channel, Purpose


class NewConsent(Input):
    """What a customer said about being contacted:
    the newest statement that fits a purpose and channel counts.
    """

    customer_id: Id
    purpose: Annotated[Purpose, Field(strict=False)]
    channel: Annotated[
        Channel | None, Field(strict=False, description="Null means every channel.")
    ] = None
    status: Annotated[Status, Field(strict=False)]
    source: Annotated[
        Line, Field(description="Where the customer said so, such as a form or a call.")
    ]
    proof: Annotated[
        str | None,
        Field(
            max_length=10_000, description="The words agreed to, a recording's id, a document's id."
        ),
    ] = None
    expires_at: Timestamp | None = None


class ConsentView(Output):
    """One statement of a customer; they are kept as a history and never changed."""

    id: Id
    customer_id: Id
    purpose: Purpose
    channel: Channel | None
    status: Status
    source: Annotated[str, Field(max_length=200)]
    proof: Annotated[str | None, Field(max_length=10_000)]
    expires_at: Timestamp | None
    recorded_at: Timestamp


class ReasonOut(Output):
    """Why a contact is not allowed: a code for programs, a text for people."""

    code: Code
    text: Annotated[str, Field(max_length=200)]


class DecisionView(Output):
    """May this customer be contacted for this purpose, on this channel,
    at this moment? `quiet_until` is when quiet hours end.
    """

    customer_id: Id
    purpose: Purpose
    channel: Channel
    at: Timestamp
    allowed: bool
    reasons: Annotated[list[ReasonOut], Field(max_length=10)]
    quiet_until: Timestamp | None


def consent_view(consent: Consent) -> ConsentView:
    return ConsentView(
        id=consent.id,
        customer_id=consent.customer_id,
        purpose=consent.purpose,
        channel=consent.channel,
        status=consent.status,
        source=consent.source,
        proof=consent.proof,
        expires_at=consent.expires_at,
        recorded_at=consent.recorded_at,
    )


def reasons_out(decision: Decision, language: str) -> list[ReasonOut]:
    return [
        ReasonOut(code=reason, text=MESSAGES.label(f"consent.{reason}", language))
        for reason in decision.reasons
    ]
