"""The letter: one template, two languages, two forms, and text that is only ever text."""

from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO

import pytest
from complaints.letter.document import Matter, compose, printable
from complaints.letter.docx import render_docx
from complaints.letter.pdf import render_pdf
from complaints.testing import NOON, a_proposal, yuan
from complaints.words import Verdict
from docx import Document
from hypothesis import given, settings
from hypothesis import strategies as st

LANGUAGES = ("zh-CN", "en")


def a_matter(
    *,
    title: str = "路由器重启",
    verdict: Verdict | None = Verdict.UPHELD,
    problem: str = "每晚重启",
    customer: str = "张伟",
    reason: str = "属实",
    remedies: int = 1,
) -> Matter:
    return Matter(
        company="关系电信",
        number="C20260311-2222222",
        title=title,
        received_at=NOON,
        written_at=NOON,
        time_zone="Asia/Shanghai",
        customer=customer,
        verdict=verdict,
        reason=reason,
        problem=problem,
        remedies=a_proposal(*[yuan("1200.5")] * remedies).remedies,
        department="设备部",
    )


def text_of(docx: bytes) -> str:
    return "\n".join(paragraph.text for paragraph in Document(BytesIO(docx)).paragraphs)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("verdict", [*Verdict, None])
def test_every_verdict_makes_a_letter_in_both_languages(
    language: str, verdict: Verdict | None
) -> None:
    letter = compose(a_matter(verdict=verdict), language)

    assert render_pdf(letter).startswith(b"%PDF-")
    assert "C20260311-2222222" in text_of(render_docx(letter))


def test_a_letter_may_be_written_at_any_part_of_a_second() -> None:
    letter = replace(
        compose(a_matter(), "en"), written_at=datetime(2026, 3, 11, 10, 0, 0, 123456, tzinfo=UTC)
    )

    assert render_pdf(letter).startswith(b"%PDF-")


def test_the_english_letter_is_english() -> None:
    text = text_of(render_docx(compose(a_matter(customer="Ann Lee"), "en")))

    assert "Dear Ann Lee," in text
    assert "Compensation: 1,200.5 CNY" in text
    assert "11 March 2026" in text
    assert "court" in text


def test_what_was_not_upheld_gets_no_apology_and_no_empty_headings() -> None:
    text = text_of(
        render_docx(compose(a_matter(verdict=Verdict.NOT_UPHELD, problem="", remedies=0), "zh-CN"))
    )

    assert "深表歉意" not in text
    assert "处理措施" not in text
    assert "问题说明" not in text
    assert "诉讼" in text


def test_lines_stay_lines() -> None:
    letter = compose(a_matter(problem="first\nsecond\r\nthird\u2028fourth"), "en")

    assert ("first", "second", "third", "fourth") in [block.lines for block in letter.blocks]


@settings(max_examples=40, deadline=None)
@given(text=st.text(st.characters(codec=None), max_size=300), language=st.sampled_from(LANGUAGES))
def test_whatever_was_written_is_printed_as_it_stands(text: str, language: str) -> None:
    letter = compose(a_matter(title=text, problem=text, customer=text, reason=text), language)

    pdf, docx = render_pdf(letter), render_docx(letter)

    assert pdf.startswith(b"%PDF-")
    if (
        printable(text).strip()
        and "\t" not in text
        and len(text.split()) == 1 == len(printable(text).splitlines())
    ):
        assert printable(text).strip() in text_of(docx)


MARKUP = [
    '#read("/etc/passwd")',
    "#panic()",
    "$ x",
    "*",
    "]",
    "#",
    '"',
    "\\",
    "*/",
    "//",
    "= x",
    "<a>",
    "{{ x }}",
    "{% x",
]


@pytest.mark.parametrize("source", MARKUP)
def test_markup_is_no_markup_in_what_people_write(source: str) -> None:
    letter = compose(a_matter(title=source, problem=source, customer=source), "en")

    assert len(render_pdf(letter)) > 10_000
    assert f"Subject: {source}" in text_of(render_docx(letter))


@pytest.mark.parametrize("sign", ["\u202e", "\u2066", "\x00", "\x1b", "\ud800", "\ufffe"])
def test_signs_that_no_page_can_show_are_left_out(sign: str) -> None:
    assert printable(f"a{sign}b") == "ab"
