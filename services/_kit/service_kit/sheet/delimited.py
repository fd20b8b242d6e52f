"""Records of delimited text (CSV): damage to one line stays in that line.

A quotation mark that nobody closes would swallow the rows behind it as one cell. Where quotation
marks do not fit, the line in which the record began is given up, and reading goes on at the next.
"""

import csv
import re
from collections import Counter
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path
from typing import NamedTuple

from service_kit.sheet import layout
from service_kit.sheet.domain import LONGEST_CELL
from service_kit.words.messages import said

DELIMITERS = ",;\t|"
LONGEST_HEADER = 20_000
QUOTE = '"'
QUOTED = re.compile(r'"[^"]*"')
LONGEST_READ = LONGEST_CELL * 4
csv.field_size_limit(LONGEST_READ)


class Record(NamedTuple):
    """The cells of one record, and why it cannot be read."""

    cells: list[str]
    problem: str = ""


class _Lines:
    """The lines of a file, which remembers those of the record in hand."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self.taken: list[str] = []

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        self.taken.append(line)
        return line

    def back_behind_the_first(self) -> str:
        """Give the record up: its first line; the others come again."""
        first, *others = self.taken
        self._lines = chain(others, self._lines)
        self.taken = []
        return first


def records(path: str, encoding: str, delimiter: str) -> Iterator[Record]:
    """All records of the file; one whose quotation marks do not fit is one line with its
    problem.
    """
    with Path(path).open(encoding=encoding, newline="") as file:
        lines = _Lines(file)
        reader = csv.reader(lines, delimiter=delimiter, strict=True)
        while True:
            try:
                cells = next(reader)
                problem = _unfit(lines.taken)
            except StopIteration:
                return
            except csv.Error as error:
                problem = _told(error)
            if problem:
                first = lines.back_behind_the_first()
                reader = csv.reader(lines, delimiter=delimiter, strict=True)
                yield Record(first.rstrip("\r\n").replace(QUOTE, "").split(delimiter), problem)
            else:
                lines.taken.clear()
                yield Record(cells)


def _unfit(lines: list[str]) -> str:
    """What a record over several lines with an odd number of quotation marks has: one too many, or
    one too few.
    """
    is_odd = len(lines) > 1 and sum(line.count(QUOTE) for line in lines) % 2 == 1
    return said("a quotation mark is not closed") if is_odd else ""


def _told(error: csv.Error) -> str:
    """What is wrong with a row, by what the reader calls it."""
    if "end of data" in str(error):
        return said("a quotation mark is not closed")
    if "field limit" in str(error):
        return said("a cell is longer than {most} characters", most=LONGEST_READ)
    return said("a quotation mark stands inside a quoted cell")


def delimiter_of(path: str, encoding: str) -> tuple[int, str]:
    """How many lines name the delimiter (one or none), and what it is:
    the mark by which most of the first lines fall into as many cells.
    """
    with Path(path).open(encoding=encoding, newline="") as file:
        lines = list(islice(iter(lambda: file.readline(LONGEST_HEADER), ""), layout.LOOKED_AT))
    if lines and (told := layout.separator_of(lines[0])):
        return 1, told
    return 0, max(DELIMITERS, key=lambda mark: (_alike(lines, mark), mark == ","))


def _alike(lines: list[str], mark: str) -> tuple[int, int]:
    """How many lines have the same number of this mark outside of quoted cells, and what number."""
    counts = Counter(QUOTED.sub("", line).count(mark) for line in lines)
    return max(((alike, number) for number, alike in counts.items() if number), default=(0, 0))
