"""Opens a file as a sheet:
finds its format, encoding and header, then gives its rows one by one.
"""

import asyncio
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
from service_kit.sheet.delimited import DELIMITERS, Record, delimiter_of, records
from service_kit.sheet.domain import (
    MOST_COLUMNS,
    Format,
    Row,
    Sheet,
    SheetNotReadable,
    Value,
)
from service_kit.sheet.encodings import encoding_of
from service_kit.words.messages import said

LONGEST_LINE = 1_000_000
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
    told = encoding_of(path, encoding)
    if found is Format.NDJSON:
        columns = _ndjson_columns(path, told.codec)
        return Sheet(format=found, columns=columns, path=path, encoding=told)
    named, delimiter = delimiter_of(path, told.codec)
    first = list(islice(records(path, told.codec, delimiter), layout.LOOKED_AT))
    above = layout.header_at([record.cells for record in first[named:]]) + named
    return Sheet(
        format=found,
        columns=checked_header(_cells_of_header(first, above)),
        path=path,
        encoding=told,
        delimiter=delimiter,
        above=above + 1,
        header=above + 1,
    )


def _cells_of_header(first: list[Record], above: int) -> list[str]:
    """Raises SheetNotReadable for a damaged header: of it nobody can say which column is which."""
    if above >= len(first):
        return []
    cells, problem = first[above]
    if problem:
        why = "the row that begins in line {line} cannot be read: {why}"
        raise SheetNotReadable(said(why, line=above + 1, why=problem))
    return cells


async def unpacked(path: str, name: str, encoding: str) -> Sheet:
    """The sheet in a file, ready to be read row by row; a workbook's rows come to lie beside it."""
    sheet = await asyncio.to_thread(opened, path, name, encoding)
    return await converted(sheet, f"{path}.rows") if sheet.format is Format.XLSX else sheet


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
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        name, told = await process.communicate()
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
    first = list(islice(_converted_lines(target), layout.LOOKED_AT))
    above = layout.header_at([cells for _, cells in first])
    number, header = first[above] if first else (1, [])
    return Sheet(
        format=Format.XLSX,
        columns=checked_header(header),
        path=target,
        name=name.decode(errors="replace"),
        above=above + 1,
        header=number,
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
    found = enumerate(_behind_header(sheet, _records(sheet)), start=sheet.above + 1)
    return (_row(sheet, number, cells, problem) for number, (cells, problem) in found)


def count(sheet: Sheet) -> int:
    """How many rows there are behind the header."""
    if sheet.format is Format.NDJSON:
        return sum(1 for _ in _lines(sheet.path, sheet.encoding.codec))
    if sheet.format is Format.XLSX:
        return sum(1 for _ in _behind_header(sheet, _lines(sheet.path, sheet.encoding.codec)))
    return sum(1 for _ in _behind_header(sheet, _records(sheet)))


def _records(sheet: Sheet) -> Iterator[Record]:
    return records(sheet.path, sheet.encoding.codec, sheet.delimiter)


def _row(sheet: Sheet, number: int, cells: list[str], problem: str = "") -> Row:
    if problem := problem or _problem(sheet, cells):
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


def _converted_lines(path: str) -> Iterator[tuple[int, list[str]]]:
    with Path(path).open(encoding="utf-8") as file:
        for line in file:
            number, *cells = json.loads(line)
            yield number, cells


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
    for number, line in enumerate(_lines(sheet.path, sheet.encoding.codec), start=1):
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
