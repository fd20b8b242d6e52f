"""Letters in Postgres."""

from datetime import datetime
from uuid import UUID

from service_kit.access.caller import Caller
from service_kit.access.units import units_of, within_units
from service_kit.store.database import Transaction
from service_kit.store.running import Reader, Record
from sqlalchemy import bindparam, insert, select

from complaints.letter.domain import LetterNotFound, Printed
from complaints.tables import complaint, letter

_of = (
    letter.c.complaint_id == bindparam("complaint_id"),
    letter.c.id == bindparam("id"),
    within_units(complaint.c.unit),
)
_seen = letter.join(complaint, complaint.c.id == letter.c.complaint_id)
PAGES = {
    form: select(complaint.c.number, letter.c.language, letter.c[form].label("page"))
    .select_from(_seen)
    .where(*_of)
    for form in ("pdf", "docx")
}
INSERT = insert(letter)


class LetterReader:
    """Reads the pages of letters as a caller may see them."""

    def __init__(self, reader: Reader, caller: Caller) -> None:
        self._reader = reader
        self._units = units_of(caller)

    async def find(self, complaint_id: UUID, letter_id: UUID, form: str) -> Record:
        """One form of a letter with the number of its complaint. Raises LetterNotFound."""
        row = await self._reader.fetch_one(
            PAGES[form], complaint_id=complaint_id, id=letter_id, units=self._units
        )
        if row is None:
            raise LetterNotFound
        return row


class LetterStore:
    """Keeps letters, in one transaction."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    async def add(
        self,
        printed: Printed,
        *,
        id: UUID,
        complaint_id: UUID,
        language: str,
        channel: str,
        written_at: datetime,
    ) -> None:
        sent = {
            "id": id,
            "complaint_id": complaint_id,
            "language": language,
            "channel": channel,
            "written_at": written_at,
        }
        await self._tx.execute(
            INSERT, **sent, **printed.digests, pdf=printed.pdf, docx=printed.docx
        )
