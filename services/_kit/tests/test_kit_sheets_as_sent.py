"""Sheets as people send them:
layouts around the rows, encodings, and cells that a spreadsheet spoiled.
"""

import asyncio
import io
import random
from datetime import date
from pathlib import Path

import pytest
import xlsxwriter
from service_kit.sheet import cells, reading
from service_kit.sheet.cells import CellSpoiled
from service_kit.sheet.days import day_of
from service_kit.sheet.domain import Row, Sheet, SheetNotReadable
from service_kit.sheet.encodings import EncodingUnknown


def opened(folder: Path, content: bytes, name: str = "", encoding: str = "") -> Sheet:
    path = folder / "file"
    path.write_bytes(content)
    return reading.opened(str(path), name, encoding)


def rows(folder: Path, content: str | bytes) -> list[Row]:
    return list(
        reading.rows(opened(folder, content if isinstance(content, bytes) else content.encode()))
    )


@pytest.mark.parametrize(
    ("content", "number"),
    [
        ("\ufeffsep=;\n姓名;手机\n赵六;139\n", 3),
        ('"sep=|"\n姓名|手机\n赵六|139\n', 3),
        ("2026年客户名单（内部）,\n,\n姓名,手机\n赵六,139\n", 4),
        ("\n\n姓名,手机\n赵六,139\n", 4),
        ('"姓\n名", 手机 \n赵六,139\n', 2),
        ("姓名\t手机\n赵六\t139\n", 2),
        ("姓名,手机\n赵六,139\n合计,1\n姓名,手机\n", 2),
    ],
)
def test_the_header_is_found_and_rows_keep_their_numbers(
    tmp_path: Path, content: str, number: int
) -> None:
    found = rows(tmp_path, content)

    assert [(row.number, row.problem) for row in found][:1] == [(number, "")]
    assert ["".join(name.split()) for name in found[0].values] == ["姓名", "手机"]
    assert list(found[0].values.values()) == ["赵六", "139"]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("合计,2,", "totals"),
        ("总 计：,,12.50", "totals"),
        ("Grand total,,3", "totals"),
        ("姓名,手机,备注", "repeats"),
        (" 姓名 , 手机 ,备注", "repeats"),
        ("王五;13900139000;", "separated"),
        ("王五\t13900139000\t", "separated"),
        ("JÃ¼rgen,1,", "wrong encoding"),
        ("ÕÅÎ°,1,", "wrong encoding"),
        ("寮犱紵,1,", "wrong encoding"),
        ("王\ufffd,1,", "wrong encoding"),
        ("锟斤拷,1,", "wrong encoding"),
    ],
)
def test_a_line_that_is_no_row_is_a_problem_of_that_line_alone(
    tmp_path: Path, line: str, why: str
) -> None:
    bad, good = rows(tmp_path, f"姓名,手机,备注\n{line}\n赵六,139,a; b\n")

    assert why in bad.problem
    assert good == Row(3, {"姓名": "赵六", "手机": "139", "备注": "a; b"})


@pytest.mark.parametrize(
    "name",
    [
        "Jürgen Müller",
        "François Noël",
        "Þór",
        "Zoë",
        "Łukasz",
        "學習",
        "学习",
        "卢卢",
        "한국",
        "Ångström",
        "Total",
    ],
)
def test_real_names_are_not_taken_for_garbled_ones(tmp_path: Path, name: str) -> None:
    (row,) = rows(tmp_path, f"name,phone\n{name},x1\n")

    assert row.problem == ""


def test_columns_beyond_the_bound_are_refused_in_every_format(tmp_path: Path) -> None:
    wide = [f"c{number}" for number in range(201)]
    with pytest.raises(SheetNotReadable, match="more than 200 columns"):
        opened(tmp_path, ",".join(wide).encode())
    with pytest.raises(SheetNotReadable, match="more than 200 columns"):
        opened(tmp_path, ("{" + ",".join(f'"{name}": 1' for name in wide) + "}").encode())
    with pytest.raises(SheetNotReadable, match="more than 200 columns"):
        converted(tmp_path, [wide])


