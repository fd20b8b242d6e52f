"""A letter as it is printed, and why one is not to be had."""

from dataclasses import dataclass
from hashlib import sha256

from service_kit.words.errors import Conflict, Gone, NotFound, Unavailable


class LetterTooSlow(Unavailable):
    """The letter could not be written in time; repeat the request."""


class RecipientNotKnown(Unavailable):
    """Nobody can be asked who the customer is, and the case does not keep it:
    repeat the request, or send `recipient` and `language`.
    """


class RecipientUnknown(Conflict):
    """There is no file that says who the customer is, or none that names them:
    send `recipient` and `language`.
    """


class LetterNotFound(NotFound):
    """The complaint has no such letter."""


class LetterErased(Gone):
    """The letter held personal values of a customer who was erased; only its digest is kept."""


@dataclass(frozen=True, kw_only=True)
class Printed:
    """Both forms of one letter."""

    pdf: bytes
    docx: bytes

    @property
    def digests(self) -> dict[str, str]:
        """What proves each form, by its column."""
        return {
            "pdf_sha256": sha256(self.pdf).hexdigest(),
            "docx_sha256": sha256(self.docx).hexdigest(),
        }
