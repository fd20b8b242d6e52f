"""What is told about consents: which was given or refused, not in what words."""

from service_kit.store.events import Event, Told
from service_kit.words.fields import Id

from customer_profile.consent.domain import Consent, Status
from customer_profile.touch import Channel, Purpose


class ConsentChanged(Event, type="consent.changed"):
    """A customer granted, denied or withdrew a consent."""

    consent_id: Id
    customer_id: Id
    purpose: Purpose
    channel: Channel | None
    status: Status

    @classmethod
    def of(cls, given: Consent, *, unit: str) -> Told:
        told = cls(
            consent_id=given.id,
            customer_id=given.customer_id,
            purpose=given.purpose,
            channel=given.channel,
            status=given.status,
        )
        return told.about(given.id, unit=unit, at=given.recorded_at)
