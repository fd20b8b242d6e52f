"""Identifiers in one written form: whatever is taken is taken again, and finds itself."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from service_kit.words.identifiers import (
    WITH_SYSTEM,
    IdentifierType,
    filed_under,
    key_of,
    looked_up_by,
    written,
)
from service_kit.words.not_readable import IdentifierNotReadable

KINDS = st.sampled_from(IdentifierType)
DIALED = st.text("0123456789+-() .;ext=转x#０１２", min_size=3, max_size=24)
VALUES = st.one_of(DIALED, st.emails(), st.text(max_size=40), st.text("ABC-1客户@.", max_size=12))
REGIONS = st.sampled_from(["CN", "US", "GB", "HK"])


def read(kind: IdentifierType, value: str, *, region: str = "CN") -> str:
    return written(kind, value, region=region, system="erp" if kind in WITH_SYSTEM else "")


def is_found(asked: str, filed: str) -> bool:
    """Whether this phone finds who is filed by that one."""
    keys = [
        key_of(IdentifierType.PHONE, read(IdentifierType.PHONE, text)) for text in (asked, filed)
    ]
    return not set(looked_up_by(keys[0])).isdisjoint(filed_under(keys[1]))


@given(kind=KINDS, value=VALUES, region=REGIONS)
def test_what_is_given_back_is_taken_again_and_found(kind, value, region):
    try:
        kept = read(kind, value, region=region)
    except IdentifierNotReadable:
        return

    key = key_of(kind, kept)
    assert read(kind, kept, region=region) == kept
    assert key in filed_under(key)
    assert key in looked_up_by(key)


@pytest.mark.parametrize(
    ("kind", "value", "kept"),
    [
        ("phone", "0755-88888888-802", "+8675588888888;ext=802"),
        ("phone", "075588888888转8001", "+8675588888888;ext=8001"),
        ("phone", "（０２０）８１２３４５６７", "+862081234567"),
        ("phone", "\u202d138 0013 8000\u202c", "+8613800138000"),
        ("phone", "87654321", "87654321"),
        ("phone", "12345", "12345"),
        ("phone", "95588", "95588"),
        ("phone", "400 820 8820", "+864008208820"),
        ("email", "A@mail.sz.example.com.cn", "a@mail.sz.example.com.cn"),
        ("email", "a＠example．com", "a@example.com"),
        ("email", "用户@例子.公司", "用户@例子.公司"),
        ("external", "客户-1", "客户-1"),
        ("external", " Ｃ-\u200b1 ", "C-1"),
        ("loyalty", "l-1", "L-1"),
        ("government_id", "440103 19900203 123x", "44010319900203123X"),
    ],
)
def test_a_value_has_one_written_form(kind, value, kept):
    assert read(IdentifierType(kind), value) == kept


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("phone", "+86 138 0013 80001"),
        ("phone", "+86 138 0013 800"),
        ("phone", "139111100100"),
        ("phone", "-13911110010"),
        ("phone", "转802"),
        ("email", "a@b"),
        ("email", "a b@example.com"),
        ("email", "a@-example.com"),
        ("external", "\u200b"),
        ("wechat", "张"),
        ("government_id", "12"),
    ],
)
def test_what_nobody_could_use_is_refused(kind, value):
    with pytest.raises(IdentifierNotReadable):
        read(IdentifierType(kind), value)


def test_a_system_is_named():
    with pytest.raises(IdentifierNotReadable):
        written(IdentifierType.EXTERNAL, "C-1", region="CN", system="")


def test_the_region_decides_what_a_number_without_country_is():
    assert read(IdentifierType.PHONE, "(202) 456-1111", region="US") == "+12024561111"
    assert read(IdentifierType.PHONE, "020 7946 0000", region="GB") == "+442079460000"


def test_a_switchboard_finds_who_is_behind_it_and_an_extension_no_other():
    assert is_found("0755-88888888", "0755-88888888-802")
    assert is_found("0755-88888888-802", "0755 8888 8888 转 802")
    assert is_found("0755-88888888-802", "0755-88888888")
    assert not is_found("0755-88888888-802", "0755-88888888-803")
    assert not is_found("0755-88888889", "0755-88888888-802")
