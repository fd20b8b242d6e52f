"""Imports over the API:
sheets of three formats, dry runs, row errors, upserts, cancellation, bad files.
"""

import asyncio
import csv
import io
import json
import zipfile
from datetime import date
from typing import Any

import pytest
import xlsxwriter
from service_kit.testing import Api

PEOPLE = """external:erp,姓名,手机,生日,标签
E-1,张伟,138 0013 8000,1990-02-03,vip;campus
E-2,李娜,13900139000,1985/7/9,
E-3,王芳,010-88886666,,
"""


async def imported(
    api: Api, content: bytes, *, name: str = "people.csv", **form: str
) -> dict[str, Any]:
    """Upload, wait for the end, and give the import as it is then."""
    queued = await api.request(
        "POST", "/v1/customer-imports", files={"file": (name, content)}, data=form
    )
    assert queued.status_code == 202, queued.text
    return await ended(api, queued.headers["location"])


async def ended(api: Api, location: str) -> dict[str, Any]:
    for _ in range(400):
        work = (await api.get(location)).json()
        if work["state"] not in ("queued", "running"):
            return work
        await asyncio.sleep(0.05)
    raise AssertionError(f"the import does not end: {work}")


async def found(api: Api, **query: str) -> list[dict[str, Any]]:
    return (await api.get("/v1/customers", params=query)).json()["items"]


def counts(**given: int) -> dict[str, int]:
    return {"created": 0, "updated": 0, "unchanged": 0, "skipped": 0, "failed": 0} | given


async def test_a_sheet_of_customers_is_imported(api: Api) -> None:
    work = await imported(api, PEOPLE.encode(), key="external:erp", unit="cn.gd")

    assert work["state"] == "done", work
    assert work["counts"] == counts(created=3)
    assert work["progress"] == {"done": 3, "total": 3}
    fields = {
        "external:erp": "external:erp",
        "姓名": "name",
        "手机": "phone",
        "生日": "basic.birth_date",
        "标签": "tags",
    }
    assert work["result"] == {"columns": fields}
    (made,) = await found(api, external="erp:E-1")
    assert (made["name"], made["unit"], made["tags"]) == ("张伟", "cn.gd", ["vip", "campus"])
    assert made["facts"]["basic"] == {"birth_date": "1990-02-03"}
    assert [each["value"] for each in made["identifiers"]] == ["E-1", "+8613800138000"]
    assert [each["name"] for each in await found(api, q="wangfang")] == ["王芳"]
    assert [each["name"] for each in await found(api, phone="010 88886666")] == ["王芳"]


async def test_imported_customers_are_told_and_have_a_timeline(api: Api) -> None:
    work = await imported(api, PEOPLE.encode(), key="external:erp")

    told = await api.events("customer.created")
    assert len(told) == 3
    (made,) = await found(api, external="erp:E-2")
    timeline = (await api.get(f"/v1/customers/{made['id']}/timeline")).json()["items"]
    assert [(entry["kind"], entry["ref"]) for entry in timeline] == [
        ("import", {"type": "customer_import", "id": work["id"]})
    ]
    sources = (await api.get(f"/v1/customers/{made['id']}", params={"include": "sources"})).json()[
        "sources"
    ]
    assert [(entry["fact"], entry["sources"][0]["kind"]) for entry in sources] == [
        ("basic.birth_date", "import")
    ]


async def test_the_same_sheet_again_changes_nothing(api: Api) -> None:
    await imported(api, PEOPLE.encode(), key="external:erp")

    again = await imported(api, PEOPLE.encode(), key="external:erp")

    assert again["counts"] == counts(unchanged=3)
    assert len(await api.events("customer.created")) == 3


async def test_rows_find_their_customer_by_the_key_and_add_to_it(api: Api) -> None:
    await imported(api, PEOPLE.encode(), key="external:erp")
    sheet = "external:erp,name,email,tags\nE-1,张伟明,zw@example.com,gold\nE-9,赵六,,\n"

    work = await imported(api, sheet.encode(), key="external:erp")

    assert work["counts"] == counts(created=1, updated=1)
    (made,) = await found(api, external="erp:E-1")
    assert (made["name"], made["tags"]) == ("张伟明", ["vip", "campus", "gold"])
    assert {each["type"] for each in made["identifiers"]} == {"external", "phone", "email"}
    assert made["facts"]["basic"] == {"birth_date": "1990-02-03"}, "what a row does not say stays"


