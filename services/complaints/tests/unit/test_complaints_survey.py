"""What report a critical survey answer becomes."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from complaints.survey.domain import CriticalAnswer
from complaints.testing import AN_ID, NOON
from complaints.words import Severity


def an_answer(
    *, instrument: str = "nps", score: int = 3, reasons: Sequence[str] = ("low_score",)
) -> CriticalAnswer:
    return CriticalAnswer(
        id=AN_ID,
        customer_id=AN_ID,
        instrument=instrument,
        score=score,
        reasons=reasons,
        answered_at=NOON,
        unit="cn.gd",
    )


@pytest.mark.parametrize(
    ("reasons", "language", "title"),
    [
        (["low_score"], "en", "Low survey answer: NPS 3"),
        (["low_score", "remark"], "zh-CN", "调查评分低: NPS 3"),
        (["remark"], "en", "Critical remark in a survey: NPS 3"),
        (["remark"], "zh-CN", "调查留言严重: NPS 3"),
    ],
)
def test_the_title_says_what_makes_the_answer_critical(
    reasons: list[str], language: str, title: str
) -> None:
    assert an_answer(reasons=reasons).title(language) == title


def test_a_critical_remark_is_graver_than_a_low_score() -> None:
    assert an_answer(reasons=["low_score"]).severity is Severity.MEDIUM
    assert an_answer(reasons=["low_score", "remark"]).severity is Severity.HIGH


def test_the_worst_satisfaction_is_the_greatest_dissatisfaction_and_a_recommendation_is_none() -> (
    None
):
    degrees = [an_answer(instrument="csat", score=score).dissatisfaction for score in (1, 2, 5)]

    assert degrees == [5, 4, 1]
    assert an_answer(instrument="nps").dissatisfaction is None


def test_an_answer_is_received_no_later_than_it_is_recorded() -> None:
    report = an_answer().report(remark=None, language="en", at=NOON - timedelta(minutes=10))

    assert report.received_at == NOON - timedelta(minutes=10)
