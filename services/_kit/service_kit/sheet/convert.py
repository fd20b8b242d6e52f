"""Turns an XLSX workbook into rows of JSON in a process of its own:
what a hostile file makes of memory and time ends with it.
"""

import datetime
import json
import resource
import sys
import zipfile
import zlib
from pathlib import Path
from typing import Any

from service_kit.sheet.error_cells import with_errors_as_texts

LARGEST_MEMORY = 1_500_000_000
LONGEST_SECONDS = 300
MOST_ROWS = 1_048_576
# How the process ends where there is no table to read.
NOT_READABLE, TOO_MANY_ROWS = 2, 3
MOST_COLUMNS = 200
DIGITS_END = 1e15
# What archives and sheets raise that are not what they say they are.
BROKEN = (IndexError, ValueError, zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError)


def main(source: str, target: str) -> int:
    """Write the rows of the first visible sheet, one JSON array of texts a line, and tell its name
    on standard output; the exit code is 0 when all were written.
    """
    resource.setrlimit(resource.RLIMIT_AS, (LARGEST_MEMORY, LARGEST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (LONGEST_SECONDS, LONGEST_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    import python_calamine

    try:
        readable = with_errors_as_texts(source, f"{target}.xlsx")
        with python_calamine.CalamineWorkbook.from_path(readable) as workbook:
            sheets = [
                sheet.name
                for sheet in workbook.sheets_metadata
                if sheet.visible == python_calamine.SheetVisibleEnum.Visible
            ]
            sheet = workbook.get_sheet_by_name((sheets or workbook.sheet_names)[0])
            sys.stdout.buffer.write(sheet.name.encode())
            return _write(sheet, target)
    except (*BROKEN, python_calamine.CalamineError) as error:
        sys.stderr.write(str(error)[:300])
        return NOT_READABLE


def _write(sheet: Any, target: str) -> int:
    first = (sheet.start or (0, 0))[0] + 1
    with Path(target).open("w", encoding="utf-8") as file:
        for number, row in enumerate(sheet.iter_rows(), start=1):
            if number < first:
                continue
            if number > MOST_ROWS:
                return TOO_MANY_ROWS
            cells = [text_of(cell) for cell in row[: MOST_COLUMNS + 1]]
            file.write(json.dumps([number, *cells], ensure_ascii=False) + "\n")
    return 0


def text_of(cell: object) -> str:
    """A cell as a person would type it: whole numbers without a fraction, days as YYYY-MM-DD."""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        if abs(cell) >= DIGITS_END:
            # Fifteen digits are kept of it: written out, it would look like a number that somebody
            # typed.
            return f"{cell:.14E}"
        return str(int(cell)) if cell.is_integer() else repr(cell)
    if isinstance(cell, datetime.datetime):
        return (
            cell.date().isoformat() if cell.time() == datetime.time() else cell.isoformat(sep=" ")
        )
    if isinstance(cell, datetime.date | datetime.time):
        return cell.isoformat()
    return str(cell)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