async def test_a_dry_run_counts_the_same_and_writes_nothing(api: Api) -> None:
    await imported(api, PEOPLE.encode(), key="external:erp")
    sheet = "external:erp,name\nE-1,张伟明\nE-2,李娜\nE-7,新\nE-7,新\nE-8,\n\n"

    dry = await imported(api, sheet.encode(), key="external:erp", dry_run="true")
    (before,) = await found(api, external="erp:E-1")
    nothing = await found(api, external="erp:E-7")
    wet = await imported(api, sheet.encode(), key="external:erp")

    assert dry["dry_run"] is True
    assert (
        dry["counts"]
        == wet["counts"]
        == counts(created=1, updated=1, unchanged=2, failed=1, skipped=1)
    )
    assert before["name"] == "张伟"
    assert nothing == []


async def test_bad_rows_are_listed_and_the_good_ones_are_imported(api: Api) -> None:
    sheet = (
        "external:erp,name,phone,birth_date,unit\n"
        "E-1,张伟,13800138000,1990-02-03,cn.gd\n"
        "E-2,李娜,not a phone,,cn.gd\n"
        "E-3,王芳,,1990-02-31,cn.gd\n"
        ",no key,,,cn.gd\n"
        "E-5,=cmd|' /C calc'!A0,,,cn.gd\n"
        "E-6,+86 only,,,cn.bj\n"
        "E-7,a,b,c,d,e,f,g\n"
    )
    own = api.as_("customers:import", "customers:read", units=["cn.gd"])

    work = await imported(own, sheet.encode(), key="external:erp")

    assert work["counts"] == counts(created=1, failed=6)
    download = await own.get(work["errors_url"])
    assert download.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(download.content.decode("utf-8-sig"))))
    assert [(row["row"], row["column"], row["code"]) for row in rows] == [
        ("3", "phone", "invalid"),
        ("4", "birth_date", "invalid"),
        ("5", "", "key_missing"),
        ("6", "name", "formula"),
        ("7", "name", "formula"),
        ("8", "", "unreadable"),
    ]
    assert "calc" not in download.text, "a row's own values stay out of the download"
    listed = (
        await own.get(f"/v1/customer-imports/{work['id']}/errors", params={"limit": 4})
    ).json()
    assert [item["row"] for item in listed["items"]] == [3, 4, 5, 6]
    assert listed["next_cursor"]


async def test_all_faults_of_a_row_are_listed_page_by_page_in_the_callers_language(
    api: Api,
) -> None:
    sheet = (
        "external:erp,name,phone,birth_date,sex,language,unit,do_not_contact\n"
        "E-1,张伟,not a phone,1990-02-31,neither,!!,A B,maybe\n"
        "E-2,李娜,,someday,,,,\n"
        ",王芳,,1990-02-31,,,,\n"
    )

    work = await imported(api, sheet.encode(), key="external:erp")

    assert work["counts"] == counts(failed=3)
    told: list[tuple[int, str, str]] = []
    path: str | None = f"/v1/customer-imports/{work['id']}/errors?limit=2"
    while path:
        page = await api.get(path, headers={"Accept-Language": "zh-CN"})
        told += [(item["row"], item["column"], item["detail"]) for item in page.json()["items"]]
        path = page.links["next"]["url"] if "next" in page.links else None
    assert told == [
        (2, "phone", "该值无法识别为 phone"),
        (2, "birth_date", "该日期不存在，或不在 1800 年至 2199 年之间"),
        (2, "sex", "性别须为 male、female 或 other"),
        (2, "language", "该值无法识别为 language"),
        (2, "unit", "该值无法识别为 unit"),
        (2, "do_not_contact", "该值既不是“是”也不是“否”"),
        (3, "birth_date", "日期须写成 YYYY-MM-DD"),
        (4, "birth_date", "该日期不存在，或不在 1800 年至 2199 年之间"),
        (4, "", "该行没有 external:erp"),
    ]
    download = await api.get(work["errors_url"], headers={"Accept-Language": "zh-CN"})
    assert [
        row["detail"] for row in csv.DictReader(io.StringIO(download.content.decode("utf-8-sig")))
    ] == [detail for _, _, detail in told]


async def test_rows_outside_the_own_units_are_refused(api: Api) -> None:
    await imported(api, b"external:erp,name,unit\nE-1,A,cn.bj\n", key="external:erp")
    own = api.as_("customers:import", "customers:read", units=["cn.gd"])

    work = await imported(
        own, b"external:erp,name,unit\nE-1,B,\nE-2,C,cn.sh\nE-3,D,\n", key="external:erp"
    )

    assert work["counts"] == counts(created=1, failed=2)
    assert (await found(api, external="erp:E-1"))[0]["name"] == "A"
    assert (await found(api, external="erp:E-3"))[0]["unit"] == "cn.gd"


