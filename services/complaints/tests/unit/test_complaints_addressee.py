"""Who a letter is written to, and in which language."""

import pytest
from complaints.customer.domain import Asked, Customer, Recipient
from complaints.language import spoken_by
from complaints.letter.addressee import Addressee, addressee
from complaints.letter.domain import RecipientNotKnown, RecipientUnknown
from complaints.testing import AN_ID, NOON

SILENCE = Asked(None, is_answered=False)
NO_FILE = Asked(None, is_answered=True)
KEPT = Recipient(name="Ann", language="en-GB")
NOTHING = Recipient()


def a_file(*, name: str | None = "林晓梅", language: str | None = "zh-Hans") -> Asked:
    return Asked(
        Customer(id=AN_ID, unit="cn", name=name, language=language, tier=None, updated_at=NOON),
        is_answered=True,
    )


@pytest.mark.parametrize(
    ("spoken", "meant"),
    [
        *(
            (tag, "zh-CN")
            for tag in ("zh", "zh-CN", "zh-Hans", "zh-TW", "zh-Hant-HK", "ZH", "zh_TW")
        ),
        *((tag, "en") for tag in ("en", "en-US", "EN", "fr", "ja-JP", "zha", "yue")),
    ],
)
@pytest.mark.parametrize("default", ["en", "zh-CN"])
def test_chinese_of_every_kind_is_chinese_and_every_other_language_english(
    spoken: str, meant: str, default: str
) -> None:
    assert spoken_by(spoken, default=default) == meant


def test_who_says_no_language_is_spoken_to_as_the_company_speaks() -> None:
    assert [spoken_by(tag, default="zh-CN") for tag in (None, "")] == ["zh-CN", "zh-CN"]


def test_the_file_comes_before_what_the_case_keeps() -> None:
    to = addressee(a_file(), KEPT, name=None, language=None, default="en")

    assert to == Addressee(name="林晓梅", language="zh-CN", is_from_memory=False)


def test_in_silence_the_letter_goes_by_what_the_case_keeps_and_says_so() -> None:
    to = addressee(SILENCE, KEPT, name=None, language=None, default="zh-CN")

    assert to == Addressee(name="Ann", language="en", is_from_memory=True)


@pytest.mark.parametrize(("name", "language"), [(None, None), (None, "en"), ("Ann", None)])
@pytest.mark.parametrize(
    ("asked", "refusal"),
    [
        (SILENCE, RecipientNotKnown),
        (NO_FILE, RecipientUnknown),
        (a_file(name=" "), RecipientUnknown),
    ],
)
def test_a_recipient_is_never_guessed(
    asked: Asked, refusal: type[Exception], name: str | None, language: str | None
) -> None:
    with pytest.raises(refusal):
        addressee(asked, NOTHING, name=name, language=language, default="en")


def test_a_file_that_is_gone_is_not_replaced_by_memory() -> None:
    with pytest.raises(RecipientUnknown):
        addressee(NO_FILE, KEPT, name=None, language=None, default="en")


@pytest.mark.parametrize("asked", [SILENCE, NO_FILE, a_file()])
def test_who_says_both_needs_nobody_to_ask(asked: Asked) -> None:
    to = addressee(asked, NOTHING, name="Bo", language="zh-CN", default="en")

    assert to == Addressee(name="Bo", language="zh-CN", is_from_memory=False)
