"""The company's day: what is counted by days is counted by those of its time zone."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from scoring.call import Call


def company_day(moment: datetime, time_zone: str) -> date:
    """The day of a moment."""
    return moment.astimezone(ZoneInfo(time_zone)).date()


def today(call: Call) -> date:
    """The day at the moment of a call."""
    return company_day(call.at, call.settings.time_zone)


def zone_of(call: Call) -> ZoneInfo:
    """The company's time zone."""
    return ZoneInfo(call.settings.time_zone)
