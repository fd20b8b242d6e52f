"""Spans between moments, as they are told and stored."""

from datetime import datetime


def passed(since: datetime, at: datetime) -> float:
    """Seconds from then on, to the millisecond;
    never below zero, whatever the clocks of two servers say.
    """
    return max(0.0, round((at - since).total_seconds(), 3))
