"""Rows of sheets as people write them:
companies and people, phones, ids that a spreadsheet destroyed, words and days.
"""

import pytest
from customer_profile.customer_import.columns import MappingNotUsable, columns_of, key_of
from customer_profile.testing import deciding, draft, refusal


@pytest.mark.parametrize(
    ("columns", "fields", "ignored"),
    [
        (["姓名", "手机", "公司名称"], {"姓名": "name", "手机": "phone"}, ("公司名称",)),
        (["姓名", "单位", "部门"], {"姓名": "name"}, ("单位", "部门")),
        (["公司名称", "电话"], {"公司名称": "name", "电话": "phone"}, ()),
        (["公司名称", "联系人", "电话"], {"公司名称": "name", "电话": "phone"}, ("联系人",)),
        (
            ["First Name", "Last Name", "Company", "E-mail Address"],
            {"E-mail Address": "email"},
            ("First Name", "Last Name", "Company"),
        ),
        (
            ["name", "", "手机", "shoe size"],
            {"name": "name", "手机": "phone"},
            ("[B]", "shoe size"),
        ),
        (
            ["姓名", "手机", "电话", "邮箱"],
            {"姓名": "name", "手机": "phone", "电话": "phone", "邮箱": "email"},
            (),
        ),
    ],
)
def test_columns_are_taken_or_named_as_ignored(
    columns: list[str], fields: dict[str, str], ignored: tuple[str, ...]
) -> None:
    found = columns_of(columns, {}, None)

    assert (found.fields, found.ignored) == (fields, ignored)


@pytest.mark.parametrize(
    ("columns", "key"),
    [
        (["姓名", "客户名称"], None),
        (["公司名称", "单位"], None),
        (["生日", "出生日期"], None),
        (["身份证", "证件号码"], None),
        (["姓名", "手机", "电话"], "phone"),
    ],
)
def test_two_columns_for_one_field_are_refused_by_their_names_until_one_is_chosen(
    columns: list[str], key: str | None
) -> None:
    asked = key_of(key) if key else None
    one, other = columns[-2:]

    with pytest.raises(MappingNotUsable) as refused:
        columns_of(columns, {}, asked)

    assert one in refused.value.detail
    assert other in refused.value.detail
    chosen = columns_of(
        columns,
        {
            one: "name"
            if "名" in one or "公司" in one
            else columns_of([one], {}, None).fields[one],
            other: "",
        },
        asked,
    ).fields
    assert other not in chosen


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        ({"公司名称": "星河物流", "电话": "10086"}, "organization"),
        ({"客户名称": "广州星河物流有限公司"}, "organization"),
        ({"name": "Harbour Ltd"}, "organization"),
        ({"客户名称": "广州星河物流有限公司", "联系人": "陈生"}, "organization"),
        ({"客户名称": "张伟", "客户类型": "企业客户", "联系人": "陈生"}, "organization"),
        ({"姓名": "张伟"}, "individual"),
        ({"姓名": "张伟", "公司": "星河物流有限公司"}, "individual"),
        ({"客户名称": "张伟", "联系人": ""}, "individual"),
    ],
)
def test_a_company_is_no_person_and_a_person_no_company(cells: dict[str, str], kind: str) -> None:
    decided = deciding()

    decided.take(draft(**cells))

    (made,) = decided.known.created
    assert (made.kind, made.name) == (kind, next(iter(cells.values())))


def test_a_contact_person_beside_a_name_that_may_be_a_persons_is_refused() -> None:
    refused = refusal(客户名称="海风装饰", 联系人="陈生", 电话="020-81234567")

    assert (refused.code, refused.column) == ("kind_unclear", "联系人")


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("13911110010", "no_name"),
        ("139 1111 0010", "no_name"),
        ("+86 139 1111 0010", "no_name"),
        ("11010519491231002X", "no_name"),
        ("1.39E+10", "spoiled"),
        ("zw@example.com", "no_name"),
        ("张伟;13911110010", "no_name"),
        ("张伟|李娜", "no_name"),
        ("#N/A", "spoiled"),
        ("#####", "spoiled"),
        ("2026-05-01", "no_name"),
        ("暂缺", "no_name"),
        ("先生", "no_name"),
        ("TRUE", "no_name"),
        ("Unknown", "no_name"),
        ("张三、李四", "no_name"),
        ("张三/李四", "no_name"),
        ("张伟13911110010", "no_name"),
        ("姓名", "header_repeated"),
        ("客户名称", "header_repeated"),
    ],
)
def test_nobody_is_named_after_what_is_no_name(name: str, code: str) -> None:
    assert refusal(name=name).code == code


