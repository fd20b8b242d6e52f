"""What a tier may expect while it waits.

Every tier has a treatment from the first day on: the usual ones are written by the migration that
makes their table, `migrations/versions/0002_contact_center.py`. From then on they are the company's
own, changed over the API alone; other usual ones are a migration of their own that touches what is
still at version 1.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from service_kit.words.errors import NotFound

from contact_center.routing.domain import SECOND, Treatment

NONE = "none"
KEY_CONTACT = "key_contact"


class TreatmentNotFound(NotFound):
    """There is no treatment of this name."""


@dataclass(frozen=True, kw_only=True)
class TierTreatment:
    """The configured treatment of one tier, in seconds."""

    tier: str
    head_start_seconds: int
    longest_wait_seconds: int | None
    preferred_seconds: int
    held_seconds: int
    version: int
    updated_at: datetime

    def treatment(self) -> Treatment:
        longest = self.longest_wait_seconds
        return Treatment(
            head_start=self.head_start_seconds * SECOND,
            longest_wait=None if longest is None else longest * SECOND,
            preferred_for=self.preferred_seconds * SECOND,
        )


def treatment_for(
    treatments: Mapping[str, Treatment], tier: int | None, *, is_key_contact: bool
) -> Treatment:
    """The treatment of a tier;
    a key contact gets its own where that gives the larger head start.
    """
    own = treatments.get(NONE if tier is None else str(tier), Treatment())
    if not is_key_contact:
        return own
    key = treatments.get(KEY_CONTACT, own)
    return key if key.head_start > own.head_start else own
