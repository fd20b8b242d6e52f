"""Search keys: whoever types a part of what a customer is called or called at
finds the customer.
"""

import pytest
from customer_profile.search import keys
from customer_profile.search.chinese import simplified, syllables
from hypothesis import given
from hypothesis import strategies as st


def is_found(
    query: str, name: str = "", *, phone: str = "", email: str = "", number: str = ""
) -> bool:
    """What the database decides: all tokens are there, and all parts are in the text."""
    known = keys.of_customer(
        [name] if name else [],
        phones=[phone] if phone else [],
        emails=[email] if email else [],
        numbers=[number] if number else [],
    )
    asked = keys.query(query, region="CN")
    return (
        bool(asked.tokens)
        and set(asked.tokens) <= set(known.tokens)
        and all(part in known.text for part in asked.parts)
    )


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("张伟", "张伟"),
        ("张", "张伟"),
        ("张伟", "张伟明"),
        ("伟明", "张伟明"),
        ("張偉", "张伟"),
        ("张伟", "張偉"),
        ("zhangwei", "张伟"),
        ("ZhangWei", "张伟"),
        ("zhang wei", "张伟"),
        ("zhangw", "张伟"),
        ("zw", "张伟"),
        ("zwm", "张伟明"),
        ("wm", "张伟明"),
        ("weiming", "张伟明"),
        ("shanxiong", "单雄"),
        ("zengguofan", "曾国藩"),
        ("ouyang", "欧阳娜娜"),
        ("yuchigong", "尉迟恭"),
        ("zhaoshangyinhang", "招商银行"),
        ("yinhang", "招商银行"),
        ("zsyh", "招商银行"),
        ("chongqing", "重庆长安汽车"),
        ("alice", "Alice Johnson"),
        ("john", "Alice Johnson"),
        ("alice j", "Alice Johnson"),
        ("jose", "José Núñez"),
        ("ＡＬＩＣＥ", "Alice"),
        ("Q张", "Q张"),
        ("иван", "Иван Петров"),
    ],
)
def test_a_name_is_found(query: str, name: str) -> None:
    assert is_found(query, name)


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("伟张", "张伟"),
        ("王", "张伟"),
        ("zhangming", "张伟"),
        ("danxiong", "单雄"),
        ("zz", "张伟"),
        ("!!", "张伟"),
        ("lice", "Alice"),
    ],
)
def test_a_name_that_does_not_fit_is_not_found(query: str, name: str) -> None:
    assert not is_found(query, name)


@pytest.mark.parametrize(
    ("query", "phone"),
    [
        ("13800138000", "+8613800138000"),
        ("138 0013 8000", "+8613800138000"),
        ("+86 138-0013-8000", "+8613800138000"),
        ("0086 13800138000", "+8613800138000"),
        ("8000", "+8613800138000"),
        ("0013", "+8613800138000"),
        ("1380013", "+8613800138000"),
        ("010-8888", "+861088886666"),
        ("88886666", "+861088886666"),
        ("+86 10 8888 6666", "+861088886666"),
        ("4008", "+864008001234"),
        ("7946", "+442079460000"),
        ("10086", "10086"),
        ("0044 20 7946 0000", "+442079460000"),
        ("（０１０）８８８８６６６６", "+861088886666"),
        ("0755-88888888-802", "+8675588888888;ext=802"),
        ("0755-88888888转802", "+8675588888888;ext=802"),
        ("0755 8888 8888", "+8675588888888;ext=802"),
        ("13800138000", "+8613800138000;ext=12"),
    ],
)
def test_a_part_of_a_phone_is_found(query: str, phone: str) -> None:
    assert is_found(query, phone=phone)


@pytest.mark.parametrize("query", ["8001381", "13900", "80000"])
def test_digits_that_do_not_follow_each_other_are_not_found(query: str) -> None:
    assert not is_found(query, phone="+8613800138000")


def test_an_email_is_found_whole() -> None:
    assert is_found("ZW@example.com", email="zw@example.com")
    assert not is_found("zw@example", email="zw@example.com")


@pytest.mark.parametrize("query", ["C-1024", "c1024", "1024"])
def test_a_number_of_another_system_is_found(query: str) -> None:
    assert is_found(query, number="C-1024")


def test_surnames_are_read_as_surnames_only_in_front() -> None:
    assert syllables("曾曾") == ["zeng", "ceng"]
    assert syllables("单于") == ["chan", "yu"]


def test_traditional_characters_fold_and_others_stay() -> None:
    assert [simplified(character) for character in "張伟a"] == ["张", "伟", "a"]


@given(st.text(max_size=300))
def test_any_name_has_bounded_keys_that_the_database_can_hold(name: str) -> None:
    known = keys.of_customer([name])

    assert len(known.tokens) <= keys.MOST_TOKENS
    assert len(known.text) <= 1_000
    assert all(token and token == token.strip() for token in known.tokens)


@given(st.text(max_size=100))
def test_any_query_is_understood(text: str) -> None:
    asked = keys.query(text, region="CN")

    assert not any("%" in part for part in asked.parts) or "@" in text


@given(st.text(alphabet="张伟明欧阳娜李王芳", min_size=1, max_size=6))
def test_whoever_types_the_whole_name_or_any_pair_of_it_finds_it(name: str) -> None:
    assert is_found(name, name)
    assert all(is_found(name[start : start + 2], name) for start in range(len(name)))


LONG = (
    "广东省广州市天河区体育西路华南电信工程技术发展有限责任公司"
    "第一分公司客户服务中心营业厅运营管理部"
)


def test_who_has_a_long_name_is_found_by_phone_and_email_too() -> None:
    assert is_found("13800138000", LONG, phone="+8613800138000")
    assert is_found("8000", LONG * 4, phone="+8613800138000")
    assert is_found("zw@example.com", LONG, email="zw@example.com")
    assert is_found("广东省广州市", LONG, phone="+8613800138000")


def test_who_has_many_numbers_is_found_by_name_too() -> None:
    phones = [f"+86138{number:04}{number:04}" for number in range(50)]

    known = keys.of_customer(["张伟"], phones=phones)

    assert {"张伟", "zhangwe", "zw"} <= set(known.tokens)
    assert len(known.tokens) == keys.MOST_TOKENS