@pytest.mark.parametrize(
    "name",
    [
        "360",
        "58同城",
        "3M",
        "00004",
        "Customer 00004",
        "O'Connor",
        "51Talk",
        "没有",
        "1688",
        "张三·李四",
    ],
)
def test_names_with_digits_and_marks_are_names(name: str) -> None:
    assert draft(name=name).name == name


@pytest.mark.parametrize(
    ("cell", "numbers"),
    [
        ("13911110010.0", ["+8613911110010"]),
        ("87654321/87654322", ["87654321", "87654322"]),
        ("021-87654321、87654322", ["+862187654321", "87654322"]),
        ("13911110010 13911110011", ["+8613911110010", "+8613911110011"]),
        ("13911110010或13911110011", ["+8613911110010", "+8613911110011"]),
        ("'13911110011", ["+8613911110011"]),
        ("(020) 81234567", ["+862081234567"]),
        ("１３９１１１１００１２", ["+8613911110012"]),
        ("0086-139 1111 0012", ["+8613911110012"]),
        ("020-87654321转8001", ["+862087654321;ext=8001"]),
        ("020-87654321 ext. 8", ["+862087654321;ext=8"]),
        ("+862087654321;ext=8", ["+862087654321;ext=8"]),
        ("021-87654321、0755-88888888-802", ["+862187654321", "+8675588888888;ext=802"]),
        ("\u202d13911110012\u202c", ["+8613911110012"]),
        ("暂无", []),
        ("/", []),
    ],
)
def test_a_phone_is_read_as_people_type_it(cell: str, numbers: list[str]) -> None:
    assert [identifier.value for identifier in draft(name="A", 手机=cell).identifiers] == numbers


@pytest.mark.parametrize(
    "cell",
    [
        "139111100100",
        "1391111001",
        "13911110010.5",
        "1.39E+10",
        "1.391111E10",
        "-13911119912",
        "－13911119912",
        "'-13911119912",
        "−13911119912",
        "=13911119912",
        "*13911119912",
        "~13911119912",
        "+-13911119912",
        "(-13911119912)",
        "021-87654321、-13911119912",
        "#####",
        "87654321/22",
        "8765432187654322",
        "12345678901",
        "2026-05-01",
        "暂无电话",
    ],
)
def test_a_phone_that_nobody_could_dial_is_a_row_error(cell: str) -> None:
    assert refusal(name="A", 手机=cell).column == "手机"


def test_rows_behind_one_switchboard_do_not_find_one_another() -> None:
    """Everybody behind it has its number, and an extension of their own."""
    rows = [
        draft("phone", name="A", 手机=cell) for cell in ("020-87654321转8001", "020-87654321-8002")
    ]
    alone = draft("phone", name="A", 手机="020-87654321")

    assert len({each.key for each in (*rows, alone)}) == 3


@pytest.mark.parametrize("target", ["external:erp", "loyalty", "government_id"])
@pytest.mark.parametrize(
    "cell",
    [
        "1.00002E+11",
        "1.0E5",
        "1e11",
        "1.00002 E+11",
        "12E5",
        "#####",
        "#N/A",
        "110101199003070000",
        "2026-05-01",
    ],
)
def test_an_id_that_a_spreadsheet_destroyed_is_a_row_error(target: str, cell: str) -> None:
    assert refusal(target, **{target: cell, "name": "A"}).code == "spoiled"


def test_ids_in_the_objects_of_ndjson_are_held_to_the_same() -> None:
    assert (
        refusal(
            name="A", identifiers=[{"type": "external", "system": "erp", "value": "1.00002E+11"}]
        ).code
        == "spoiled"
    )
    assert (
        refusal(name="A", identifiers=[{"type": "phone", "value": "139111100100"}]).code
        == "invalid"
    )


def test_words_are_read_as_people_write_them() -> None:
    read = draft(
        姓名="甲",
        性别="女性",
        客户类型="企业客户",
        角色="经销商、供应商",
        行业类别="政府",
        生日="1990.2.3",
    )

    assert (read.kind, read.roles, read.sector) == (
        "organization",
        ("dealer", "supplier"),
        "government",
    )
    assert read.facts == {"basic": {"sex": "female", "birth_date": "1990-02-03"}}
    assert draft(姓名="乙", 性别="保密").facts == {}


@pytest.mark.parametrize(
    "cells",
    [
        {"类型": "VIP客户"},
        {"行业类别": "制造业"},
        {"生日": "03-Feb-90"},
        {"生日": "1990-02"},
        {"生日": "32907"},
        {"生日": "2/3/1990"},
    ],
)
def test_a_word_that_is_not_certain_is_a_row_error(cells: dict[str, str]) -> None:
    assert refusal(name="A", **cells).column == next(iter(cells))
