"""Lets the error cells of a workbook be read as the texts that they show: the reader of workbooks
takes some for empty cells, and gives up the whole workbook over the others.
"""

import re
import zipfile
from collections.abc import Iterator

# A cell whose type is "error"; inside a tag no `>` stands, so that a file may be cut behind any.
ERROR_CELL = re.compile(rb"""(<(?:\w+:)?c\s(?:[^>]*?\s)?t=)(["'])e\2""")
AS_TEXT = rb"\1\2str\2"
WORKSHEET = re.compile(r"xl/worksheets/[^/]+\.xml", re.IGNORECASE)
CHUNK = 1 << 20


def with_errors_as_texts(source: str, target: str) -> str:
    """The path of a workbook without error cells: the source itself where it has none, else a copy
    at the target.
    """
    with zipfile.ZipFile(source) as archive:
        sheets = [entry for entry in archive.infolist() if WORKSHEET.fullmatch(entry.filename)]
        if not any(ERROR_CELL.search(part) for entry in sheets for part in _parts(archive, entry)):
            return source
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as copy:
            for entry in archive.infolist():
                with copy.open(entry.filename, "w") as written:
                    for part in _parts(archive, entry):
                        is_sheet = entry in sheets
                        written.write(ERROR_CELL.sub(AS_TEXT, part) if is_sheet else part)
    return target


def _parts(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    """The content in parts that end behind a tag."""
    with archive.open(entry) as file:
        rest = b""
        while chunk := file.read(CHUNK):
            whole, mark, rest = (rest + chunk).rpartition(b">")
            yield whole + mark
        yield rest
