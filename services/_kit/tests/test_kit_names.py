"""Names in one spelling: what only looks like another name is refused where it can be told,
and compared by its looks elsewhere.
"""

import pytest
from service_kit.words.names import fault_of_identity, fault_of_title


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
