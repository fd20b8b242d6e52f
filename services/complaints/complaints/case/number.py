"""Complaint numbers that people read out on the telephone: C20261121-7KQ2MX."""

import re
from datetime import date
from hashlib import sha256
from uuid import UUID

# No 0, 1, I, L and O, which are misheard and misread; 31 signs, a prime, so that the check sign
# finds every single wrong sign and every two neighbors swapped.
SIGNS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
DRAWN = 6
DAY = slice(1, 9)
PATTERN = rf"^C[0-9]{{8}}-[{SIGNS}]{{{DRAWN + 1}}}$"


def complaint_number(complaint_id: UUID, *, day: date, attempt: int = 0) -> str:
    """The number of a complaint recorded on a day;
    a further attempt gives another one, for the day two of them meet.
    """
    drawn = int.from_bytes(
        sha256(complaint_id.bytes + attempt.to_bytes(4, "big")).digest()[:8], "big"
    )
    body = "".join(SIGNS[drawn // len(SIGNS) ** place % len(SIGNS)] for place in range(DRAWN))
    stem = f"C{day:%Y%m%d}-{body}"
    return stem + check_sign(stem)


def check_sign(stem: str) -> str:
    """The last sign of the number that begins with the stem."""
    values = [int(digit) for digit in stem[DAY]] + [
        SIGNS.index(sign) for sign in stem[DAY.stop + 1 :]
    ]
    return SIGNS[sum(weight * value for weight, value in enumerate(values, start=1)) % len(SIGNS)]


def is_well_formed(number: str) -> bool:
    """Whether the check sign fits: what was mistyped is told without a look into the books."""
    return (
        re.fullmatch(PATTERN, number, re.ASCII) is not None
        and check_sign(number[:-1]) == number[-1]
    )
