"""One person under several spellings."""

import pytest
from service_kit.words.looks import is_same_person

DISGUISES = [
    "Alice", "ALICE", " alice", "alice ", "ali ce", "al\u200bice", "\uff41\uff4c\uff49\uff43\uff45",
    "\u0430lice", "al\u0456ce", "\u0410lice", "ali\u0441e", "alic\u0435", "\u03b1l\u03b9ce",
    "a1ice", "AIice", "a|ice", "alic\u00e9", "alice\u0301", "\u00adalice", "\u202ealice",
    "a\u04cfice", "\u0251lice", "\U0001d41alice", "al\u0131ce",
]  # fmt: skip


@pytest.mark.parametrize("disguise", DISGUISES)
def test_a_disguise_is_the_same_person(disguise: str) -> None:
    assert is_same_person("alice", disguise)
    assert is_same_person(disguise, "alice")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("0scar", "oscar"),
        ("rn", "m"),
        ("wu", "vvu"),
        ("o'neil", "o\u2019neil"),
        ("jean-luc", "jean\u2010luc"),
        ("alice", "alice."),
        ("ace", "\u0430\u0441\u0435"),
        ("\u5f20\u4f1f", " \u5f20\u4f1f"),
    ],
)
def test_look_alikes_are_the_same_person(one: str, other: str) -> None:
    assert is_same_person(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("alice", "alicia"),
        ("li", "lin"),
        ("li.na", "li.wei"),
        ("agent-1", "agent-2"),
        ("ali", "ail"),
        ("\u5f20\u4f1f", "\u5f20\u4e3d"),
    ],
)
def test_two_people_are_two(one: str, other: str) -> None:
    assert not is_same_person(one, other)
