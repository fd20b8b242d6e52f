"""Row errors as a CSV that is safe to open in a spreadsheet."""

import csv
import io
from uuid import UUID

from service_kit.database import Reader

from customer_profile.customer_import.store import problems_after

AT_ONCE = 1_000
HEADER = ("row", "column", "code", "detail")
# What spreadsheets take for a formula when a cell begins with it.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


async def as_csv(reader: Reader, import_id: UUID) -> str:
    """All row errors of an import."""
    written = io.StringIO()
    lines = csv.writer(written)
    lines.writerow(HEADER)
    after = 0
    while rows := await problems_after(reader, import_id, after=after, limit=AT_ONCE):
        lines.writerows([[safe(row[name]) for name in HEADER] for row in rows])
        after = rows[-1]["row"]
    return written.getvalue()


def safe(value: object) -> object:
    """A text that no spreadsheet runs."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value
