"""Names in one spelling: what only looks like another name is refused where it can be told,
and compared by its looks elsewhere.
"""

import sys
import unicodedata

import pytest
from pydantic import TypeAdapter, ValidationError
from service_kit.words.fields import Line
from service_kit.words.names import fault_of_identity, fault_of_title, folded, seen

# Signs of numbers and verses that are drawn, though Unicode counts them as format characters.
DRAWN = frozenset(
    map(
        chr,
        (
            *(*range(0x0600, 0x0606), 0x06DD, 0x070F, 0x0890, 0x0891, 0x08E2, 0x110BD, 0x110CD),
            *range(0x13430, 0x13440),
        ),
    )
)
LINE: TypeAdapter[str] = TypeAdapter(Line)


@pytest.mark.parametrize(
    "name",
    [
        "alice",
        "张伟Tom",
        "O’Brien",
        "Łukasz",
        "山田ーたろう",
        "김민수",
        "Алиса",
        "li-3",
        "José",
        "a b",
    ],
)
def test_names_of_people_are_taken(name):
    assert fault_of_identity(name) is None


@pytest.mark.parametrize(
    "name",
    [
        " alice",
        "alice ",
        "ａｌｉｃｅ",
        "\u0430lice",
        "al\u200bice",
        "al\u202eice",
        "Jose\u0301",
        "al\u00a0ice",
        "\u03b1lice",
        "a\u115fb",
        "a\tb",
        "ᎪᏞᎥᏟᎬ",
        "ꓮꓡꓲꓚꓰ",
        "ᴀʟɪᴄᴇ",
        "alɪce",
        "ⲁⳑⲓⲥⲉ",
        "alice\u2800",
    ],
)
def test_names_that_only_look_like_others_are_refused(name):
    assert fault_of_identity(name) is not None


def test_a_title_may_have_chinese_marks():
    assert fault_of_title("李（广州）") is None


def test_a_line_holds_nothing_that_cannot_be_seen():
    unseen = [
        sign
        for sign in map(chr, range(sys.maxunicode + 1))
        if unicodedata.category(sign) in ("Cc", "Cf", "Zl", "Zp") and sign not in DRAWN
    ]

    # No pattern of a contract can name what lies beyond the first plane.
    first_plane = [sign for sign in unseen if ord(sign) <= 0xFFFF]
    assert [sign for sign in first_plane if is_line(f"a{sign}b")] == []
    assert {seen(f"a{sign}b") for sign in unseen if not sign.isspace()} == {"ab"}


def is_line(text):
    try:
        return bool(LINE.validate_python(text))
    except ValidationError:
        return False


@pytest.mark.parametrize("text", [" a", "a ", "\u3000a", "a\u00a0", "\u200b", "\u2800", "a\nb", ""])
def test_a_line_begins_and_ends_with_what_can_be_seen(text):
    assert not is_line(text)


@pytest.mark.parametrize("text", ["小红❤️", "欧阳　娜娜", "张三·李四", "O’Brien", "김민수", "a b"])
def test_names_that_people_have_are_lines(text):
    assert is_line(text)


def test_equal_names_are_folded_to_one():
    assert len(set(map(folded, ["Alice", "ＡＬＩＣＥ ", "al\u200bice", " alice"]))) == 1
    assert folded("张伟") != folded("张薇")
