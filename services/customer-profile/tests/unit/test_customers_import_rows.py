"""Rows of sheets: what a column fills, what a row says, what it does to the customers."""

from contextlib import suppress
from itertools import count
from typing import Any
from uuid import UUID

import pytest
from customer_profile.customer_import.columns import KeyNotUsable, MappingNotUsable, columns_of, fields_of, key_of
from customer_profile.customer_import.domain import Deciding, Defaults, Holding, Known
from customer_profile.customer_import.drafts import Draft, Drafting
from customer_profile.customer_import.problems import safe
from customer_profile.customer_import.readings import RowRefused
from customer_profile.testing import AT, PlainVault, a_customer, a_source, an_identifier
from hypothesis import given
from hypothesis import strategies as st
from service_kit.sheet.domain import Row

DEFAULTS = Defaults(unit="cn", language="zh-CN", time_zone="Asia/Shanghai", source=a_source(), units=None)


def drafting(*columns: str, key: str | None = None) -> Drafting:
    asked = key_of(key) if key else None
    return Drafting(columns_of(columns, {}, asked), key=asked, vault=PlainVault(), region="CN", zones=frozenset({"Asia/Shanghai"}))


def draft(key: str | None = None, **cells: Any) -> Draft:
    read = drafting(*cells, key=key).draft(Row(2, cells))
    assert read is not None
    return read


def refusal(key: str | None = None, **cells: Any) -> RowRefused:
    with pytest.raises(RowRefused) as refused:
        drafting(*cells, key=key).draft(Row(2, cells))
    return refused.value


def deciding(known: Known | None = None, *, units: tuple[str, ...] | None = None) -> Deciding:
    ids = (UUID(int=number) for number in count(1))
    defaults = Defaults(unit=units[0] if units else "cn", language="zh-CN", time_zone="Asia/Shanghai", source=a_source(), units=units)
    return Deciding(known or Known(), defaults, at=AT, ids=lambda: next(ids))


@pytest.mark.parametrize(
    ("column", "field"),
    [
        ("name", "name"),
        ("姓名", "name"),
        ("客户 名称", "name"),
        ("手机号码", "phone"),
        ("Phone Number", "phone"),
        ("E-Mail", "email"),
        ("external:erp", "external:erp"),
        ("basic.birth_date", "basic.birth_date"),
        ("Date of birth", "basic.birth_date"),
        ("TAGS", "tags"),
    ],
)
def test_a_usual_column_fills_its_field(column: str, field: str) -> None:
    assert fields_of([column], {}, None) == {column: field}


def test_a_column_that_nobody_knows_is_left_out() -> None:
    assert fields_of(["name", "shoe size"], {}, None) == {"name": "name"}


def test_the_key_is_found_in_its_own_column_or_in_one_that_stands_for_it() -> None:
    assert fields_of(["id", "name"], {}, key_of("external:cdnow"))["id"] == "external:cdnow"
    assert fields_of(["CDNOW ID"], {}, key_of("external:cdnow")) == {"CDNOW ID": "external:cdnow"}
    with pytest.raises(MappingNotUsable):
        fields_of(["name"], {}, key_of("external:cdnow"))


@pytest.mark.parametrize("key", ["", "tier", "external", "external:", "phone:erp", "external:E R P"])
def test_what_is_no_identifier_is_no_key(key: str) -> None:
    with pytest.raises(KeyNotUsable):
        key_of(key)


def test_a_row_is_read_with_its_lists_days_and_phones() -> None:
    read = draft(姓名=" 张伟 ", 手机="13800138000；010-88886666", 标签="vip、campus", 生日="1990年2月3日", 性别="男", hobbies="围棋,茶")

    assert (read.name, read.tags) == ("张伟", ("vip", "campus"))
    assert [identifier.value for identifier in read.identifiers] == ["+8613800138000", "+861088886666"]
    assert read.facts == {"basic": {"birth_date": "1990-02-03", "sex": "male"}, "characteristics": {"hobbies": ["围棋", "茶"]}}


@pytest.mark.parametrize("value", ["=1+1", "+cmd", "-cmd|x", "@SUM(A1)", "\t=1", "＝1"])
def test_a_value_that_a_spreadsheet_would_run_is_refused(value: str) -> None:
    if value == "＝1":
        assert draft(name=value).name == value
    else:
        assert refusal(name=value).code == "formula"


