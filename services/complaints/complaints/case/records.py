"""What is written down at each move of a case."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from service_kit.words.money import Money

from complaints.case.moves import Move


class Kind(StrEnum):
    COMPLAINT = "complaint"
    SERVICE_REQUEST = "service_request"
    FAULT = "fault"
    INQUIRY = "inquiry"
    SUGGESTION = "suggestion"
    PRAISE = "praise"
    CHANNEL_CONFLICT = "channel_conflict"


class Channel(StrEnum):
    VOICE = "voice"
    FACE_TO_FACE = "face_to_face"
    WEB = "web"
    EMAIL = "email"
    FAX = "fax"
    SMS = "sms"
    LETTER = "letter"
    CHAT = "chat"
    SOCIAL = "social"
    PUSH = "push"
    DEMO = "demo"
    EVENT = "event"
    IVR = "ivr"
    SYSTEM = "system"


class Severity(StrEnum):
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class Verdict(StrEnum):
    UPHELD = "upheld"
    PARTLY_UPHELD = "partly_upheld"
    NOT_UPHELD = "not_upheld"
    UNDECIDABLE = "undecidable"


class RemedyType(StrEnum):
    REFUND = "refund"
    EXCHANGE = "exchange"
    REPAIR = "repair"
    REPLACEMENT = "replacement"
    HELP = "help"
    INFORMATION = "information"
    MONEY = "money"
    APOLOGY = "apology"
    GIFT = "gift"
    VISIT = "visit"
    EXTENDED_PAYMENT = "extended_payment"


# What is done with words and attention; all others cost something, and what they cost is named.
COSTS_NOTHING = frozenset({RemedyType.HELP, RemedyType.INFORMATION, RemedyType.APOLOGY, RemedyType.VISIT})


class Decision(StrEnum):
    APPROVED = "approved"
    RETURNED = "returned"
    REJECTED = "rejected"


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
        return self.type not in COSTS_NOTHING and (self.amount is None or self.amount.amount < LEAST_VALUE)


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
    Acknowledgement | Validity | Responsibility | Cause | Proposal | Approval | Implementation | Response | Feedback | Summary | Reason
    | Reassignment
)  # fmt: skip

RECORD_OF: Mapping[Move, type[StepRecord]] = {
    Move.ACKNOWLEDGEMENT: Acknowledgement,
    Move.VALIDITY: Validity,
    Move.RESPONSIBILITY: Responsibility,
    Move.CAUSE: Cause,
    Move.PROPOSAL: Proposal,
    Move.APPROVAL: Approval,
    Move.IMPLEMENTATION: Implementation,
    Move.RESPONSE: Response,
    Move.FEEDBACK: Feedback,
    Move.SUMMARY: Summary,
    Move.WITHDRAWAL: Reason,
    Move.REOPENING: Reason,
    Move.REASSIGNMENT: Reassignment,
    Move.PAUSE: Reason,
    Move.RESUMPTION: Reason,
}
