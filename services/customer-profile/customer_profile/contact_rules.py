"""The company's rules of contact, filled by GUANXI_CONSENT_FIRST,
GUANXI_QUIET_HOURS and GUANXI_TOUCHES_PER_MONTH.
"""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from customer_profile.touch import Purpose


@dataclass(frozen=True, kw_only=True)
class QuietHours:
    """From `start` to `end` of the customer's local time;
    over midnight when `end` is the earlier.
    """

    start: time
    end: time

    def includes(self, moment: datetime, zone: ZoneInfo) -> bool:
        local = moment.astimezone(zone).time()
        if self.start <= self.end:
            return self.start <= local < self.end
        return local >= self.start or local < self.end

    def over_at(self, moment: datetime, zone: ZoneInfo) -> datetime:
        """When the quiet hours around this moment end."""
        local = moment.astimezone(zone)
        end = local.replace(
            hour=self.end.hour, minute=self.end.minute, second=0, microsecond=0, fold=0
        )
        return (end if end > local else end + timedelta(days=1)).astimezone(moment.tzinfo)

    def began_at(self, moment: datetime, zone: ZoneInfo) -> datetime:
        """When the quiet hours around this moment began."""
        local = moment.astimezone(zone)
        start = local.replace(
            hour=self.start.hour, minute=self.start.minute, second=0, microsecond=0, fold=0
        )
        return (start if start <= local else start - timedelta(days=1)).astimezone(moment.tzinfo)


@dataclass(frozen=True, kw_only=True)
class ContactRules:
    """The company's rules:
    purposes that need a consent first, quiet hours, and the cap per calendar month.
    """

    consent_first: frozenset[Purpose]
    quiet: QuietHours
    touches_per_month: int
