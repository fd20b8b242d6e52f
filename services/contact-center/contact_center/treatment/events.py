"""What is told of tier treatments."""

from service_kit.store.events import Event, Told
from service_kit.words.fields import Version

from contact_center.marks import TREATMENTS
from contact_center.treatment.domain import TierTreatment
from contact_center.words import Moments, TierName


class TierTreatmentChanged(Event, type="tier_treatment.changed"):
    """A tier is served in another way from now on."""

    tier: TierName
    head_start_seconds: Moments
    longest_wait_seconds: Moments | None
    preferred_seconds: Moments
    held_seconds: Moments
    version: Version

    @classmethod
    def of(cls, treatment: TierTreatment) -> Told:
        told = cls(**{name: getattr(treatment, name) for name in cls.model_fields})
        return told.about(TREATMENTS, at=treatment.updated_at)
