"""Time zones as stretches of constant offset,
so that the arithmetic within a stretch is plain addition.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

MICROSECOND = timedelta(microseconds=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
HOUR = 3_600_000_000
# No zone of the database changes its offset twice within half a day.
_PROBE = 12 * HOUR

Stretch = tuple[int, int, int]
"""First instant, last instant (not included), offset from UTC; in microseconds."""


def instant(at: datetime) -> int:
    """Microseconds since 1970 in UTC."""
    return (at - EPOCH) // MICROSECOND


def moment(microseconds: int) -> datetime:
    return EPOCH + timedelta(microseconds=microseconds)


def is_known(name: str) -> bool:
    """Whether the time zone database has a zone of this name."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def constant_offsets(zone: str, start: int, until: int) -> Iterator[Stretch]:
    """The stretches of constant offset that cover `start` to `until`."""
    if until <= start:
        return
    for year in range(moment(start).year, moment(until - 1).year + 1):
        for begin, end, offset in _offsets_of_year(zone, year):
            if end > start and begin < until:
                yield max(begin, start), min(end, until), offset


@lru_cache(maxsize=2048)
def _offsets_of_year(zone: str, year: int) -> tuple[Stretch, ...]:
    tz = ZoneInfo(zone)
    begin, end = (instant(datetime(turn, 1, 1, tzinfo=UTC)) for turn in (year, year + 1))
    stretches: list[Stretch] = []
    since, offset = begin, _offset(tz, begin)
    for before, probe in pairwise([*range(begin, end, _PROBE), end - 1]):
        if _offset(tz, probe) != offset:
            change = _first_with_other_offset(tz, before, probe, offset)
            stretches.append((since, change, offset))
            since, offset = change, _offset(tz, probe)
    return (*stretches, (since, end, offset))


def _first_with_other_offset(tz: ZoneInfo, low: int, high: int, offset: int) -> int:
    """Halving between an instant that has the offset and a later one that has not."""
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _offset(tz, middle) == offset else (low, middle)
    return high


def _offset(tz: ZoneInfo, at: int) -> int:
    offset = moment(at).astimezone(tz).utcoffset()
    return (offset or timedelta(0)) // MICROSECOND
