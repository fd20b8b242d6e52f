"""What tests of this service, and of those who drive it, play it with."""

from complaints.testing.builders import (
    AN_ID,
    NOON,
    OFFICE_HOURS,
    OFFICE_WEEK,
    StoppedClock,
    a_calendar,
    a_clock_rule,
    a_complaint,
    a_hand,
    a_policy,
    a_proposal,
    a_report,
    some_terms,
    yuan,
)
from complaints.testing.customer_profile import CustomerFiles, customer_profile_played, on_a_socket
from complaints.testing.desk import A_REPORT, THE_USUAL_WAY, Desk, clock_named, with_holiday

__all__ = [
    "AN_ID",
    "A_REPORT",
    "NOON",
    "OFFICE_HOURS",
    "OFFICE_WEEK",
    "THE_USUAL_WAY",
    "CustomerFiles",
    "Desk",
    "StoppedClock",
    "a_calendar",
    "a_clock_rule",
    "a_complaint",
    "a_hand",
    "a_policy",
    "a_proposal",
    "a_report",
    "clock_named",
    "customer_profile_played",
    "on_a_socket",
    "some_terms",
    "with_holiday",
    "yuan",
]
