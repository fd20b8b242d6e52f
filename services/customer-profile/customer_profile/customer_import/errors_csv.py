"""Row errors as a CSV that is safe to open in a spreadsheet."""

import csv
import io
from collections.abc import Callable
from uuid import UUID

from service_kit.store.running import Reader
from service_kit.words.messages import restored

from customer_profile.customer_import.store import BEFORE_ALL, ImportReader

AT_ONCE = 1_000
BYTE_ORDER_MARK = "\ufeff"
HEADER = ("row", "column", "code", "detail")
# What spreadsheets take for a formula when a cell begins with it.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


async def as_csv(reader: Reader, import_id: UUID, speak: Callable[[str], str]) -> str:
    """All row errors of an import."""
    # The mark tells spreadsheets that this is UTF-8.
    written = io.StringIO(BYTE_ORDER_MARK)
    written.seek(0, io.SEEK_END)
    lines = csv.writer(written)
    lines.writerow(HEADER)
    after, imports = BEFORE_ALL, ImportReader(reader, None)
    while rows := await imports.problems_after(import_id, after=after, limit=AT_ONCE):
        lines.writerows(
            [
                [row["row"], safe(row["column"]), row["code"], safe(speak(restored(row["detail"])))]
                for row in rows
            ]
        )
        after = rows[-1]["row"], rows[-1]["number"]
    return written.getvalue()


def safe(value: object) -> object:
    """A text that no spreadsheet runs."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value
