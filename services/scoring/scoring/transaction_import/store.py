"""Sheets waiting to be read, and what was wrong with their rows."""

from collections.abc import AsyncIterator, Sequence
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter
from service_kit.store.database import Transaction
from service_kit.store.running import Reader
from service_kit.store.tables import job
from service_kit.words.messages import stored
from service_kit.work import jobs
from service_kit.work.jobs import Job, RunningJob
from sqlalchemy import bindparam, delete, func, insert, select
from sqlalchemy.dialects import postgresql

from scoring.tables import transaction_import, transaction_import_error, transaction_import_piece
from scoring.transaction_import.domain import KIND, Order, TransactionImportNotFound

PIECE = 1_000_000
MOST_ERRORS = 10_000
LONGEST_DETAIL = 300

ORDER = TypeAdapter(Order)
INSERT = insert(transaction_import)
INSERT_PIECE = insert(transaction_import_piece)
FIND_PIECE = select(transaction_import_piece.c.content).where(
    transaction_import_piece.c.import_id == bindparam("import_id"),
    transaction_import_piece.c.number == bindparam("number"),
)
DROP_PIECES = delete(transaction_import_piece).where(
    transaction_import_piece.c.import_id == bindparam("of")
)
_is_open = (
    select(job.c.id)
    .where(job.c.id == transaction_import_piece.c.import_id, job.c.state.in_(["queued", "running"]))
    .exists()
)
SWEEP = delete(transaction_import_piece).where(~_is_open)
INSERT_ERROR = postgresql.insert(transaction_import_error).on_conflict_do_nothing()
COUNT_ERRORS = select(func.count()).where(
    transaction_import_error.c.import_id == bindparam("import_id")
)
ERRORS = (
    select(transaction_import_error.c.row, transaction_import_error.c.detail)
    .where(
        transaction_import_error.c.import_id == bindparam("import_id"),
        transaction_import_error.c.row > bindparam("after"),
    )
    .order_by(transaction_import_error.c.row)
    .limit(bindparam("limit"))
)


def kept(order: Order) -> dict[str, Any]:
    """The order as the job keeps it."""
    written: dict[str, Any] = ORDER.dump_python(order, mode="json")
    return written


def order_of(job: Job | RunningJob) -> Order:
    return ORDER.validate_python(job.payload)


class TransactionImportReader:
    """Reads imports that a caller may see; no units asks for the whole company."""

    def __init__(self, reader: Reader, units: Sequence[str] | None) -> None:
        self._reader = reader
        self._units = units

    async def find(self, id: UUID) -> Job:
        """Raises TransactionImportNotFound."""
        return await jobs.find(
            self._reader, id, kind=KIND, units=self._units, missing=TransactionImportNotFound
        )

    async def pieces(self, id: UUID) -> AsyncIterator[bytes]:
        """The file, piece by piece."""
        number = 0
        while (
            content := await self._reader.fetch_value(FIND_PIECE, import_id=id, number=number)
        ) is not None:
            yield content
            number += 1

    async def errors(self, id: UUID, *, after: int, limit: int) -> list[Any]:
        """By row."""
        return await self._reader.fetch(ERRORS, import_id=id, after=after, limit=limit)


class TransactionImportStore(TransactionImportReader):
    """Imports in one transaction of the database."""

    def __init__(self, tx: Transaction, units: Sequence[str] | None) -> None:
        super().__init__(tx, units)
        self._tx = tx

    async def keep_sheet(self, id: UUID, order: Order, pieces: AsyncIterator[bytes]) -> None:
        """Keep an uploaded sheet in pieces."""
        await self._tx.execute(INSERT, id=id, filename=order.filename, sha256=order.sha256)
        number = 0
        async for content in pieces:
            await self._tx.execute(INSERT_PIECE, import_id=id, number=number, content=content)
            number += 1

    async def drop_pieces(self, id: UUID) -> None:
        """The file itself is not kept once it was read."""
        await self._tx.execute(DROP_PIECES, of=id)

    async def sweep_pieces(self) -> int:
        """Drop what is left of sheets whose import failed or was canceled; how many pieces."""
        return await self._tx.execute(SWEEP)

    async def insert_errors(self, id: UUID, errors: Sequence[tuple[int, str]]) -> None:
        """Keep what was wrong, up to a bound:
        a sheet of a million broken rows says nothing more than ten thousand do.
        """
        room = MOST_ERRORS - int(
            await self._tx.fetch_value(COUNT_ERRORS, import_id=id) if errors else MOST_ERRORS
        )
        rows = [
            {"import_id": id, "row": row, "detail": stored(detail, longest=LONGEST_DETAIL)}
            for row, detail in errors[: max(room, 0)]
        ]
        await self._tx.execute_many(INSERT_ERROR, rows)
