"""How a queue is doing: what was counted, and the figures that come of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo

from contact_center.moments import passed

COUNTED_FOR = timedelta(days=90)
"""Nothing is counted for longer than the events of this service are kept."""


@dataclass(frozen=True, kw_only=True)
class Counted:
    """What a queue has waiting now, and what it answered and lost since a moment;
    `in_time` within the seconds of its service level.
    """

    waiting: int
    first_waits_since: datetime | None
    agents: Mapping[str, int]
    answered: int
    in_time: int
    average_seconds: float | None
    abandoned: int

    @property
    def service_level(self) -> float | None:
        """The share of answered and abandoned contacts that were answered in time;
        None where there are none yet.
        """
        counted = self.answered + self.abandoned
        return None if counted == 0 else round(self.in_time / counted, 4)

    @property
    def average_speed_of_answer(self) -> float | None:
        """Average seconds that the answered contacts waited in this queue."""
        return None if self.average_seconds is None else round(self.average_seconds, 3)

    def longest_wait(self, at: datetime) -> float:
        """Seconds that the first in line has waited."""
        return 0.0 if self.first_waits_since is None else passed(self.first_waits_since, at)


def counted_from(asked: datetime | None, *, at: datetime, zone: tzinfo) -> datetime:
    """From where on to count:
    as asked within what is kept, else from the beginning of the company's day.
    """
    start_of_day = datetime.combine(at.astimezone(zone).date(), time(), zone)
    return max(asked or start_of_day, at - COUNTED_FOR)
