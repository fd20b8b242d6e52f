"""Who a letter is written to, and in which language: never a guess."""

from dataclasses import dataclass

from complaints.customer.domain import Asked, Recipient
from complaints.language import spoken_by
from complaints.letter.domain import RecipientNotKnown, RecipientUnknown

ASK_AGAIN_SECONDS = 5


@dataclass(frozen=True, kw_only=True)
class Addressee:
    """The name on the letter and its language;
    `is_from_memory` where both stand for a file that could not be asked.
    """

    name: str
    language: str
    is_from_memory: bool


def addressee(
    asked: Asked, memory: Recipient, *, name: str | None, language: str | None, default: str
) -> Addressee:
    """By what the caller says, else by the customer's file, else by what the case keeps of it.

    A file that is gone is not replaced by memory. Raises RecipientNotKnown, or RecipientUnknown
    where asking again is of no use.
    """
    known = Recipient() if asked.is_answered else memory
    if asked.customer is not None:
        known = asked.customer.recipient
    is_named = bool(known.name and known.name.strip())
    if not is_named and (name is None or language is None):
        if asked.is_answered:
            raise RecipientUnknown
        raise RecipientNotKnown(retry_after=ASK_AGAIN_SECONDS)
    return Addressee(
        name=name or known.name or "",
        language=language or spoken_by(known.language, default=default),
        is_from_memory=is_named and not asked.is_answered and (name is None or language is None),
    )
