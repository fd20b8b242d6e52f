"""A sheet: named columns and numbered rows of plain values, whatever the file's format was."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, TypeAlias

from service_kit.words.errors import Invalid

Value: TypeAlias = "str | list[Value] | dict[str, Value]"
MOST_COLUMNS = 200
LONGEST_CELL = 20_000


class Format(StrEnum):
    CSV = "csv"
    XLSX = "xlsx"
    NDJSON = "ndjson"


class SheetNotReadable(Invalid):
    """The file cannot be read as CSV, XLSX or NDJSON;
    save it again as UTF-8 CSV or as a plain XLSX workbook.
    """

    def __init__(self, detail: str = "", /) -> None:
        super().__init__(detail, pointer="/file")


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its number as a spreadsheet shows it, and its values by column;
    `problem` says why it cannot be read.
    """

    number: int
    values: dict[str, Value]
    problem: str = ""


class ToldBy(StrEnum):
    """How the encoding of a text file is known: the caller named it, a byte order mark says it, all
    bytes fit it as nothing else would, or it alone is likely.
    """

    CALLER = "caller"
    MARK = "mark"
    PROOF = "proof"
    LIKENESS = "likeness"


class Encoding(NamedTuple):
    """The codec of a text file, and how it is known."""

    codec: str
    told_by: ToldBy


UTF_8 = Encoding("utf-8", ToldBy.PROOF)


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """An opened sheet: where it lies and how it is read.

    Of a workbook `encoding` and `delimiter` say nothing, and `name` is its sheet's.
    """

    format: Format
    columns: tuple[str, ...]
    path: str
    name: str | None = None
    encoding: Encoding = UTF_8
    delimiter: str = ","
    # How many records stand above the first row, the header among them.
    above: int = 1
    # The number of the header as a spreadsheet shows it; NDJSON has none.
    header: int | None = None
