"""Consents as rows and back."""

from typing import Any

from service_kit.store.running import Record

from customer_profile.consent.domain import Consent, Status
from customer_profile.touch import Channel, Purpose


def consent_of(row: Record) -> Consent:
    return Consent(
        id=row["id"],
        customer_id=row["customer_id"],
        purpose=Purpose(row["purpose"]),
        channel=Channel(row["channel"]) if row["channel"] else None,
        status=Status(row["status"]),
        source=row["source"],
        proof=row["proof"],
        expires_at=row["expires_at"],
        recorded_at=row["recorded_at"],
    )


def row_of(consent: Consent) -> dict[str, Any]:
    return {
        "id": consent.id,
        "customer_id": consent.customer_id,
        "purpose": consent.purpose.value,
        "channel": consent.channel.value if consent.channel else None,
        "status": consent.status.value,
        "source": consent.source,
        "proof": consent.proof,
        "expires_at": consent.expires_at,
        "recorded_at": consent.recorded_at,
    }
