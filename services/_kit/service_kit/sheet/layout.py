"""What lies in a sheet beside its rows:
titles above the header, a line naming the delimiter, totals below, the header again.
"""

import re
from collections.abc import Sequence

from service_kit.words.names import folded

LOOKED_AT = 20
SEPARATOR_LINE = re.compile(r'"?sep=(.)"?[\r\n]*', re.IGNORECASE)
TOTALS = frozenset(
    {
        "合计",
        "总计",
        "小计",
        "共计",
        "合計",
        "總計",
        "小計",
        "共計",
        "total",
        "totals",
        "subtotal",
        "grandtotal",
        "sum",
    }
)
BLANKS = re.compile(r"[\s:：]+")


def separator_of(line: str) -> str:
    """The delimiter that spreadsheets are told by a first line `sep=;`;
    nothing where it is no such line.
    """
    found = SEPARATOR_LINE.fullmatch(line.lstrip("\ufeff"))
    return found[1] if found else ""


def header_at(records: Sequence[Sequence[str]]) -> int:
    """Which of the first records is the header:
    the first that is not blank, but for lone titles above fuller rows.
    """
    filled = [sum(1 for cell in record if cell.strip()) for record in records]
    for number, count in enumerate(filled):
        is_title = count == 1 and len(records[number]) > 1 and max(filled[number:]) > 1
        if count and not is_title:
            return number
    return 0


def is_total(cells: Sequence[str]) -> bool:
    """Whether a row sums up the others:
    it begins with such a word and has nothing but numbers behind it.
    """
    filled = [BLANKS.sub("", cell) for cell in cells if cell.strip()]
    return (
        bool(filled)
        and filled[0].lower() in TOTALS
        and not any(letter.isalpha() for cell in filled[1:] for letter in cell)
    )


def plain(cell: str) -> str:
    """The name of a column without line breaks and blanks at its ends."""
    return " ".join(cell.strip().lstrip("\ufeff").split())


def is_header_again(cells: Sequence[str], columns: Sequence[str]) -> bool:
    """Whether a row repeats the names of the columns, as sheets that were put together do."""
    named = [(cell, column) for cell, column in zip(cells, columns, strict=False) if column]
    return bool(named) and all(folded(cell) == folded(column) for cell, column in named)
