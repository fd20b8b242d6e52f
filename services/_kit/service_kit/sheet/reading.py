"""Opens a file as a sheet: finds its format, encoding and header, then gives its rows one by one."""

import asyncio
import csv
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

from service_kit.messages import said
from service_kit.sheet.archive import check_archive
from service_kit.sheet.convert import MOST_ROWS, NOT_READABLE, TOO_MANY_ROWS
from service_kit.sheet.domain import LONGEST_CELL, MOST_COLUMNS, Format, Row, Sheet, SheetNotReadable, Value
from service_kit.sheet.encodings import encoding_of

DELIMITERS = ",;\t|"
HEADER_LOOKED_AT = 200
LONGEST_LINE = 1_000_000
Line = TypeVar("Line")
csv.field_size_limit(LONGEST_CELL * 4)


def format_of(path: str, name: str = "") -> Format:
    """The format by what the file begins with; its name only tells NDJSON from CSV when the content does not."""
    with Path(path).open("rb") as file:
        head = file.read(64)
    if not head.strip():
        raise SheetNotReadable("the file is empty")
    if head.startswith(b"PK\x03\x04"):
        return Format.XLSX
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        raise SheetNotReadable("this is an old XLS or a protected workbook; save it as XLSX or CSV")
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{") or name.lower().endswith((".ndjson", ".jsonl")):
        return Format.NDJSON
    return Format.CSV


def opened(path: str, name: str = "") -> Sheet:
    """The sheet in a CSV or NDJSON file, or a workbook whose rows were not converted yet (it has no columns)."""
    found = format_of(path, name)
    if found is Format.XLSX:
        check_archive(path)
        return Sheet(format=found, columns=(), path=path)
    encoding = encoding_of(path)
    if found is Format.NDJSON:
        return Sheet(format=found, columns=_ndjson_columns(path, encoding), path=path, encoding=encoding)
    delimiter = _delimiter(path, encoding)
    header = next(_csv_lines(path, encoding, delimiter), [])
    return Sheet(format=found, columns=checked_header(header), path=path, encoding=encoding, delimiter=delimiter)


async def converted(sheet: Sheet, target: str) -> Sheet:
    """A workbook's first visible sheet, unpacked by a process of its own into a file that is read like the others."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "service_kit.sheet.convert", sheet.path, target, stderr=asyncio.subprocess.PIPE
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
        raise SheetNotReadable(said("the workbook cannot be read: {why}", why=told.decode(errors="replace").strip()[:200]))
    if process.returncode != 0:
        raise SheetNotReadable("the workbook takes more memory or time than is accepted; save it as CSV")
    header = next(_converted_lines(target), (0, []))[1]
    return Sheet(format=Format.XLSX, columns=checked_header(header), path=target)


def checked_header(cells: list[str]) -> tuple[str, ...]:
    """The column names; SheetNotReadable when there are none, too many, or two of the same name."""
    names = [cell.strip().lstrip("\ufeff") for cell in cells]
    while names and not names[-1]:
        names.pop()
    given = [name for name in names if name]
    if not given:
        raise SheetNotReadable("the sheet has no header line")
    if len(names) > MOST_COLUMNS:
        raise SheetNotReadable(said("the sheet has more than {most} columns", most=MOST_COLUMNS))
    if not all(name.isprintable() for name in given):
        raise SheetNotReadable("the header holds control characters: the file is no text, or its encoding is unknown")
    twice = next((name for name in given if given.count(name) > 1), None)
    if twice is not None:
        raise SheetNotReadable(said("the column '{column}' comes twice", column=twice[:60]))
    return tuple(names)


def rows(sheet: Sheet) -> Iterator[Row]:
    """The rows behind the header, numbered as a spreadsheet shows them (for CSV and NDJSON: by record)."""
    if sheet.format is Format.NDJSON:
        return _ndjson_rows(sheet)
    if sheet.format is Format.XLSX:
        return (_row(sheet, number, cells) for number, cells in _behind_header(_converted_lines(sheet.path)))
    lines = _behind_header(_csv_lines(sheet.path, sheet.encoding, sheet.delimiter))
    return (_row(sheet, number, cells) for number, cells in enumerate(lines, start=2))


def count(sheet: Sheet) -> int:
    """How many rows there are behind the header."""
    if sheet.format is Format.NDJSON:
        return sum(1 for _ in _lines(sheet.path, sheet.encoding))
    if sheet.format is Format.XLSX:
        return sum(1 for _ in _behind_header(_lines(sheet.path, sheet.encoding)))
    return sum(1 for _ in _behind_header(_csv_lines(sheet.path, sheet.encoding, sheet.delimiter)))


def _row(sheet: Sheet, number: int, cells: list[str]) -> Row:
    if len(cells) > len(sheet.columns) and any(cell.strip() for cell in cells[len(sheet.columns) :]):
        return Row(number, {}, "the row has more cells than the header")
    return Row(number, {name: cell for name, cell in zip(sheet.columns, cells, strict=False) if name and cell})


def _behind_header(lines: Iterator[Line]) -> Iterator[Line]:
    next(lines, None)
    return lines


def _csv_lines(path: str, encoding: str, delimiter: str) -> Iterator[list[str]]:
    with Path(path).open(encoding=encoding, newline="") as file:
        # Strict: a quotation mark that nobody closes would else swallow the rest of the file as one cell.
        reader = csv.reader(file, delimiter=delimiter, strict=True)
        line = 1
        try:
            for cells in reader:
                yield cells
                line = reader.line_num + 1
        except csv.Error as error:
            raise SheetNotReadable(said("the row that begins in line {line} cannot be read: {why}", line=line, why=_told(error))) from error


def _told(error: csv.Error) -> str:
    """What is wrong with a row; the reader says "unexpected end of data" of quotation marks that are still open at the end."""
    return said("a quotation mark is not closed") if "end of data" in str(error) else str(error)


def _converted_lines(path: str) -> Iterator[tuple[int, list[str]]]:
    with Path(path).open(encoding="utf-8") as file:
        for line in file:
            number, *cells = json.loads(line)
            yield number, cells


def _delimiter(path: str, encoding: str) -> str:
    with Path(path).open(encoding=encoding, newline="") as file:
        first = file.readline(HEADER_LOOKED_AT * 100)
    return max(DELIMITERS, key=lambda mark: (first.count(mark), mark == ","))


def _ndjson_columns(path: str, encoding: str) -> tuple[str, ...]:
    """The names in the first rows: NDJSON has no header."""
    found: dict[str, None] = {}
    for number, line in enumerate(_lines(path, encoding)):
        if number >= HEADER_LOOKED_AT:
            break
        try:
            found.update(dict.fromkeys(_object(line)))
        except ValueError:
            continue
    return tuple(found)[:MOST_COLUMNS]


def _ndjson_rows(sheet: Sheet) -> Iterator[Row]:
    for number, line in enumerate(_lines(sheet.path, sheet.encoding), start=1):
        try:
            yield Row(number, {name: value for name, value in _object(line).items() if value not in ("", [], {})})
        except ValueError as error:
            (why,) = error.args
            yield Row(number, {}, why)


def _lines(path: str, encoding: str) -> Iterator[str]:
    with Path(path).open(encoding=encoding) as file:
        while line := file.readline(LONGEST_LINE):
            if len(line) == LONGEST_LINE:
                raise SheetNotReadable(said("a line is longer than {most} characters", most=LONGEST_LINE))
            yield line


def _object(line: str) -> dict[str, Value]:
    """The JSON object of one line with its leaves as texts; ValueError when it is none. A blank line is an empty object."""
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


def _plain(value: object, depth: int = 0) -> Value:
    if depth > 6:
        raise ValueError("the JSON is nested too deeply")
    if isinstance(value, dict):
        return {str(name): _plain(member, depth + 1) for name, member in value.items() if member is not None}
    if isinstance(value, list):
        return [_plain(member, depth + 1) for member in value if member is not None]
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
