"""Sheets: encodings, delimiters, formats, and files that are none."""

import asyncio
import io
import zipfile
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from service_kit.sheet import reading
from service_kit.sheet.archive import check_archive
from service_kit.sheet.domain import Format, Row, Sheet, SheetNotReadable

SEEN = datetime(2026, 1, 2, 3, 4)  # noqa: DTZ001  # Workbooks know no time zones.
TEXT = "姓名{0}手机\r\n欧阳娜娜{0}13800138000\r\n"


def a_file(folder: Path, content: bytes) -> str:
    path = folder / "file"
    path.write_bytes(content)
    return str(path)


def opened(folder: Path, content: bytes, name: str = "") -> Sheet:
    return reading.opened(a_file(folder, content), name)


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le", "utf-16-be"]
)
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_a_csv_is_read_in_every_usual_encoding(
    tmp_path: Path, encoding: str, delimiter: str
) -> None:
    sheet = opened(tmp_path, TEXT.format(delimiter).encode(encoding))

    assert sheet.columns == ("姓名", "手机")
    assert list(reading.rows(sheet)) == [Row(2, {"姓名": "欧阳娜娜", "手机": "13800138000"})]


def test_quoted_cells_may_hold_delimiters_and_line_breaks(tmp_path: Path) -> None:
    sheet = opened(tmp_path, b'name,note\n"A, Inc.","one\ntwo"\nB,\n')

    assert [row.values for row in reading.rows(sheet)] == [
        {"name": "A, Inc.", "note": "one\ntwo"},
        {"name": "B"},
    ]
    assert reading.count(sheet) == 2


def test_a_row_with_more_cells_than_the_header_is_a_problem_of_that_row_alone(
    tmp_path: Path,
) -> None:
    sheet = opened(tmp_path, b"name\nA,B\nC,\n")

    problem, good = reading.rows(sheet)

    assert problem.problem
    assert good == Row(3, {"name": "C"})


def test_ndjson_columns_are_those_of_its_rows(tmp_path: Path) -> None:
    sheet = opened(tmp_path, b'{"a": 1, "b": [1, true, null]}\n\n{"c": {"d": 2.50}}\nnull\n')

    rows = list(reading.rows(sheet))

    assert (sheet.format, sheet.columns) == (Format.NDJSON, ("a", "b", "c"))
    assert [row.values for row in rows] == [
        {"a": "1", "b": ["1", "true"]},
        {},
        {"c": {"d": "2.50"}},
        {},
    ]
    assert [bool(row.problem) for row in rows] == [False, False, False, True]


@pytest.mark.parametrize(
    "line", ["NaN", '{"a": NaN}', "[1]", '{"a"', "[" * 5_000, '{"a": ' * 5_000]
)
def test_a_broken_line_of_ndjson_is_a_problem_of_that_line_alone(tmp_path: Path, line: str) -> None:
    sheet = opened(tmp_path, f'{{"name": "A"}}\n{line}\n{{"name": "B"}}\n'.encode())

    rows = list(reading.rows(sheet))

    assert [row.values for row in rows] == [{"name": "A"}, {}, {"name": "B"}]
    assert rows[1].problem


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b" \n",
        b"\x00\x01\x02\x03",
        b"name\n\xff\xff",
        b",,\n",
        b"a,a\n",
        b"\xd0\xcf\x11\xe0rest",
        b"PK\x03\x04rest",
        b'"name,phone\nA,1\n',
    ],
)
def test_what_is_no_sheet_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(SheetNotReadable):
        list(reading.rows(opened(tmp_path, content)))


def an_archive(folder: Path, *parts: tuple[str, bytes]) -> str:
    path = folder / "archive"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts:
            archive.writestr(name, content)
    return str(path)


def test_an_archive_that_unpacks_to_too_much_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SheetNotReadable, match="unpack"):
        check_archive(an_archive(tmp_path, ("xl/workbook.xml", b" " * 50_000_000)))


def test_an_archive_without_a_workbook_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SheetNotReadable, match="no workbook"):
        check_archive(an_archive(tmp_path, ("readme.txt", b"hello")))


def a_workbook(rows: list[list[Any]], *, skip: int = 0) -> bytes:
    file = io.BytesIO()
    with xlsxwriter.Workbook(
        file, {"in_memory": True, "default_date_format": "yyyy-mm-dd hh:mm"}
    ) as book:
        book.add_worksheet("hidden").hide()
        sheet = book.add_worksheet("people")
        sheet.activate()
        sheet.set_first_sheet()
        for number, row in enumerate(rows, start=skip):
            for column, cell in enumerate(row):
                sheet.write(number, column, cell)
    return file.getvalue()


def converted(folder: Path, content: bytes) -> Sheet:
    return asyncio.run(reading.converted(opened(folder, content), str(folder / "rows")))


def test_the_first_visible_sheet_of_a_workbook_is_read_as_it_is_shown(tmp_path: Path) -> None:
    cells = [
        ["name", "phone", "born", "seen", "share", "yes"],
        ["A", 13800138000, date(1990, 2, 3), SEEN, 0.5, True],
    ]

    sheet = converted(tmp_path, a_workbook(cells))

    expected = {
        "name": "A",
        "phone": "13800138000",
        "born": "1990-02-03",
        "seen": "2026-01-02 03:04:00",
        "share": "0.5",
        "yes": "true",
    }
    assert list(reading.rows(sheet)) == [Row(2, expected)]
    assert reading.count(sheet) == 1


def test_rows_keep_their_numbers_below_empty_lines(tmp_path: Path) -> None:
    sheet = converted(tmp_path, a_workbook([["name"], ["A"]], skip=3))

    assert list(reading.rows(sheet)) == [Row(5, {"name": "A"})]


def test_a_workbook_of_garbage_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SheetNotReadable):
        converted(
            tmp_path, Path(an_archive(tmp_path, ("xl/workbook.xml", b"<not xml"))).read_bytes()
        )
