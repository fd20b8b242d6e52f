"""Survey answers: CSAT from 1 to 5, NPS from 0 to 10, and what makes an answer critical.

The scores that do are fixed here, the words are a setting (`critical_words`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal, Self
from uuid import UUID

from service_kit.words.errors import Conflict, NotFound
from service_kit.words.names import folded

Instrument = Literal["csat", "nps"]
# An answer up to this score is critical: dissatisfied (CSAT), detractor (NPS).
CRITICAL_UP_TO: dict[str, int] = {"csat": 2, "nps": 6}
SATISFIED_FROM = 4
PROMOTER_FROM = 9
DAYS_THAT_COUNT = 365
HUNDREDTH = Decimal("0.01")


class SurveyResponseNotFound(NotFound):
    """There is no such survey response."""


class SurveyAnsweredDifferently(Conflict):
    """This customer answered this survey about the same `ref` before, and differently;
    `response_id` names that answer, which counts.
    """


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One customer's answer to one survey."""

    id: UUID
    customer_id: UUID
    instrument: Instrument
    score: int
    remark: str | None
    critical_reasons: Sequence[str]
    ref_type: str | None
    ref_id: str | None
    answered_at: datetime
    day: date

    @property
    def is_critical(self) -> bool:
        return bool(self.critical_reasons)

    def says_the_same_as(self, other: Self) -> bool:
        return (self.score, self.remark) == (other.score, other.remark)


def critical_reasons(
    instrument: Instrument, score: int, remark: str | None, words: Sequence[str]
) -> list[str]:
    """`low_score` for a low answer,
    `remark` where the remark holds one of the company's critical words.
    """
    reasons = ["low_score"] if score <= CRITICAL_UP_TO[instrument] else []
    said = folded(remark or "")
    if any(word in said for word in words):
        reasons.append("remark")
    return reasons


def words_of(setting: str) -> list[str]:
    return [folded(word) for word in setting.split(",") if word.strip()]


def on_hundred(instrument: str, score: int) -> Decimal:
    """The answer on a scale of 0 to 100."""
    return Decimal((score - 1) * 25) if instrument == "csat" else Decimal(score * 10)


def satisfaction_parts(answers: Sequence[tuple[str, int]]) -> dict[str, Decimal]:
    """The mean of all answers on 0 to 100, as what each instrument brings to it,
    rounded to hundredths.
    """
    parts: dict[str, Decimal] = {}
    for instrument, score in answers:
        parts[instrument] = parts.get(instrument, Decimal(0)) + on_hundred(instrument, score)
    return {
        name: (total / len(answers)).quantize(HUNDREDTH) for name, total in sorted(parts.items())
    }
