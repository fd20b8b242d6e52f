"""Opens a file as a sheet:
finds its format, encoding and header, then gives its rows one by one.
"""

import asyncio
import csv
import json
import re
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TypeVar

from service_kit.sheet import layout
from service_kit.sheet.archive import check_archive
from service_kit.sheet.cells import is_garbled
from service_kit.sheet.convert import MOST_ROWS, NOT_READABLE, TOO_MANY_ROWS
from service_kit.sheet.domain import (
    LONGEST_CELL,
    MOST_COLUMNS,
    Format,
    Row,
    Sheet,
    SheetNotReadable,
    Value,
)
from service_kit.sheet.encodings import encoding_of
from service_kit.words.messages import said

DELIMITERS = ",;\t|"
LONGEST_LINE = 1_000_000
LONGEST_HEADER = 20_000
# Files that people send as sheets and that are none; what they begin with tells them.
NO_SHEETS = (
    (b"BEGIN:VCARD", said("this is a vCard file: export the contacts as CSV")),
    (b"BEGIN:VCALENDAR", said("this is a calendar file, not a sheet")),
    (b"%PDF", said("this is a PDF file: save the table as XLSX or CSV")),
    (b"{\\RTF", said("this is a text document: save the table as XLSX or CSV")),
    (
        b"<",
        said(
            "this is HTML or XML, whatever its name says: open it in a spreadsheet and save it as"
            " XLSX or CSV"
        ),
    ),
)
ARRAY = re.compile(rb"\[\s*[\[{\]]")
Line = TypeVar("Line")
csv.field_size_limit(LONGEST_CELL * 4)


def format_of(path: str, name: str = "") -> Format:
    """The format by what the file begins with;
    its name only tells NDJSON from CSV when the content does not.
    """
    with Path(path).open("rb") as file:
        head = file.read(64)
    if not head.strip():
        raise SheetNotReadable("the file is empty")
    if head.startswith(b"PK\x03\x04"):
        return Format.XLSX
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        raise SheetNotReadable("this is an old XLS or a protected workbook; save it as XLSX or CSV")
    begin = head.replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")
    for mark, why in NO_SHEETS:
        if begin.upper().startswith(mark):
            raise SheetNotReadable(why)
    if ARRAY.match(begin):
        raise SheetNotReadable("this is a JSON array: write one object a line (NDJSON)")
    if begin.startswith(b"{") or name.lower().endswith((".ndjson", ".jsonl")):
        return Format.NDJSON
    return Format.CSV


def opened(path: str, name: str = "", encoding: str = "") -> Sheet:
    """The sheet in a CSV or NDJSON file, or a workbook whose rows were not converted yet (it has no
    columns).

    `encoding` is what the caller named, one of `encodings.Named`; without it the file must tell its
    own.
    """
    found = format_of(path, name)
    if found is Format.XLSX:
        check_archive(path)
        return Sheet(format=found, columns=(), path=path)
    codec = encoding_of(path, encoding)
    if found is Format.NDJSON:
        return Sheet(format=found, columns=_ndjson_columns(path, codec), path=path, encoding=codec)
    named, delimiter = _delimiter(path, codec)
    first = _readable(islice(_csv_lines(path, codec, delimiter), layout.LOOKED_AT))
    above = layout.header_at(first[named:]) + named
    columns = checked_header(first[above] if above < len(first) else [])
    return Sheet(
        format=found,
        columns=columns,
        path=path,
        encoding=codec,
        delimiter=delimiter,
        above=above + 1,
    )


