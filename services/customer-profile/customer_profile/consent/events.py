"""What is told about consents: which was given or refused, not in what words."""

from service_kit.store.outbox import Event
from service_kit.words.fields import Id, Output

from customer_profile.consent.domain import Consent, Status
from customer_profile.touch import Channel, Purpose


class ConsentChangedData(Output):
    """A customer granted, denied or withdrew a consent."""

    consent_id: Id
    customer_id: Id
    purpose: Purpose
    channel: Channel | None
    status: Status


def changed(given: Consent, unit: str) -> Event:
    payload = {
        "consent_id": str(given.id),
        "customer_id": str(given.customer_id),
        "purpose": given.purpose.value,
        "channel": given.channel.value if given.channel else None,
        "status": given.status.value,
    }
    return Event(
        type="consent.changed", subject=given.id, unit=unit, at=given.recorded_at, payload=payload
    )
