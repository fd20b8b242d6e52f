"""Laws of damaged sheets: what is wrong with one cell or line costs that row, and no other."""

import asyncio
import io
import zipfile
from pathlib import Path

import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from service_kit.sheet import reading
from service_kit.sheet.cells import CellSpoiled, as_shown
from service_kit.sheet.domain import Row, SheetNotReadable
from service_kit.sheet.report import told_of

HEADER = ["no", "name", "note"]
CELL = st.sampled_from(["x", "李娜", "a, b", ", Inc", "; c", "two words", "7", ""])
TABLE = st.lists(st.tuples(CELL, CELL), min_size=2, max_size=6)
ERRORS = ["#SPILL!", "#N/A", "#REF!", "#CALC!", "#BLOCKED!"]
BROKEN_LINES = ['"', '"open,1,2', "#SPILL!,#N/A,#REF!", '"a"b,c,d', 'x,"y,z', "a,b,c,d,e", ";;;"]
over_files = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


def quoted(cell: str, always: bool) -> str:
    return f'"{cell}"' if always or "," in cell else cell


def lines_of(table: list[tuple[str, str]], always: bool) -> list[str]:
    rows = [HEADER, *([f"R-{number}", *cells] for number, cells in enumerate(table))]
    return [",".join(quoted(cell, always) for cell in row) for row in rows]


def rows_of(folder: Path, content: bytes, name: str = "") -> list[Row]:
    path = folder / "file"
    path.write_bytes(content)
    return list(reading.rows(asyncio.run(reading.unpacked(str(path), name, ""))))


def by_number(rows: list[Row]) -> dict[int, Row]:
    return {row.number: row for row in rows}


@over_files
@given(table=TABLE, always=st.booleans(), data=st.data())
def test_one_stray_quotation_mark_costs_at_most_its_row(tmp_path: Path, table, always, data):
    lines = lines_of(table, always)
    good = by_number(rows_of(tmp_path, "\n".join(lines).encode()))
    hit = data.draw(st.integers(1, len(lines) - 1))
    place = data.draw(st.integers(0, len(lines[hit])))
    lines[hit] = f'{lines[hit][:place]}"{lines[hit][place:]}'

    damaged = by_number(rows_of(tmp_path, "\n".join(lines).encode()))

    del good[hit + 1]
    assert {number: row for number, row in damaged.items() if number != hit + 1} == good


@over_files
@given(table=TABLE, always=st.booleans(), line=st.sampled_from(BROKEN_LINES), data=st.data())
def test_a_broken_line_costs_itself_alone(tmp_path: Path, table, always, line, data):
    lines = lines_of(table, always)
    good = [row.values for row in rows_of(tmp_path, "\n".join(lines).encode())]
    hit = data.draw(st.integers(1, len(lines)))
    lines.insert(hit, line)

    damaged = rows_of(tmp_path, "\n".join(lines).encode())

    assert [row.values for row in damaged if row.number != hit + 1] == good


@over_files
@given(table=TABLE, line=st.sampled_from(['{"no": ', '"', "[1]", "NaN", '{"no": "#N/A"}']))
def test_a_broken_line_of_ndjson_costs_itself_alone(tmp_path: Path, table, line):
    good = [f'{{"no": "R-{number}"}}' for number, _ in enumerate(table)]

    rows = rows_of(tmp_path, "\n".join([good[0], line, *good[1:]]).encode(), "a.ndjson")

    assert [row.values["no"] for row in rows if row.number != 2] == [
        f"R-{number}" for number, _ in enumerate(table)
    ]


def a_workbook(table: list[list[str]], errors: dict[tuple[int, int], str]) -> bytes:
    """A workbook in which some cells are errors, also of kinds that the writer does not know."""
    plain, target = io.BytesIO(), io.BytesIO()
    with xlsxwriter.Workbook(plain) as book:
        sheet = book.add_worksheet("People")
        for number, row in enumerate(table):
            sheet.write_row(number, 0, row)
        for place in errors:
            sheet.write_formula(*place, "=NA()", None, "#N/A")
    shown = [error.encode() for _, error in sorted(errors.items())]
    with zipfile.ZipFile(plain) as source, zipfile.ZipFile(target, "w") as copy:
        for entry in source.namelist():
            content = source.read(entry)
            if entry.endswith("sheet1.xml"):
                first, *others = content.split(b"<v>#N/A</v>")
                parts = (b"<v>" + each + b"</v>" for each in shown)
                content = first + b"".join(map(bytes.__add__, parts, others))
            copy.writestr(entry, content)
    return target.getvalue()


@pytest.mark.parametrize("error", ERRORS)
def test_an_error_cell_of_a_workbook_stays_in_its_cell(tmp_path: Path, error: str) -> None:
    table = [HEADER, ["R-0", "A", "x"], ["R-1", "B", "y"], ["R-2", "C", "z"]]

    rows = rows_of(tmp_path, a_workbook(table, {(2, 1): error, (3, 2): "#REF!"}))

    assert [row.values for row in rows] == [
        {"no": "R-0", "name": "A", "note": "x"},
        {"no": "R-1", "name": error, "note": "y"},
        {"no": "R-2", "name": "C", "note": "#REF!"},
    ]
    with pytest.raises(CellSpoiled):
        as_shown(error)


def test_a_title_with_a_stray_mark_costs_nothing_and_a_damaged_header_is_refused(
    tmp_path: Path,
) -> None:
    titled = rows_of(tmp_path, b'"Our customers,,\nno,name,note\nR-0,A,x\n')

    assert titled == [Row(3, {"no": "R-0", "name": "A", "note": "x"})]
    with pytest.raises(SheetNotReadable, match="line 1 cannot be read: a quotation mark is not"):
        rows_of(tmp_path, b'no,"name,note\nR-0,A,x\n')


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"sep=;\nno;name\n1;A\n", ("csv", None, "utf-8", "proof", ";", 2)),
        ("\ufeffno,name\n1,A\n".encode(), ("csv", None, "utf-8-sig", "mark", ",", 1)),
        (
            "Title,\n姓名,手机\n张伟,1\n".encode("gb18030"),
            ("csv", None, "gb18030", "likeness", ",", 2),
        ),
        (b'{"no": "1"}\n', ("ndjson", None, "utf-8", "proof", None, None)),
        (
            a_workbook([["", ""], ["no", "name"], ["1", "A"]], {}),
            ("xlsx", "People", None, None, None, 2),
        ),
    ],
)
def test_a_report_says_how_the_sheet_was_read(tmp_path: Path, content: bytes, told: tuple) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)

    sheet = asyncio.run(reading.unpacked(str(path), "", ""))

    assert tuple(told_of(sheet).values()) == told