def test_signed_numbers_and_empty_marks_are_no_formulas() -> None:
    assert draft(name="A", profession="-5").facts == {"basic": {"profession": "-5"}}
    assert draft(name="A", profession="-").facts == {}


@pytest.mark.parametrize(
    ("cells", "code", "column"),
    [
        ({"phone": "nothing"}, "invalid", "phone"),
        ({"birth_date": "yesterday"}, "invalid", "birth_date"),
        ({"birth_date": "2023-02-29"}, "invalid", "birth_date"),
        ({"sex": "unclear"}, "invalid", "sex"),
        ({"kind": "robot"}, "invalid", "kind"),
        ({"unit": "Guangdong!"}, "invalid", "unit"),
        ({"time_zone": "Mars"}, "invalid", "time_zone"),
        ({"姓名": "x" * 201}, "too_long", "姓名"),
        ({"name": "a\0b"}, "invalid", "name"),
        ({"name": {"first": "A"}}, "invalid", "name"),
        ({"facts": {"private": {}}}, "invalid", "facts"),
        ({"facts": {"basic": {"Bad Name": "x"}}}, "invalid", "facts"),
        ({"identifiers": [{"type": "tier", "value": "x"}]}, "invalid", "identifiers"),
        ({"identifiers": ["x"]}, "invalid", "identifiers"),
        ({"facts": {"basic": {"address": {"a\0b": "y"}}}}, "invalid", "facts"),
        ({"facts": {"basic": {"address": {"\ud800": "y"}}}}, "invalid", "facts"),
        ({"facts": {"basic": {"address": {"x" * 61: "y"}}}}, "invalid", "facts"),
        ({"facts": {"basic": {"address": {"": "y"}}}}, "invalid", "facts"),
        ({"facts": {"basic": {"address": {"=1": "y"}}}}, "formula", "facts"),
        ({"facts": {"basic": {"address": {str(number): "y" for number in range(51)}}}}, "invalid", "facts"),
        ({"facts": {"basic": {"stops": [str(number) for number in range(101)]}}}, "invalid", "facts"),
        ({"facts": {"basic": {f"fact_{number}": "y" for number in range(101)}}}, "invalid", "facts"),
        ({"external:erp": '=HYPERLINK("http://x")'}, "formula", "external:erp"),
        ({"external:erp": "\uff1dSUM(A1)"}, "formula", "external:erp"),
        ({"social:chat": "@SUM(A1)"}, "formula", "social:chat"),
        ({"identifiers": [{"type": "external", "system": "erp", "value": "=1"}]}, "formula", "identifiers"),
        ({"language": "zh_CN"}, "invalid", "language"),
        ({"language": "en-" + "x" * 20}, "invalid", "language"),
    ],
)
def test_a_bad_cell_names_its_column_and_never_its_value(cells: dict[str, Any], code: str, column: str) -> None:
    refused = refusal(**cells)

    assert (refused.code, refused.column) == (code, column)
    assert str(next(iter(cells.values()))) not in refused.detail


@pytest.mark.parametrize("language", ["zh-CN", "en", "fr", "pt-BR", "zh-Hant-TW"])
def test_a_row_speaks_any_language_that_the_api_takes(language: str) -> None:
    assert draft(name="A", language=language).language == language


def test_a_number_with_a_sign_is_an_external_id() -> None:
    (identifier,) = draft(**{"external:erp": "-5"}).identifiers

    assert identifier.value == "-5"


def test_a_row_without_the_key_is_refused_and_an_empty_row_is_skipped() -> None:
    assert refusal("external:erp", **{"external:erp": "", "name": "A"}).code == "key_missing"
    assert drafting("name").draft(Row(2, {})) is None


def test_a_new_row_creates_and_the_same_row_again_changes_nothing() -> None:
    decided = deciding()

    for _ in range(2):
        decided.take(draft("external:erp", **{"external:erp": "E-1", "name": "张伟"}))
    decided.take(draft("external:erp", **{"external:erp": "E-1", "tags": "vip"}))
    decided.take(None)

    assert decided.counts == {"created": 1, "updated": 1, "unchanged": 1, "skipped": 1, "failed": 0}
    (made,) = decided.known.created
    assert (made.name, made.tags, decided.known.updated) == ("张伟", ("vip",), [])


