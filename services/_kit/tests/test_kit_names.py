"""Names in one spelling: what only looks like another name is refused where it can be told, and compared by its looks elsewhere."""

import pytest
from service_kit.names import fault_of_identity, fault_of_title, same_person


@pytest.mark.parametrize("name", ["alice", "张伟Tom", "O’Brien", "Łukasz", "山田ーたろう", "김민수", "Алиса", "li-3", "José", "a b"])
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
    ],
)
def test_names_that_only_look_like_others_are_refused(name):
    assert fault_of_identity(name) is not None


def test_a_title_may_have_chinese_marks():
    assert fault_of_title("李（广州）") is None


@pytest.mark.parametrize("other", ["Alice", "ALICE", "alice ", "ａｌｉｃｅ", "\u0430lice", "al\u200bice", "a1ice"])
def test_duties_are_kept_apart_by_looks(other):
    assert same_person("alice", other)
    assert not same_person("bob", other)


def test_a_name_written_wholly_in_another_script_is_compared_by_its_looks():
    assert same_person("ace", "\u0430\u0441\u0435")
