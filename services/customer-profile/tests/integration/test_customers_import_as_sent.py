"""Sheets as people send them, over the API:
nobody is lost, mixed up or renamed, and what was not taken is said.
"""

import asyncio
import json
from typing import Any

import pytest
from customer_profile.testing import customer_body
from service_kit.testing import Api


async def imported(
    api: Api, content: str | bytes, *, name: str = "people.csv", **form: str
) -> dict[str, Any]:
    file = content if isinstance(content, bytes) else content.encode()
    queued = await api.request(
        "POST", "/v1/customer-imports", files={"file": (name, file)}, data=form
    )
    assert queued.status_code == 202, queued.text
    for _ in range(400):
        work = (await api.get(queued.headers["location"])).json()
        if work["state"] not in ("queued", "running"):
            return dict(work)
        await asyncio.sleep(0.05)
    raise AssertionError(f"the import does not end: {work}")


async def errors(
    api: Api, work: dict[str, Any], language: str = "en"
) -> list[tuple[int, str, str]]:
    listed = await api.get(
        f"/v1/customer-imports/{work['id']}/errors", headers={"Accept-Language": language}
    )
    return [(each["row"], each["code"], each["detail"]) for each in listed.json()["items"]]


async def names(api: Api, **query: str) -> list[str]:
    return sorted(
        each["name"] for each in (await api.get("/v1/customers", params=query)).json()["items"]
    )


def outcome(work: dict[str, Any]) -> tuple[int, int, int, int]:
    counts = work["counts"]
    return counts["created"], counts["updated"], counts["unchanged"], counts["failed"]


HOUSEHOLD = "姓名,手机\n丈夫甲,13955550001\n妻子乙,13955550001\n儿子丙,13955550001\n"


async def test_a_household_with_one_phone_never_becomes_one_file_named_after_the_last(
    api: Api,
) -> None:
    dry = await imported(api, HOUSEHOLD, key="phone", dry_run="true")
    work = await imported(api, HOUSEHOLD, key="phone")
    again = await imported(api, HOUSEHOLD, key="phone")

    assert outcome(dry) == outcome(work) == (1, 0, 0, 2)
    assert outcome(again) == (0, 0, 1, 2)
    assert await names(api, phone="13955550001") == ["丈夫甲"]
    conflict = "a customer of another name has this identifier"
    assert (
        await errors(api, dry)
        == await errors(api, work)
        == [(3, "name_conflict", conflict), (4, "name_conflict", conflict)]
    )
    assert (await errors(api, work, "zh-CN"))[0][2] == "该标识已属于另一位姓名不同的客户"


async def test_a_household_without_a_key_is_three_files(api: Api) -> None:
    assert outcome(await imported(api, HOUSEHOLD)) == (3, 0, 0, 0)
    assert await names(api, phone="13955550001") == ["丈夫甲", "儿子丙", "妻子乙"]


async def test_who_was_created_by_other_doors_is_not_renamed_by_a_shared_phone(api: Api) -> None:
    await api.post(
        "/v1/customers",
        customer_body(name="张伟", identifiers=[{"type": "phone", "value": "13955550001"}]),
    )

    work = await imported(
        api, "姓名,手机,标签\n李娜,13955550001,a\n張 偉,13955550001,b\n", key="phone"
    )

    assert outcome(work) == (0, 1, 0, 1)
    (file,) = (await api.get("/v1/customers", params={"phone": "13955550001"})).json()["items"]
    assert (file["tags"][-1], len(await names(api, phone="13955550001"))) == ("b", 1)


async def test_ids_that_a_spreadsheet_destroyed_join_nobody(api: Api) -> None:
    sheet = "编号,姓名\n1.00002E+11,甲\n1.00002E+11,乙\n#####,丙\n#####,丁\n1001.0,戊\n1001,戊\n"

    work = await imported(api, sheet, key="external:erp")

    assert outcome(work) == (1, 0, 1, 4)
    assert {code for _, code, _ in await errors(api, work)} == {"spoiled"}
    assert await names(api, external="erp:1001") == ["戊"]


async def test_a_second_name_for_one_id_is_a_row_error_and_the_first_one_stays(api: Api) -> None:
    work = await imported(
        api, "编号,姓名\nV-1,陈一\nV-1,黄二\n100003.0,周三\n100003,吴四\n", key="external:v"
    )

    assert outcome(work) == (2, 0, 0, 2)
    told = "the sheet has this identifier before, with another name"
    assert await errors(api, work) == [(3, "name_conflict", told), (5, "name_conflict", told)]
    assert (await names(api, external="v:V-1"), await names(api, external="v:100003")) == (
        ["陈一"],
        ["周三"],
    )


