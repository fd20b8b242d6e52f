"""Days as people write them;
what may mean two days is refused, since nobody sees a wrong birthday.
"""

import re
import unicodedata
from datetime import date

DAY = re.compile(r"([0-9]{4})\s*([-/.年])\s*([0-9]{1,2})\s*[-/.月]\s*([0-9]{1,2})\s*[日号]?")
PACKED = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})")
NAMED = re.compile(r"([0-9]{1,2})[- ]([A-Za-z]{3,9})\.?[- ,]+([0-9]{4})")
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
# Midnight is what spreadsheets add to a day.
MIDNIGHT = re.compile(r"[ T]0?0:00(?::00(?:\.0+)?)?$")


def day_of(text: str) -> date | None:
    """The day, year first or with its month in letters; None for other ways of writing.
    ValueError for a day that does not exist.
    """
    plain = text if text.isascii() else unicodedata.normalize("NFKC", text)
    plain = MIDNIGHT.sub("", plain.strip())
    if found := DAY.fullmatch(plain):
        return date(int(found[1]), int(found[3]), int(found[4]))
    if found := PACKED.fullmatch(plain):
        return date(int(found[1]), int(found[2]), int(found[3]))
    if (found := NAMED.fullmatch(plain)) and found[2][:3].lower() in MONTHS:
        return date(int(found[3]), MONTHS.index(found[2][:3].lower()) + 1, int(found[1]))
    return None