def test_a_row_updates_the_stored_customer_that_its_key_finds() -> None:
    stored = a_customer(identifiers=(an_identifier("external", "E-1", system="erp"),), tags=("old",))
    known = Known()
    known.load([stored], [Holding("external:erp:E-1", stored.id, stored.id)])
    decided = deciding(known)

    decided.take(draft("external:erp", **{"external:erp": "E-1", "name": "李娜", "tags": "new"}))

    (updated,) = known.updated
    assert (updated.name, updated.tags, updated.version) == ("李娜", ("old", "new"), 2)


def test_an_identifier_of_somebody_else_is_refused() -> None:
    known = Known()
    other = a_customer()
    known.load([other], [Holding("loyalty:L-1", other.id, other.id)])
    decided = deciding(known)

    decided.take(draft("external:erp", **{"external:erp": "E-1", "name": "A", "loyalty": "L-1"}))

    assert [problem.code for problem in decided.problems] == ["taken"]


@pytest.mark.parametrize(
    ("names", "row", "code"),
    [
        (("A", "A"), {"name": "A"}, "ambiguous"),
        (("A", "B"), {"tags": "vip"}, "ambiguous"),
        (("A", "B"), {"name": "C"}, "name_conflict"),
        (("A",), {"name": "C"}, "name_conflict"),
    ],
)
def test_a_shared_phone_as_the_key_renames_nobody(names: tuple[str, ...], row: dict[str, str], code: str) -> None:
    household = [a_customer(name=name) for name in names]
    known = Known()
    known.load(household, [Holding("phone:+8613800138000", each.id, each.id) for each in household])
    decided = deciding(known)

    decided.take(draft("phone", phone="13800138000", **row))

    assert [problem.code for problem in decided.problems] == [code]
    assert known.after == {}


@pytest.mark.parametrize("spelling", ["张 伟", "張偉", "张　伟", "张\u200b伟"])
def test_of_a_household_the_row_is_about_who_has_its_name(spelling: str) -> None:
    mother, son = a_customer(name="李娜"), a_customer(name="张伟", tags=())
    known = Known()
    known.load([mother, son], [Holding("phone:+8613800138000", each.id, each.id) for each in (mother, son)])
    decided = deciding(known)

    decided.take(draft("phone", phone="13800138000", name=spelling, tags="vip"))

    (changed,) = known.updated
    assert (changed.id, changed.tags) == (son.id, ("vip",))


@pytest.mark.parametrize("key", ["phone", "email", "wechat"])
def test_of_one_sheet_the_first_of_a_household_is_taken_and_the_others_are_named(key: str) -> None:
    value = {"phone": "13955550001", "email": "home@example.com", "wechat": "our_home"}[key]
    decided = deciding()

    for name in ("丈夫甲", "妻子乙", "儿子丙", "丈夫甲"):
        decided.take(draft(key, **{key: value, "name": name}))

    assert [made.name for made in decided.known.created] == ["丈夫甲"]
    assert (decided.counts["unchanged"], [problem.code for problem in decided.problems]) == (1, ["name_conflict"] * 2)


def test_a_customer_outside_the_callers_units_is_not_touched() -> None:
    stored = a_customer(unit="cn.bj")
    known = Known()
    known.load([stored], [Holding("external:erp:E-1", stored.id, stored.id)])
    decided = deciding(known, units=("cn.gd",))

    decided.take(draft("external:erp", **{"external:erp": "E-1", "name": "A"}))

    assert [problem.code for problem in decided.problems] == ["taken"]
    assert known.after == {}


def test_a_new_customer_needs_a_name_unless_the_sheet_lists_numbers_of_another_system_alone() -> None:
    decided = deciding()

    decided.take(draft("external:erp", **{"external:erp": "E-1", "name": ""}))
    decided.take(draft("external:erp", **{"external:erp": "E-2"}))
    decided.take(draft("external:erp", **{"external:erp": "E-3", "First Name": "Emma"}))
    decided.take(draft(phone="13800138000"))
    decided.take(draft("email", email="a@example.com"))

    assert [problem.code for problem in decided.problems] == ["name_missing"] * 4
    assert [made.name for made in decided.known.created] == ["未命名客户"]