async def converted(sheet: Sheet, target: str) -> Sheet:
    """A workbook's first visible sheet,
    unpacked by a process of its own into a file that is read like the others.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "service_kit.sheet.convert",
        sheet.path,
        target,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        _, told = await process.communicate()
    except BaseException:
        process.kill()
        await process.wait()
        raise
    if process.returncode == TOO_MANY_ROWS:
        raise SheetNotReadable(said("the sheet has more than {most} rows", most=MOST_ROWS))
    if process.returncode == NOT_READABLE:
        raise SheetNotReadable(
            said(
                "the workbook cannot be read: {why}",
                why=told.decode(errors="replace").strip()[:200],
            )
        )
    if process.returncode != 0:
        raise SheetNotReadable(
            "the workbook takes more memory or time than is accepted; save it as CSV"
        )
    first = [cells for _, cells in islice(_converted_lines(target), layout.LOOKED_AT)]
    above = layout.header_at(first)
    return Sheet(
        format=Format.XLSX,
        columns=checked_header(first[above] if first else []),
        path=target,
        above=above + 1,
    )


def checked_header(cells: list[str]) -> tuple[str, ...]:
    """The column names; SheetNotReadable when there are none, too many, or two of the same name."""
    names = [layout.plain(cell) for cell in cells]
    while names and not names[-1]:
        names.pop()
    given = [name for name in names if name]
    if not given:
        raise SheetNotReadable("the sheet has no header line")
    if len(names) > MOST_COLUMNS:
        raise SheetNotReadable(said("the sheet has more than {most} columns", most=MOST_COLUMNS))
    if not all(name.isprintable() for name in given):
        raise SheetNotReadable(
            "the header holds control characters: the file is no text, or its encoding is unknown"
        )
    twice = next((name for name in given if given.count(name) > 1), None)
    if twice is not None:
        raise SheetNotReadable(said("the column '{column}' comes twice", column=twice[:60]))
    return tuple(names)


def _readable(records: Iterator[list[str]]) -> list[list[str]]:
    """The records before the first that cannot be read;
    what is wrong with a row behind the header is told when it is its turn.
    """
    found: list[list[str]] = []
    try:
        found.extend(records)
    except SheetNotReadable:
        if not found:
            raise
    return found


def rows(sheet: Sheet) -> Iterator[Row]:
    """The rows behind the header,
    numbered as a spreadsheet shows them (for CSV and NDJSON: by record).
    """
    if sheet.format is Format.NDJSON:
        return _ndjson_rows(sheet)
    if sheet.format is Format.XLSX:
        return (
            _row(sheet, number, cells)
            for number, cells in _behind_header(sheet, _converted_lines(sheet.path))
        )
    lines = _behind_header(sheet, _csv_lines(sheet.path, sheet.encoding, sheet.delimiter))
    return (_row(sheet, number, cells) for number, cells in enumerate(lines, start=sheet.above + 1))


def count(sheet: Sheet) -> int:
    """How many rows there are behind the header."""
    if sheet.format is Format.NDJSON:
        return sum(1 for _ in _lines(sheet.path, sheet.encoding))
    if sheet.format is Format.XLSX:
        return sum(1 for _ in _behind_header(sheet, _lines(sheet.path, sheet.encoding)))
    return sum(
        1 for _ in _behind_header(sheet, _csv_lines(sheet.path, sheet.encoding, sheet.delimiter))
    )


def _row(sheet: Sheet, number: int, cells: list[str]) -> Row:
    if problem := _problem(sheet, cells):
        return Row(number, {}, problem)
    return Row(
        number,
        {name: cell for name, cell in zip(sheet.columns, cells, strict=False) if name and cell},
    )


def _problem(sheet: Sheet, cells: list[str]) -> str:
    """Why these cells are no row of the sheet; nothing for those that are."""
    if len(cells) > len(sheet.columns) and any(
        cell.strip() for cell in cells[len(sheet.columns) :]
    ):
        return said("the row has more cells than the header")
    if len(cells) == 1 < len(sheet.columns) and any(mark in cells[0] for mark in DELIMITERS):
        return said("the row is not separated like the header")
    if layout.is_total(cells):
        return said("this is a row of totals")
    if layout.is_header_again(cells, sheet.columns):
        return said("the row repeats the header")
    if any(not cell.isascii() and is_garbled(cell) for cell in cells):
        return said("the text was lost when the file was saved in a wrong encoding")
    return ""


def _behind_header(sheet: Sheet, lines: Iterator[Line]) -> Iterator[Line]:
    return islice(lines, sheet.above, None)


def _csv_lines(path: str, encoding: str, delimiter: str) -> Iterator[list[str]]:
    with Path(path).open(encoding=encoding, newline="") as file:
        # Strict: a quotation mark that nobody closes would else swallow the rest of the file as one
        # cell.
        reader = csv.reader(file, delimiter=delimiter, strict=True)
        line = 1
        try:
            for cells in reader:
                yield cells
                line = reader.line_num + 1
        except csv.Error as error:
            raise SheetNotReadable(
                said(
                    "the row that begins in line {line} cannot be read: {why}",
                    line=line,
                    why=_told(error),
                )
            ) from error


def _told(error: csv.Error) -> str:
    """What is wrong with a row;
    the reader says "unexpected end of data" of quotation marks that are still open at the end.
    """
    return said("a quotation mark is not closed") if "end of data" in str(error) else str(error)


def _converted_lines(path: str) -> Iterator[tuple[int, list[str]]]:
    with Path(path).open(encoding="utf-8") as file:
        for line in file:
            number, *cells = json.loads(line)
            yield number, cells


def _delimiter(path: str, encoding: str) -> tuple[int, str]:
    """How many lines name the delimiter (one or none), and what it is:
    the mark by which the first lines fall into most cells alike.
    """
    with Path(path).open(encoding=encoding, newline="") as file:
        lines = list(islice(iter(lambda: file.readline(LONGEST_HEADER), ""), layout.LOOKED_AT))
    if lines and (told := layout.separator_of(lines[0])):
        return 1, told
    return 0, max(DELIMITERS, key=lambda mark: (_alike(lines, mark), mark == ","))


def _alike(lines: list[str], mark: str) -> tuple[int, int]:
    """How many lines have most of this mark, as many as the fullest has, and how many that are."""
    counts = [line.count(mark) for line in lines]
    most = max(counts, default=0)
    return (counts.count(most) if most else 0), most


def _ndjson_columns(path: str, encoding: str) -> tuple[str, ...]:
    """The names in all rows:
    NDJSON has no header, and a member that comes late must not be passed over untold.
    """
    found: dict[str, None] = {}
    for line in _lines(path, encoding):
        try:
            found.update(dict.fromkeys(_object(line)))
        except ValueError:
            continue
        if len(found) > MOST_COLUMNS:
            raise SheetNotReadable(
                said("the sheet has more than {most} columns", most=MOST_COLUMNS)
            )
    return tuple(found)


def _ndjson_rows(sheet: Sheet) -> Iterator[Row]:
    for number, line in enumerate(_lines(sheet.path, sheet.encoding), start=1):
        try:
            read = {
                name: value for name, value in _object(line).items() if value not in ("", [], {})
            }
            yield Row(
                number,
                read,
                (
                    said("the text was lost when the file was saved in a wrong encoding")
                    if _holds_garbled(read)
                    else ""
                ),
            )
        except ValueError as error:
            (why,) = error.args
            yield Row(number, {}, why)


def _lines(path: str, encoding: str) -> Iterator[str]:
    with Path(path).open(encoding=encoding) as file:
        while line := file.readline(LONGEST_LINE):
            if len(line) == LONGEST_LINE:
                raise SheetNotReadable(
                    said("a line is longer than {most} characters", most=LONGEST_LINE)
                )
            yield line


def _object(line: str) -> dict[str, Value]:
    """The JSON object of one line with its leaves as texts; ValueError when it is none.
    A blank line is an empty object.
    """
    if not line.strip():
        return {}
    try:
        read = json.loads(line, parse_float=str, parse_int=str, parse_constant=_refused)
    except RecursionError as error:
        raise ValueError("the JSON is nested too deeply") from error
    except json.JSONDecodeError as error:
        raise ValueError(said("the line is not JSON: {why}", why=str(error)[:200])) from error
    if not isinstance(read, dict):
        raise ValueError("the line is not a JSON object")
    return {str(name): _plain(value) for name, value in read.items() if value is not None}


def _refused(constant: str) -> str:
    raise ValueError(said("{constant} is no JSON number", constant=constant))


def _holds_garbled(value: Value) -> bool:
    """Whether any text in it is."""
    if isinstance(value, str):
        return not value.isascii() and is_garbled(value)
    return any(
        _holds_garbled(each) for each in (value.values() if isinstance(value, dict) else value)
    )


def _plain(value: object, depth: int = 0) -> Value:
    if depth > 6:
        raise ValueError("the JSON is nested too deeply")
    if isinstance(value, dict):
        return {
            str(name): _plain(member, depth + 1)
            for name, member in value.items()
            if member is not None
        }
    if isinstance(value, list):
        return [_plain(member, depth + 1) for member in value if member is not None]
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
