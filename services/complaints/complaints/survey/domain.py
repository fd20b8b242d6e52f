"""A survey answer that calls for somebody to act, and the report that it becomes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from complaints.case.domain import Report
from complaints.languages import MESSAGES
from complaints.words import Channel, Kind, Severity

CATEGORY = "survey"
# A score of 1 to 5, where 5 is the best, turned around: 5 is the greatest dissatisfaction.
CSAT_TURNED = 6


@dataclass(frozen=True, kw_only=True)
class CriticalAnswer:
    """A low answer, or one with a critical remark, as scoring told it."""

    id: UUID
    customer_id: UUID
    instrument: str
    score: int
    reasons: Sequence[str]
    answered_at: datetime
    unit: str | None

    @property
    def severity(self) -> Severity:
        """Who speaks of a lawyer or of leaving is more than dissatisfied."""
        return Severity.HIGH if "remark" in self.reasons else Severity.MEDIUM

    @property
    def dissatisfaction(self) -> int | None:
        """What was asked in an NPS survey is a recommendation, which says no degree."""
        return CSAT_TURNED - self.score if self.instrument == "csat" else None

    def title(self, language: str) -> str:
        matter = "low_score" if "low_score" in self.reasons else "remark"
        return (
            f"{MESSAGES.label(f'survey.{matter}', language)}: {self.instrument.upper()}"
            f" {self.score}"
        )

    def report(self, *, remark: str | None, language: str, at: datetime) -> Report:
        """`remark` is what the customer wrote.
        Clocks of two machines differ, and nothing is received after it is recorded.
        """
        return Report(
            customer_id=self.customer_id,
            kind=Kind.COMPLAINT,
            channel=Channel.SYSTEM,
            received_at=min(self.answered_at, at),
            title=self.title(language),
            narrative=remark,
            category=CATEGORY,
            severity=self.severity,
            dissatisfaction=self.dissatisfaction,
        )