async def test_a_column_is_mapped_either_way_round(api: Api) -> None:
    sheet = "nr,who,when\n1,Ann,1970-01-02\n"

    one = await imported(
        api,
        sheet.encode(),
        key="external:shop",
        mapping=json.dumps({"nr": "external:shop", "who": "name", "when": "basic.birth_date"}),
    )
    two = await imported(
        api,
        sheet.encode(),
        key="external:shop",
        mapping=json.dumps({"external:shop": "nr", "name": "who"}),
    )

    assert one["counts"] == counts(created=1)
    assert two["counts"] == counts(unchanged=1)


async def test_a_sheet_of_numbers_alone_makes_customers_that_are_not_named_after_them(
    api: Api,
) -> None:
    work = await imported(api, b"id\n00004\n00005\n", key="external:cdnow")

    assert work["counts"] == counts(created=2)
    assert [each["name"] for each in await found(api, external="cdnow:00004")] == ["未命名客户"]


async def test_a_sheet_from_an_old_office_program_is_imported(api: Api) -> None:
    sheet = "姓名;手机\r\n欧阳娜娜;13800138000\r\n"

    work = await imported(api, sheet.encode("gb18030"))

    assert work["counts"] == counts(created=1), work
    assert [each["name"] for each in await found(api, q="欧阳")] == ["欧阳娜娜"]


def workbook(rows: list[list[Any]]) -> bytes:
    file = io.BytesIO()
    with xlsxwriter.Workbook(
        file, {"in_memory": True, "default_date_format": "yyyy-mm-dd"}
    ) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate(rows):
            for column, cell in enumerate(row):
                sheet.write(number, column, cell)
    return file.getvalue()


async def test_a_workbook_is_imported_with_its_numbers_and_days(api: Api) -> None:
    content = workbook(
        [
            ["会员号", "姓名", "手机", "生日"],
            [1001, "张伟", 13800138000, date(1990, 2, 3)],
            [1002, "李娜", "", ""],
        ]
    )

    work = await imported(api, content, name="people.xlsx", key="loyalty")

    assert work["counts"] == counts(created=2), work
    (made,) = await found(api, loyalty="1001")
    assert made["facts"]["basic"] == {"birth_date": "1990-02-03"}
    assert made["identifiers"][1]["value"] == "+8613800138000"


async def test_ndjson_takes_flat_columns_and_whole_customers(api: Api) -> None:
    lines = [
        {"external:erp": "E-1", "name": "张伟", "tags": ["a", "b"], "basic.profession": "teacher"},
        {
            "name": "李娜",
            "kind": "individual",
            "identifiers": [
                {"type": "external", "system": "erp", "value": "E-2"},
                {"type": "phone", "value": "13800138000"},
            ],
            "facts": {"characteristics": {"hobbies": ["围棋"]}},
        },
    ]
    content = "\n".join(json.dumps(line, ensure_ascii=False) for line in lines) + "\n{broken\n[]\n"

    work = await imported(api, content.encode(), name="people.ndjson", key="external:erp")

    assert work["counts"] == counts(created=2, failed=2), work
    assert (await found(api, external="erp:E-1"))[0]["tags"] == ["a", "b"]
    assert (await found(api, external="erp:E-2"))[0]["facts"]["characteristics"] == {
        "hobbies": ["围棋"]
    }


def bomb() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b" " * 200_000_000)
    return file.getvalue()


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"", "empty.csv"),
        (b"   \n", "blank.csv"),
        (b"name,name\nA,B\n", "twice.csv"),
        (b"PK\x03\x04 not really", "broken.xlsx"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old.xls"),
        (b"name\n\xff\xff\xff\n", "binary.csv"),
        (bomb(), "bomb.xlsx"),
    ],
)
async def test_a_file_that_is_no_sheet_is_refused_at_once(
    api: Api, content: bytes, name: str
) -> None:
    refused = await api.request("POST", "/v1/customer-imports", files={"file": (name, content)})

    assert refused.status_code == 422, refused.text
    assert refused.headers["content-type"].startswith("application/problem+json")


