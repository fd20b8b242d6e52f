"""The letters of cases, without their pages."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from service_kit.store.running import Reader
from sqlalchemy import ARRAY, Uuid, any_, bindparam, select

from complaints.tables import letter

_SENT = (
    letter.c.id, letter.c.complaint_id, letter.c.language, letter.c.channel, letter.c.written_at,
    letter.c.pdf_sha256, letter.c.docx_sha256,
)  # fmt: skip
OF_COMPLAINTS = (
    select(*_SENT)
    .where(letter.c.complaint_id == any_(bindparam("ids", type_=ARRAY(Uuid))))
    .order_by(letter.c.complaint_id, letter.c.written_at, letter.c.id)
)


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


async def letters_of(reader: Reader, ids: Sequence[UUID]) -> dict[UUID, list[LetterSent]]:
    """The letters of several complaints, oldest first."""
    letters: dict[UUID, list[LetterSent]] = {complaint_id: [] for complaint_id in ids}
    for row in await reader.fetch(OF_COMPLAINTS, ids=list(ids)):
        letters[row["complaint_id"]].append(LetterSent(**row))
    return letters
