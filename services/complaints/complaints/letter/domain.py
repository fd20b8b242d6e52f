"""A letter as it was sent, with the digests that prove it."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from service_kit.words.errors import Conflict, Gone, NotFound, Unavailable


class LetterTooSlow(Unavailable):
    """The letter could not be written in time; repeat the request."""


class RecipientNotKnown(Unavailable):
    """Nobody can be asked who the customer is, and the case does not keep it: repeat the request, or send `recipient` and `language`."""


class RecipientUnknown(Conflict):
    """There is no file that says who the customer is, or none that names them: send `recipient` and `language`."""


class LetterUnknown(NotFound):
    """The complaint has no such letter."""


class LetterErased(Gone):
    """The letter held personal values of a customer who was erased; only its digest is kept."""


@dataclass(frozen=True, kw_only=True)
class Printed:
    """Both forms of one letter."""

    pdf: bytes
    docx: bytes


@dataclass(frozen=True, kw_only=True)
class LetterSent:
    """What is known of a letter without its pages."""

    id: UUID
    complaint_id: UUID
    language: str
    channel: str
    written_at: datetime
    pdf_sha256: str
    docx_sha256: str

    @classmethod
    def of(cls, printed: Printed, *, id: UUID, complaint_id: UUID, language: str, channel: str, written_at: datetime) -> "LetterSent":
        return cls(
            id=id,
            complaint_id=complaint_id,
            language=language,
            channel=channel,
            written_at=written_at,
            pdf_sha256=sha256(printed.pdf).hexdigest(),
            docx_sha256=sha256(printed.docx).hexdigest(),
        )
