"""What is told of tier treatments."""

from collections.abc import Mapping
from dataclasses import asdict

from service_kit.store.outbox import Event
from service_kit.words.fields import Output, Version

from contact_center.marks import TREATMENTS
from contact_center.treatment.domain import TierTreatment
from contact_center.words import Moments, TierName


class TreatmentData(Output):
    """A tier is served in another way from now on."""

    tier: TierName
    head_start_seconds: Moments
    longest_wait_seconds: Moments | None
    preferred_seconds: Moments
    held_seconds: Moments
    version: Version


EVENTS: Mapping[str, type[Output]] = {
    "tier_treatment.changed": TreatmentData,
}


def of_treatment(treatment: TierTreatment) -> Event:
    payload = asdict(treatment)
    del payload["updated_at"]
    return Event(
        type="tier_treatment.changed", subject=TREATMENTS, at=treatment.updated_at, payload=payload
    )