@pytest.mark.parametrize(
    ("columns", "fields", "ignored"),
    [
        (["姓名", "手机", "公司名称"], {"姓名": "name", "手机": "phone"}, ("公司名称",)),
        (["姓名", "单位", "部门"], {"姓名": "name"}, ("单位", "部门")),
        (["公司名称", "电话"], {"公司名称": "name", "电话": "phone"}, ()),
        (["公司名称", "联系人", "电话"], {"公司名称": "name", "电话": "phone"}, ("联系人",)),
        (["First Name", "Last Name", "Company", "E-mail Address"], {"E-mail Address": "email"}, ("First Name", "Last Name", "Company")),
        (["name", "", "手机", "shoe size"], {"name": "name", "手机": "phone"}, ("[B]", "shoe size")),
        (["姓名", "手机", "电话", "邮箱"], {"姓名": "name", "手机": "phone", "电话": "phone", "邮箱": "email"}, ()),
    ],
)
def test_columns_are_taken_or_named_as_ignored(columns: list[str], fields: dict[str, str], ignored: tuple[str, ...]) -> None:
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
def test_two_columns_for_one_field_are_refused_by_their_names_until_one_is_chosen(columns: list[str], key: str | None) -> None:
    asked = key_of(key) if key else None
    one, other = columns[-2:]

    with pytest.raises(MappingNotUsable) as refused:
        columns_of(columns, {}, asked)

    assert one in refused.value.detail
    assert other in refused.value.detail
    chosen = fields_of(columns, {one: "name" if "名" in one or "公司" in one else fields_of([one], {}, None)[one], other: ""}, asked)
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
        ("姓名", "header_repeated"),
        ("客户名称", "header_repeated"),
    ],
)
def test_nobody_is_named_after_what_is_no_name(name: str, code: str) -> None:
    assert refusal(name=name).code == code


@pytest.mark.parametrize("name", ["360", "58同城", "3M", "00004", "Customer 00004", "O'Connor", "51Talk", "1688", "张三·李四"])
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
        ("020-87654321转8001", ["+862087654321"]),
        ("0755-88888888-802", ["+8675588888888"]),
        ("(020) 81234567", ["+862081234567"]),
        ("１３９１１１１００１２", ["+8613911110012"]),
        ("0086-139 1111 0012", ["+8613911110012"]),
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


@pytest.mark.parametrize("target", ["external:erp", "loyalty", "government_id"])
@pytest.mark.parametrize("cell", ["1.00002E+11", "#####", "#N/A", "110101199003070000", "2026-05-01"])
def test_an_id_that_a_spreadsheet_destroyed_is_a_row_error(target: str, cell: str) -> None:
    assert refusal(target, **{target: cell, "name": "A"}).code == "spoiled"


def test_ids_in_the_objects_of_ndjson_are_held_to_the_same() -> None:
    assert refusal(name="A", identifiers=[{"type": "external", "system": "erp", "value": "1.00002E+11"}]).code == "spoiled"
    assert refusal(name="A", identifiers=[{"type": "phone", "value": "139111100100"}]).code == "invalid"


def test_words_are_read_as_people_write_them() -> None:
    read = draft(姓名="甲", 性别="女性", 客户类型="企业客户", 角色="经销商、供应商", 行业类别="政府", 生日="1990.2.3")

    assert (read.kind, read.roles, read.sector) == ("organization", ("dealer", "supplier"), "government")
    assert read.facts == {"basic": {"sex": "female", "birth_date": "1990-02-03"}}
    assert draft(姓名="乙", 性别="保密").facts == {}


@pytest.mark.parametrize(
    "cells",
    [{"类型": "VIP客户"}, {"行业类别": "制造业"}, {"生日": "03-Feb-90"}, {"生日": "1990-02"}, {"生日": "32907"}, {"生日": "2/3/1990"}],
)
def test_a_word_that_is_not_certain_is_a_row_error(cells: dict[str, str]) -> None:
    assert refusal(name="A", **cells).column == next(iter(cells))


@pytest.mark.parametrize(("cell", "written"), [("=1", "'=1"), ("-x", "'-x"), ("name", "name"), (7, 7)])
def test_a_download_holds_nothing_that_a_spreadsheet_runs(cell: object, written: object) -> None:
    assert safe(cell) == written


COLUMNS = st.sampled_from(["name", "phone", "email", "birth_date", "tags", "roles", "hobbies", "external:erp"])


@given(st.dictionaries(COLUMNS, st.text(max_size=40), min_size=1))
def test_any_cells_make_a_draft_or_a_refusal(cells: dict[str, str]) -> None:
    with suppress(RowRefused):
        read = drafting(*cells).draft(Row(2, cells))
        assert read is None or read.number == 2
