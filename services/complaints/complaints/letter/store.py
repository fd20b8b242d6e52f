"""Letters in Postgres."""

from collections.abc import Sequence
from uuid import UUID

from service_kit.access.units import within_units
from service_kit.store.database import Transaction
from service_kit.store.running import Reader, Record
from sqlalchemy import ARRAY, Uuid, any_, bindparam, insert, select

from complaints.letter.domain import LetterSent, Printed
from complaints.tables import complaint, letter

_SENT = (
    letter.c.id, letter.c.complaint_id, letter.c.language, letter.c.channel, letter.c.written_at, letter.c.pdf_sha256, letter.c.docx_sha256,
)  # fmt: skip
OF_COMPLAINTS = (
    select(*_SENT)
    .where(letter.c.complaint_id == any_(bindparam("ids", type_=ARRAY(Uuid))))
    .order_by(letter.c.complaint_id, letter.c.written_at, letter.c.id)
)
_of = (letter.c.complaint_id == bindparam("complaint_id"), letter.c.id == bindparam("id"), within_units(complaint.c.unit))
_seen = letter.join(complaint, complaint.c.id == letter.c.complaint_id)
PDF = select(complaint.c.number, letter.c.language, letter.c.pdf.label("page")).select_from(_seen).where(*_of)
DOCX = select(complaint.c.number, letter.c.language, letter.c.docx.label("page")).select_from(_seen).where(*_of)
INSERT = insert(letter)
PAGES = {"pdf": PDF, "docx": DOCX}


async def letters_of(reader: Reader, ids: Sequence[UUID]) -> dict[UUID, list[LetterSent]]:
    """The letters of several complaints, oldest first."""
    letters: dict[UUID, list[LetterSent]] = {complaint_id: [] for complaint_id in ids}
    for row in await reader.fetch(OF_COMPLAINTS, ids=list(ids)):
        letters[row["complaint_id"]].append(LetterSent(**row))
    return letters


async def page_of(reader: Reader, complaint_id: UUID, letter_id: UUID, form: str, *, units: Sequence[str] | None) -> Record | None:
    """One form of a letter with the number of its complaint."""
    return await reader.fetch_one(PAGES[form], complaint_id=complaint_id, id=letter_id, units=units)


async def add_letter(tx: Transaction, sent: LetterSent, printed: Printed) -> None:
    await tx.execute(
        INSERT,
        complaint_id=sent.complaint_id,
        id=sent.id,
        language=sent.language,
        channel=sent.channel,
        written_at=sent.written_at,
        pdf_sha256=sent.pdf_sha256,
        docx_sha256=sent.docx_sha256,
        pdf=printed.pdf,
        docx=printed.docx,
    )
