"""What a customer agreed to, and whether they may be contacted for a purpose,
on a channel, at a moment.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo

from service_kit.words.errors import NotFound

from customer_profile.contact_rules import ContactRules
from customer_profile.touch import ANSWERING, Channel, Purpose

# What disturbs people when it comes at night; letters and e-mails wait until they are opened.
DISTURBING = frozenset(
    {
        Channel.VOICE,
        Channel.SMS,
        Channel.CHAT,
        Channel.PUSH,
        Channel.FACE_TO_FACE,
        Channel.SOCIAL,
        Channel.IVR,
        Channel.FAX,
    }
)


class ConsentNotFound(NotFound):
    """There is no consent with this id, or its customer lies outside the units of this token."""


class Status(StrEnum):
    GRANTED = "granted"
    DENIED = "denied"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, kw_only=True, slots=True)
class Consent:
    """One statement of a customer.
    `channel` None means every channel; the newest statement that fits counts.
    """

    id: UUID
    customer_id: UUID
    purpose: Purpose
    channel: Channel | None
    status: Status
    source: str
    proof: str | None
    expires_at: datetime | None
    recorded_at: datetime

    def fits(self, purpose: Purpose, channel: Channel) -> bool:
        return self.purpose is purpose and self.channel in (None, channel)

    def is_expired(self, at: datetime) -> bool:
        return self.expires_at is not None and self.expires_at <= at


class Code(StrEnum):
    """Why a contact is not allowed."""

    DO_NOT_CONTACT = "do_not_contact"
    CONSENT_DENIED = "consent_denied"
    CONSENT_WITHDRAWN = "consent_withdrawn"
    CONSENT_EXPIRED = "consent_expired"
    NO_CONSENT = "no_consent"
    QUIET_HOURS = "quiet_hours"
    MONTHLY_CAP = "monthly_cap"


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What is known of the customer for the decision;
    `touches` are those of the calendar month around the asked moment.
    """

    time_zone: str
    do_not_contact: bool
    consents: Sequence[Consent]
    touches: int


@dataclass(frozen=True, kw_only=True)
class Decision:
    """Whether the contact is allowed, why not, and when quiet hours would end."""

    reasons: tuple[Code, ...]
    quiet_until: datetime | None

    @property
    def is_allowed(self) -> bool:
        return not self.reasons


def decide(
    standing: Standing,
    rules: ContactRules,
    *,
    purpose: Purpose,
    channel: Channel,
    at: datetime,
    is_capped: bool = True,
) -> Decision:
    """May we contact this customer for this purpose, on this channel,
    at this moment? What is owed to them is not capped.
    """
    reasons: list[Code] = []
    if purpose not in ANSWERING:
        if standing.do_not_contact:
            reasons.append(Code.DO_NOT_CONTACT)
        refused = _consent(standing.consents, rules, purpose=purpose, channel=channel, at=at)
        if refused is not None:
            reasons.append(refused)
        if is_capped and standing.touches >= rules.touches_per_month:
            reasons.append(Code.MONTHLY_CAP)
    zone = ZoneInfo(standing.time_zone)
    is_quiet = channel in DISTURBING and rules.quiet.includes(at, zone)
    if is_quiet:
        reasons.append(Code.QUIET_HOURS)
    return Decision(
        reasons=tuple(reasons), quiet_until=rules.quiet.over_at(at, zone) if is_quiet else None
    )


def _consent(
    consents: Sequence[Consent],
    rules: ContactRules,
    *,
    purpose: Purpose,
    channel: Channel,
    at: datetime,
) -> Code | None:
    fitting = [consent for consent in consents if consent.fits(purpose, channel)]
    newest = max(fitting, key=lambda consent: (consent.recorded_at, consent.id), default=None)
    needs_consent = purpose in rules.consent_first
    if newest is None:
        return Code.NO_CONSENT if needs_consent else None
    if newest.status is Status.WITHDRAWN:
        return Code.CONSENT_WITHDRAWN
    if newest.status is Status.DENIED:
        return Code.CONSENT_DENIED
    return Code.CONSENT_EXPIRED if newest.is_expired(at) and needs_consent else None


def month_around(at: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The calendar month of the customer's local time around a moment,
    from its first instant to that of the next month.
    """
    first = at.astimezone(zone).replace(day=1, hour=0, minute=0, second=0, microsecond=0, fold=0)
    following = (first + timedelta(days=32)).replace(day=1)
    return first.astimezone(at.tzinfo), following.astimezone(at.tzinfo)
