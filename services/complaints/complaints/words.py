"""The words of complaints, as the API, the tables and the events spell them."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

# A tier, as scoring tells it.
Stars = Annotated[int, Field(ge=1, le=6, json_schema_extra={"format": "int32"})]


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


class Decision(StrEnum):
    APPROVED = "approved"
    RETURNED = "returned"
    REJECTED = "rejected"


class ClockState(StrEnum):
    RUNNING = "running"
    PAUSED = "paused"
    MET = "met"
    BREACHED = "breached"


class Measure(StrEnum):
    BUSINESS = "business"
    ELAPSED = "elapsed"
