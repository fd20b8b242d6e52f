"""Rows of sheets: what a column fills, what a row says, what it does to the customers."""

from contextlib import suppress
from typing import Any

import pytest
from customer_profile.customer_import.cells import RowRefused
from customer_profile.customer_import.columns import (
    KeyNotUsable,
    MappingNotUsable,
    columns_of,
    key_of,
)
from customer_profile.customer_import.domain import Holding, Known
from customer_profile.customer_import.errors_csv import safe
from customer_profile.testing import a_customer, an_identifier, deciding, draft, drafting, refusal
from hypothesis import given
from hypothesis import strategies as st
from service_kit.sheet.domain import Row


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
    assert columns_of([column], {}, None).fields == {column: field}


def test_a_column_that_nobody_knows_is_left_out() -> None:
    assert columns_of(["name", "shoe size"], {}, None).fields == {"name": "name"}


def test_the_key_is_found_in_its_own_column_or_in_one_that_stands_for_it() -> None:
    assert columns_of(["id", "name"], {}, key_of("external:cdnow")).fields["id"] == "external:cdnow"
    assert columns_of(["CDNOW ID"], {}, key_of("external:cdnow")).fields == {
        "CDNOW ID": "external:cdnow"
    }
    with pytest.raises(MappingNotUsable):
        columns_of(["name"], {}, key_of("external:cdnow"))


@pytest.mark.parametrize(
    "key", ["", "tier", "external", "external:", "phone:erp", "external:E R P"]
)
def test_what_is_no_identifier_is_no_key(key: str) -> None:
    with pytest.raises(KeyNotUsable):
        key_of(key)


def test_a_row_is_read_with_its_lists_days_and_phones() -> None:
    read = draft(
        姓名=" 张伟 ",
        手机="13800138000；010-88886666",
        标签="vip、campus",
        生日="1990年2月3日",
        性别="男",
        hobbies="围棋,茶",
    )

    assert (read.name, read.tags) == ("张伟", ("vip", "campus"))
    assert [identifier.value for identifier in read.identifiers] == [
        "+8613800138000",
        "+861088886666",
    ]
    assert read.facts == {
        "basic": {"birth_date": "1990-02-03", "sex": "male"},
        "characteristics": {"hobbies": ["围棋", "茶"]},
    }


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
        (
            {"facts": {"basic": {"address": {str(number): "y" for number in range(51)}}}},
            "invalid",
            "facts",
        ),
        (
            {"facts": {"basic": {"stops": [str(number) for number in range(101)]}}},
            "invalid",
            "facts",
        ),
        (
            {"facts": {"basic": {f"fact_{number}": "y" for number in range(101)}}},
            "invalid",
            "facts",
        ),
        ({"external:erp": '=HYPERLINK("http://x")'}, "formula", "external:erp"),
        ({"external:erp": "\uff1dSUM(A1)"}, "formula", "external:erp"),
        ({"social:chat": "@SUM(A1)"}, "formula", "social:chat"),
        (
            {"identifiers": [{"type": "external", "system": "erp", "value": "=1"}]},
            "formula",
            "identifiers",
        ),
        ({"language": "zh_CN"}, "invalid", "language"),
        ({"language": "en-" + "x" * 20}, "invalid", "language"),
    ],
)
def test_a_bad_cell_names_its_column_and_never_its_value(
    cells: dict[str, Any], code: str, column: str
) -> None:
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
    stored = a_customer(
        identifiers=(an_identifier("external", "E-1", system="erp"),), tags=("old",)
    )
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
def test_a_shared_phone_as_the_key_renames_nobody(
    names: tuple[str, ...], row: dict[str, str], code: str
) -> None:
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
    known.load(
        [mother, son], [Holding("phone:+8613800138000", each.id, each.id) for each in (mother, son)]
    )
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
    assert (decided.counts["unchanged"], [problem.code for problem in decided.problems]) == (
        1,
        ["name_conflict"] * 2,
    )