async def test_columns_that_nobody_takes_are_named(api: Api) -> None:
    work = await imported(
        api, "姓名,手机,公司名称,,鞋码\n韩千叶,13911110041,灵蛇岛贸易有限公司,x,42\n"
    )

    taken = {"姓名": "name", "手机": "phone"}
    assert work["columns"] == {"taken": taken, "ignored": ["公司名称", "[D]", "鞋码"]}
    assert work["result"] == {"columns": taken}
    assert await names(api) == ["韩千叶"]


async def test_a_stray_quotation_mark_costs_its_row_and_how_the_sheet_was_read_is_told(
    api: Api,
) -> None:
    work = await imported(api, '姓名,鞋码\n甲,1\n"乙,2\n丙,3\n')

    assert (work["state"], outcome(work), await names(api)) == ("done", (2, 0, 0, 1), ["丙", "甲"])
    assert work["columns"] == {"taken": {"姓名": "name"}, "ignored": ["鞋码"]}
    assert work["sheet"] == {
        "format": "csv",
        "name": None,
        "encoding": "utf-8",
        "encoding_told_by": "proof",
        "delimiter": ",",
        "header_row": 1,
    }


async def test_a_late_member_of_ndjson_is_taken_or_named(api: Api) -> None:
    lines = [{"name": f"N{number}"} for number in range(300)] + [
        {"name": "Last", "phone": "13911110041", "shoe": "42"}
    ]

    work = await imported(api, "\n".join(map(json.dumps, lines)), name="people.ndjson")

    assert work["columns"] == {"taken": {"name": "name", "phone": "phone"}, "ignored": ["shoe"]}
    assert await names(api, phone="13911110041") == ["Last"]


@pytest.mark.parametrize(
    ("content", "detail", "chinese"),
    [
        (
            "姓名,客户名称\n甲,乙\n".encode(),
            "the columns '姓名' and '客户名称' both fill name; say in `mapping` which one does",
            "列“姓名”和“客户名称”都对应 name；请在 `mapping` 中说明用哪一列",
        ),
        (
            b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:A\r\nEND:VCARD\r\n",
            "this is a vCard file: export the contacts as CSV",
            "这是 vCard 文件；请将联系人导出为 CSV",
        ),
        (
            "name,city\nDvořák,Plzeň\n".encode("cp1250"),
            (
                "the file is neither UTF-8 nor UTF-16 text, and no other encoding is certain; save"
                " it again as UTF-8, or name it in `encoding`"
            ),
            (
                "该文件既不是 UTF-8 也不是 UTF-16 文本，也无法确定是其他哪种编码；请另存为 UTF-8，"
                "或用 `encoding` 指明编码"
            ),
        ),
    ],
)
async def test_what_is_not_certain_is_refused_at_once_in_the_callers_language(
    api: Api, content: bytes, detail: str, chinese: str
) -> None:
    file = {"file": ("people.csv", content)}
    english = await api.request("POST", "/v1/customer-imports", files=file)
    said = await api.request(
        "POST", "/v1/customer-imports", files=file, headers={"Accept-Language": "zh-CN"}
    )

    assert (english.status_code, english.json()["detail"]) == (422, detail)
    assert said.json()["detail"] == chinese


async def test_a_named_encoding_is_read_and_an_unknown_one_refused(api: Api) -> None:
    content = "name,phone\nDvořák,13911110041\n".encode("cp1250")

    work = await imported(api, content, encoding="windows-1250")
    unknown = await api.request(
        "POST",
        "/v1/customer-imports",
        files={"file": ("a.csv", content)},
        data={"encoding": "ebcdic"},
    )

    assert outcome(work) == (1, 0, 0, 0)
    assert await names(api, phone="13911110041") == ["Dvořák"]
    assert unknown.status_code == 422


async def test_lines_around_the_rows_make_no_customers(api: Api) -> None:
    sheet = "客户名单,,\n,,\n姓名,手机,生日\n甲,13911110041,1990.2.3\n姓名,手机,生日\n合计,1,\n"

    work = await imported(api, sheet.encode("gb18030"))

    assert outcome(work) == (1, 0, 0, 2)
    assert [(row, code) for row, code, _ in await errors(api, work)] == [
        (5, "unreadable"),
        (6, "unreadable"),
    ]
    assert await names(api) == ["甲"]