def test_a_member_that_comes_late_in_ndjson_is_a_column_too(tmp_path: Path) -> None:
    lines = ['{"name": "A"}'] * 500 + ['{"name": "B", "late": 1}']

    assert opened(tmp_path, "\n".join(lines).encode()).columns == ("name", "late")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"BEGIN:VCARD\r\nVERSION:3.0\r\nEND:VCARD\r\n", "vCard"),
        ("\ufeffBEGIN:VCARD\n".encode("utf-16"), "vCard"),
        (b"\xef\xbb\xbf\nbegin:vcard\n", "vCard"),
        (b"BEGIN:VCALENDAR\n", "calendar"),
        (b"%PDF-1.7\n", "PDF"),
        (b"<html><table><tr><td>name</td></tr></table></html>", "HTML"),
        (b'<?xml version="1.0"?>', "XML"),
        (b"{\\rtf1 name}", "document"),
        (b'[{"name": "A"}]', "array"),
        (b"[\n  [1, 2]\n]", "array"),
    ],
)
def test_what_is_another_kind_of_file_is_refused_by_its_name(
    tmp_path: Path, content: bytes, why: str
) -> None:
    with pytest.raises(SheetNotReadable, match=why):
        opened(tmp_path, content, "people.csv")


SURNAMES = {
    "gb18030": "张王李赵刘陈杨黄周吴徐孙",
    "big5": "張陳黃劉鄭謝許蕭葉蔣盧",
    "shift_jis": "佐藤鈴木高橋田中渡辺",
}
GIVEN = {
    "gb18030": "伟芳娜敏静丽强磊军洋勇艳淼毓懿璟喆",
    "big5": "偉麗強傑濤蘭國華穎詠雯凱婷",
    "shift_jis": "さくらひろしタロウ美咲翔太",
}
WESTERN = ["Jürgen Müller", "Zoë Brönte", "François Noël", "José García", "Jörg Weiß"]
HEADERS = {
    "gb18030": "姓名,手机",
    "big5": "姓名,手機",
    "shift_jis": "氏名,電話",
    "windows-1252": "name,phone",
}


def some_names(encoding: str, number: int, chance: random.Random) -> list[str]:
    if encoding == "windows-1252":
        return [chance.choice(WESTERN) for _ in range(number)]
    return [
        chance.choice(SURNAMES[encoding]) + "".join(chance.choices(GIVEN[encoding], k=2))
        for _ in range(number)
    ]


@pytest.mark.parametrize("encoding", HEADERS)
def test_an_encoding_is_found_for_certain_or_not_at_all(tmp_path: Path, encoding: str) -> None:
    """Names by chance in files of many sizes:
    whatever is read is right, and of longer files most are read.
    """
    chance = random.Random(8)
    read = 0
    for number in [1, 2, 3, 5, 8, 30] * 20:
        text = (
            HEADERS[encoding]
            + "\n"
            + "".join(f"{name},1\n" for name in some_names(encoding, number, chance))
        )
        try:
            sheet = opened(tmp_path, text.encode(encoding))
        except EncodingUnknown:
            continue
        header, *expected = text.splitlines()
        assert sheet.columns == tuple(header.split(","))
        assert [f"{row.values[sheet.columns[0]]},1" for row in reading.rows(sheet)] == expected
        read += 1
    assert read > 60, f"{read} of 120 files were read"


@pytest.mark.parametrize(
    "content",
    [
        "姓名,手机\n张伟,1\n".encode("gb18030") + "李娜娜,2\n".encode(),
        "姓名,手机\n张伟,1\n".encode() + "李娜,2\n".encode("gb18030"),
        "name,city\nDvořák,Plzeň\n".encode("cp1250"),
        "имя,телефон\nИван,1\n".encode("cp1251"),
        "name,phone\n김민준,1\n".encode("cp949"),
    ],
)
def test_an_encoding_that_might_be_another_one_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(EncodingUnknown):
        opened(tmp_path, content)


