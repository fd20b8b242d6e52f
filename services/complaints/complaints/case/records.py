"""What is written down at each move of a case."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from service_kit.words.money import Money

from complaints.words import Channel, Decision, RemedyType, Verdict

# What is done with words and attention; all others cost something, and what they cost is named.
COSTS_NOTHING = frozenset(
    {RemedyType.HELP, RemedyType.INFORMATION, RemedyType.APOLOGY, RemedyType.VISIT}
)


@dataclass(frozen=True, kw_only=True)
class Acknowledgement:
    message: str | None


@dataclass(frozen=True, kw_only=True)
class Validity:
    verdict: Verdict
    reason: str


@dataclass(frozen=True, kw_only=True)
class Responsibility:
    department: str
    handler: str | None


@dataclass(frozen=True, kw_only=True)
class Cause:
    category: str
    whys: tuple[str, ...]
    evidence: str | None


# What nobody can pay out says nothing of what a remedy costs.
LEAST_VALUE = Decimal("0.01")


@dataclass(frozen=True, kw_only=True)
class Remedy:
    number: int
    type: RemedyType
    amount: Money | None
    description: str | None
    done_at: datetime | None = None

    @property
    def is_unvalued(self) -> bool:
        """Whether it costs something and does not say how much: nobody's limit covers that."""
        return self.type not in COSTS_NOTHING and (
            self.amount is None or self.amount.amount < LEAST_VALUE
        )


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """`step` is the number of the step in which it was proposed."""

    problem_restated: str
    remedies: tuple[Remedy, ...]
    customer_agrees: bool | None
    customer_satisfied: bool | None
    next_update_at: datetime | None
    step: int | None = None


@dataclass(frozen=True, kw_only=True)
class Approval:
    """What was decided, and on what: the step of the proposal and its sums."""

    decision: Decision
    comment: str | None
    proposal_step: int | None = None
    sums: tuple[Money, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Implementation:
    note: str | None
    done: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Response:
    language: str
    channel: Channel
    letter_id: UUID


@dataclass(frozen=True, kw_only=True)
class Feedback:
    accepted: bool
    satisfaction: int | None
    comment: str | None


@dataclass(frozen=True, kw_only=True)
class Summary:
    lesson: str
    calmed_by: str | None
    improvement_told: str | None
    would_stay: bool | None


@dataclass(frozen=True, kw_only=True)
class Reason:
    """Why a case left its usual course."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class Reassignment:
    """Without department and handler the case goes back to the desk."""

    reason: str
    department: str | None
    handler: str | None


StepRecord = (
    Acknowledgement | Validity | Responsibility | Cause | Proposal | Approval | Implementation
    | Response | Feedback | Summary | Reason | Reassignment
)  # fmt: skip