async def test_a_workbook_that_claims_a_huge_sheet_fails_and_the_service_lives(api: Api) -> None:
    content = workbook([["name"], ["A"]])
    source, target = zipfile.ZipFile(io.BytesIO(content)), io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for entry in source.namelist():
            part = source.read(entry)
            if entry.endswith("sheet1.xml"):
                part = part.replace(b'r="A2"', b'r="XFD1048576"')
            archive.writestr(entry, part)

    work = await imported(api, target.getvalue(), name="huge.xlsx")

    assert work["state"] == "failed"
    assert "memory" in work["error"]
    chinese = await api.get(
        f"/v1/customer-imports/{work['id']}", headers={"Accept-Language": "zh-CN"}
    )
    assert chinese.json()["error"] == "读取该工作簿所需的内存或时间超过允许的范围；请另存为 CSV"
    assert (await api.get("/livez")).status_code == 200


async def test_a_quotation_mark_that_nobody_closes_does_not_swallow_the_rest_of_the_file(
    api: Api,
) -> None:
    work = await imported(
        api, 'name,kind\n张伟,individual\n"未闭合,individual\n李娜,individual\n'.encode()
    )

    assert (work["state"], work["counts"]) == ("done", counts(created=2, failed=1))
    assert await found(api, q="未闭合") == []
    (error,) = (await api.get(f"/v1/customer-imports/{work['id']}/errors")).json()["items"]
    assert (error["row"], error["detail"]) == (3, "a quotation mark is not closed")


async def test_a_sheet_of_which_no_column_is_known_is_refused(api: Api) -> None:
    wish = {"Accept-Language": "zh-CN"}
    refused = await api.request(
        "POST",
        "/v1/customer-imports",
        files={"file": ("a.csv", "顾客称呼,手提\n王一,1\n".encode())},
        headers=wish,
    )

    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/mapping")
    assert "没有可识别的列" in refused.json()["detail"]


async def test_a_file_with_nul_says_so(api: Api) -> None:
    refused = await api.request(
        "POST",
        "/v1/customer-imports",
        files={"file": ("a.csv", b"name\n" + b"x\n" * 9_000 + b"a\0b\n")},
    )

    fault = {"pointer": "/file", "detail": "the file holds NUL characters: it is not a text file"}
    assert (refused.status_code, refused.json()["errors"]) == (422, [fault])


async def test_a_field_of_the_form_is_pointed_at_by_its_name_alone(api: Api) -> None:
    refused = await api.request(
        "POST", "/v1/customer-imports", files={"file": ("a.csv", b"name\nx\n")}, data={"key": "erp"}
    )

    assert (refused.status_code, {fault["pointer"] for fault in refused.json()["errors"]}) == (
        422,
        {"/key"},
    )


@pytest.mark.parametrize(
    "form",
    [
        {"mapping": "no json"},
        {"mapping": '{"x": "name"}'},
        {"mapping": '{"name": "nothing"}'},
        {"key": "tier"},
        {"colour": "red"},
    ],
)
async def test_a_wrong_form_is_refused(api: Api, form: dict[str, str]) -> None:
    refused = await api.request(
        "POST", "/v1/customer-imports", files={"file": ("a.csv", b"name\nA\n")}, data=form
    )

    assert refused.status_code == 422, refused.text


async def test_an_upload_repeated_with_its_key_is_one_import(api: Api) -> None:
    sent = {"files": {"file": ("a.csv", b"name\nA\n")}, "headers": {"Idempotency-Key": "k"}}
    first = await api.request("POST", "/v1/customer-imports", **sent)

    again = await api.request("POST", "/v1/customer-imports", **sent)
    other = await api.request(
        "POST", "/v1/customer-imports", **(sent | {"files": {"file": ("a.csv", b"name\nB\n")}})
    )

    assert first.json()["id"] == again.json()["id"]
    assert other.status_code == 422


async def test_an_import_that_is_over_cannot_be_canceled(api: Api) -> None:
    work = await imported(api, b"name\nA\n")

    refused = await api.request("POST", f"/v1/customer-imports/{work['id']}/cancellation")

    assert refused.status_code == 409
    listed = (await api.get("/v1/customer-imports")).json()["items"]
    assert [item["id"] for item in listed] == [work["id"]]


async def test_the_file_is_not_kept_when_its_import_has_ended(api: Api) -> None:
    await imported(api, PEOPLE.encode(), key="external:erp")

    async with api.service.database.transaction() as tx:
        kept = await tx.connection.fetchval("SELECT count(*) FROM customer_profile.import_file")

    assert kept == 0