def test_a_named_encoding_is_taken_and_one_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    content = "name,phone\nDvořák,1\n".encode("cp1250")

    assert [
        row.values["name"]
        for row in reading.rows(opened(tmp_path, content, encoding="windows-1250"))
    ] == ["Dvořák"]
    with pytest.raises(EncodingUnknown, match="utf-8"):
        opened(tmp_path, content, encoding="utf-8")


def converted(folder: Path, table: list[list[object]]) -> Sheet:
    file = io.BytesIO()
    with xlsxwriter.Workbook(
        file, {"in_memory": True, "default_date_format": "yyyy-mm-dd"}
    ) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate(table):
            sheet.write_row(number, 0, row)
        sheet.merge_range(40, 0, 40, 1, "")
    path = folder / "file"
    path.write_bytes(file.getvalue())
    return asyncio.run(reading.converted(reading.opened(str(path)), str(folder / "rows")))


def test_a_number_in_a_workbook_with_more_digits_than_it_keeps_is_marked(tmp_path: Path) -> None:
    sheet = converted(
        tmp_path,
        [
            ["Customers", ""],
            ["id", "phone"],
            [110101199003070000, 13911110010.0],
            [1234567890123456, 1],
        ],
    )

    written = [row.values for row in reading.rows(sheet) if row.values]

    assert written[0]["phone"] == "13911110010"
    for row in written:
        with pytest.raises(CellSpoiled):
            cells.as_number(str(row["id"]))


@pytest.mark.parametrize(
    "text",
    [
        "1.00002E+11", "1E+05", "1,00002e+11", "-1E-5", "#####", "########", "#N/A", "#REF!",
        "#DIV/0!", "#name?", "110101199003070000", "6222020200112230000", "2026-05-01", "2026/5/1",
        "1-Mar", "Mar-01", "3月1日", "2026-05-01 00:00:00", "\ufffd12", "１.０E+11", "1.0E5",
        "1.5e3", "1e11", "1.00002E11", "1.00002 E+11", "1.00002E +11", "12E5", "1.E5", ".5E3",
        "１Ｅ５", "100003.5",
    ],
)  # fmt: skip
def test_a_number_that_a_spreadsheet_destroyed_is_refused(text: str) -> None:
    with pytest.raises(CellSpoiled):
        cells.as_number(text)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        (" 1001 ", "1001"), ("1001.0", "1001"), ("13911110010.00", "13911110010"),
        ("'00042", "00042"), ("’139", "139"), ("00042", "00042"), ("C-1", "C-1"), ("1E5A", "1E5A"),
        ("E5", "E5"), ("12E-A", "12E-A"), ("12E5000", "12E5000"), ("１００１", "1001"),
        ("110101199003071234", "110101199003071234"), ("2026050100000010", "2026050100000010"),
        ("2.5.1", "2.5.1"), ("#12", "#12"), ("MAY-FLOWER", "MAY-FLOWER"),
    ],
)  # fmt: skip
def test_a_number_that_was_kept_is_read_as_it_was_typed(text: str, number: str) -> None:
    assert cells.as_number(text) == number


@pytest.mark.parametrize(
    "text",
    [
        "1990-02-03",
        "1990/2/3",
        "1990.2.3",
        "1990年2月3日",
        "19900203",
        "１９９０年２月３日",
        "3-Feb-1990",
        "03 February 1990",
        "1990-02-03 00:00:00",
    ],
)
def test_a_day_is_read_year_first_or_with_its_month_in_letters(text: str) -> None:
    assert day_of(text) == date(1990, 2, 3)


@pytest.mark.parametrize(
    "text",
    [
        "3/2/1990",
        "13/02/1990",
        "02/13/1990",
        "03-Feb-90",
        "90-02-03",
        "1990-02",
        "32907",
        "02-03",
        "农历八月十五",
        "19900203x",
        "",
    ],
)
def test_what_may_be_another_day_is_none(text: str) -> None:
    assert day_of(text) is None


@pytest.mark.parametrize("text", ["1990-02-30", "0000-00-00", "19901301", "1990年13月1日"])
def test_a_day_that_does_not_exist_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"range|month|year|day"):
        day_of(text)
