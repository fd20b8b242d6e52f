"""Tier treatments as the API reads and shows them."""

from typing import Annotated

from pydantic import Field
from service_kit.words.fields import Input, Output, Timestamp

from contact_center.treatment.domain import TierTreatment
from contact_center.words import Moments, TierName

Seconds = Annotated[
    int,
    Field(
        ge=1, le=86_400, json_schema_extra={"format": "int32"}, description="Seconds, up to a day."
    ),
]
HeldSeconds = Annotated[Moments, Field(deprecated=True)]


class TreatmentIn(Input):
    """How a tier is served.

    `head_start_seconds` count as already waited. Who has waited for `longest_wait_seconds` goes
    before all others. The dedicated or last-known agent goes first for `preferred_seconds`; when
    that agent cannot take the contact now, whoever else can has it at once. `held_seconds` is kept
    for older callers: nobody is held for one agent any more.
    """

    head_start_seconds: Moments
    longest_wait_seconds: Seconds | None
    preferred_seconds: Moments
    held_seconds: HeldSeconds = 0


class TreatmentView(Output):
    """How a tier is served."""

    tier: TierName
    head_start_seconds: Moments
    longest_wait_seconds: Seconds | None
    preferred_seconds: Moments
    held_seconds: HeldSeconds
    updated_at: Timestamp


def treatment_view(treatment: TierTreatment) -> TreatmentView:
    return TreatmentView(**{name: getattr(treatment, name) for name in TreatmentView.model_fields})