@pytest.mark.parametrize(
    ("key", "cells", "others"),
    [
        ("external:v", "V-1", "V-1"),
        ("external:v", "100003.0", "100003"),
        ("external:v", "100003", "１００００３"),
        ("loyalty", "L1", "L1"),
        ("government_id", "110101199003071234", "110101199003071234"),
    ],
)
def test_a_second_name_for_one_id_in_a_sheet_is_a_row_error(
    key: str, cells: str, others: str
) -> None:
    decided = deciding()

    for row in (
        {"name": "陈一", key: cells},
        {"name": "黄二", key: others},
        {"name": "陈 一", key: cells},
    ):
        decided.take(draft(key, **row))

    (made,) = decided.known.created
    assert (made.name.replace(" ", ""), decided.counts["failed"]) == ("陈一", 1)
    assert [problem.code for problem in decided.problems] == ["name_conflict"]


def test_the_names_of_a_sheet_are_known_in_its_next_batch() -> None:
    named: dict[str, str] = {}

    first, second = (deciding(named=named) for _ in range(2))
    first.take(draft("external:v", **{"name": "陈一", "external:v": "V-1"}))
    second.take(draft("external:v", **{"name": "黄二", "external:v": "V-1"}))

    assert [problem.code for problem in second.problems] == ["name_conflict"]


def test_another_name_is_an_error_under_a_government_id_and_taken_under_an_external_id() -> None:
    government, external = (
        an_identifier("government_id", "110101199003071234"),
        an_identifier("external", "V-1", system="v"),
    )
    customer = a_customer(name="陈一", identifiers=(government, external))
    known = Known()
    known.load(
        [customer], [Holding(each.key, customer.id, customer.id) for each in (government, external)]
    )
    decided = deciding(known)

    decided.take(draft("government_id", name="黄二", government_id="110101199003071234"))
    decided.take(draft("external:v", **{"name": "陈一一", "external:v": "V-1"}))

    assert [problem.code for problem in decided.problems] == ["name_conflict"]
    assert [customer.name for customer in decided.known.updated] == ["陈一一"]


def test_a_customer_outside_the_callers_units_is_not_touched() -> None:
    stored = a_customer(unit="cn.bj")
    known = Known()
    known.load([stored], [Holding("external:erp:E-1", stored.id, stored.id)])
    decided = deciding(known, units=("cn.gd",))

    decided.take(draft("external:erp", **{"external:erp": "E-1", "name": "A"}))

    assert [problem.code for problem in decided.problems] == ["taken"]
    assert known.after == {}


def test_a_new_customer_needs_a_name_unless_the_sheet_lists_numbers_of_another_system_alone() -> (
    None
):
    decided = deciding()

    decided.take(draft("external:erp", **{"external:erp": "E-1", "name": ""}))
    decided.take(draft("external:erp", **{"external:erp": "E-2"}))
    decided.take(draft("external:erp", **{"external:erp": "E-3", "First Name": "Emma"}))
    decided.take(draft(phone="13800138000"))
    decided.take(draft("email", email="a@example.com"))

    assert [problem.code for problem in decided.problems] == ["name_missing"] * 4
    assert [made.name for made in decided.known.created] == ["未命名客户"]


@pytest.mark.parametrize(
    ("cell", "written"), [("=1", "'=1"), ("-x", "'-x"), ("name", "name"), (7, 7)]
)
def test_a_download_holds_nothing_that_a_spreadsheet_runs(cell: object, written: object) -> None:
    assert safe(cell) == written


COLUMNS = st.sampled_from(
    ["name", "phone", "email", "birth_date", "tags", "roles", "hobbies", "external:erp"]
)


@given(st.dictionaries(COLUMNS, st.text(max_size=40), min_size=1))
def test_any_cells_make_a_draft_or_a_refusal(cells: dict[str, str]) -> None:
    with suppress(RowRefused):
        read = drafting(*cells).draft(Row(2, cells))
        assert read is None or read.number == 2
