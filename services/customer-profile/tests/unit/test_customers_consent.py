"""May I contact this customer:
consent, quiet hours, the cap on touches, and those who want no contact.
"""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from customer_profile.consent.domain import Code, Consent, Status, decide, month_around
from customer_profile.contact_rules import QuietHours
from customer_profile.languages import MESSAGES
from customer_profile.testing import AT, RULES, a_consent, a_standing
from customer_profile.touch import Channel, Purpose
from hypothesis import given
from hypothesis import strategies as st

NIGHT = datetime(2026, 3, 2, 14, 30, tzinfo=UTC)  # half past ten in the evening in Shanghai


def reasons(
    *consents: Consent,
    purpose: Purpose = Purpose.SALE,
    channel: Channel = Channel.VOICE,
    at: datetime = AT,
    **other: object,
) -> tuple:
    return decide(
        a_standing(consents=consents, **other), RULES, purpose=purpose, channel=channel, at=at
    ).reasons


def test_a_sale_needs_a_consent_and_care_does_not() -> None:
    assert reasons() == (Code.NO_CONSENT,)
    assert reasons(purpose=Purpose.CARE) == ()


def test_the_newest_statement_that_fits_counts() -> None:
    granted = a_consent(recorded_at=AT)
    withdrawn = a_consent(Status.WITHDRAWN, recorded_at=AT + timedelta(hours=1))
    granted_again = a_consent(channel=None, recorded_at=AT + timedelta(hours=2))

    assert reasons(granted) == ()
    assert reasons(withdrawn, granted) == (Code.CONSENT_WITHDRAWN,)
    assert reasons(granted, withdrawn, granted_again) == ()


def test_a_statement_on_another_channel_or_purpose_does_not_count() -> None:
    assert reasons(a_consent(channel=Channel.EMAIL)) == (Code.NO_CONSENT,)
    assert reasons(a_consent(purpose=Purpose.MARKETING)) == (Code.NO_CONSENT,)


def test_a_statement_for_every_channel_counts_on_each() -> None:
    assert reasons(
        a_consent(Status.DENIED, channel=None, purpose=Purpose.CARE), purpose=Purpose.CARE
    ) == (Code.CONSENT_DENIED,)


def test_a_consent_ends_when_it_expires() -> None:
    consent = a_consent(expires_at=AT)

    assert reasons(consent, at=AT - timedelta(seconds=1)) == ()
    assert reasons(consent, at=AT) == (Code.CONSENT_EXPIRED,)


def test_quiet_hours_are_those_of_the_customer() -> None:
    assert reasons(purpose=Purpose.CARE, at=NIGHT) == (Code.QUIET_HOURS,)
    assert reasons(purpose=Purpose.CARE, at=NIGHT, time_zone="Europe/Berlin") == ()
    assert reasons(purpose=Purpose.CARE, at=AT, time_zone="America/New_York") == (Code.QUIET_HOURS,)


def test_a_letter_disturbs_nobody_at_night() -> None:
    assert reasons(purpose=Purpose.CARE, channel=Channel.LETTER, at=NIGHT) == ()


def test_the_answer_says_when_quiet_hours_end() -> None:
    decision = decide(a_standing(), RULES, purpose=Purpose.CARE, channel=Channel.VOICE, at=NIGHT)

    assert decision.quiet_until == datetime(2026, 3, 3, 0, 0, tzinfo=UTC)


def test_the_cap_and_do_not_contact_hold_for_our_own_initiative_only() -> None:
    standing = {"touches": 4, "do_not_contact": True}

    assert reasons(purpose=Purpose.CARE, **standing) == (Code.DO_NOT_CONTACT, Code.MONTHLY_CAP)
    assert reasons(purpose=Purpose.COMPLAINT, **standing) == ()


@given(
    st.integers(0, 250 * 365 * 24 * 60),
    st.sampled_from(["Asia/Shanghai", "Europe/Berlin", "America/St_Johns"]),
)
def test_at_the_end_of_quiet_hours_it_is_not_quiet_any_more(minutes: int, zone: str) -> None:
    quiet, at = (
        QuietHours(start=time(21), end=time(8)),
        datetime(1900, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes),
    )

    if quiet.includes(at, ZoneInfo(zone)):
        ends = quiet.over_at(at, ZoneInfo(zone))
        assert at < ends <= at + timedelta(hours=13)
        assert not quiet.includes(ends, ZoneInfo(zone))
        assert quiet.began_at(at, ZoneInfo(zone)) <= at


def test_the_month_is_that_of_the_customers_calendar() -> None:
    since, until = month_around(datetime(2026, 2, 28, 17, 0, tzinfo=UTC), ZoneInfo("Asia/Shanghai"))

    assert since == datetime(2026, 2, 28, 16, 0, tzinfo=UTC), "March has begun in Shanghai"
    assert until == datetime(2026, 3, 31, 16, 0, tzinfo=UTC)


@pytest.mark.parametrize("code", list(Code))
def test_every_reason_has_its_words(code: Code) -> None:
    assert MESSAGES.label(f"consent.{code}", "en")
