"""Sheets waiting to be read, and what was wrong with their rows."""

from collections.abc import AsyncIterator, Sequence
from typing import Any
from uuid import UUID

from service_kit.store.database import Transaction
from service_kit.store.running import Reader
from service_kit.store.tables import job
from service_kit.words.messages import stored
from sqlalchemy import bindparam, delete, func, insert, select
from sqlalchemy.dialects import postgresql

from scoring.tables import transaction_import, transaction_import_error, transaction_import_piece

PIECE = 1_000_000
MOST_ERRORS = 10_000
LONGEST_DETAIL = 300

INSERT = insert(transaction_import)
INSERT_PIECE = insert(transaction_import_piece)
FIND_PIECE = select(transaction_import_piece.c.content).where(
    transaction_import_piece.c.import_id == bindparam("import_id"), transaction_import_piece.c.number == bindparam("number")
)
DROP_PIECES = delete(transaction_import_piece).where(transaction_import_piece.c.import_id == bindparam("of"))
_is_open = select(job.c.id).where(job.c.id == transaction_import_piece.c.import_id, job.c.state.in_(["queued", "running"])).exists()
SWEEP = delete(transaction_import_piece).where(~_is_open)
INSERT_ERROR = postgresql.insert(transaction_import_error).on_conflict_do_nothing()
COUNT_ERRORS = select(func.count()).where(transaction_import_error.c.import_id == bindparam("import_id"))
ERRORS = (
    select(transaction_import_error.c.row, transaction_import_error.c.detail)
    .where(transaction_import_error.c.import_id == bindparam("import_id"), transaction_import_error.c.row > bindparam("after"))
    .order_by(transaction_import_error.c.row)
    .limit(bindparam("limit"))
)


async def insert_file(tx: Transaction, id: UUID, *, filename: str, sha256: str) -> None:
    await tx.execute(INSERT, id=id, filename=filename, sha256=sha256)


async def insert_piece(tx: Transaction, id: UUID, number: int, content: bytes) -> None:
    await tx.execute(INSERT_PIECE, import_id=id, number=number, content=content)


async def pieces(reader: Reader, id: UUID) -> AsyncIterator[bytes]:
    """The file, piece by piece."""
    number = 0
    while (content := await reader.fetch_value(FIND_PIECE, import_id=id, number=number)) is not None:
        yield content
        number += 1


async def drop_pieces(tx: Transaction, id: UUID) -> None:
    """The file itself is not kept once it was read."""
    await tx.execute(DROP_PIECES, of=id)


async def sweep_pieces(tx: Transaction) -> int:
    """Drop what is left of sheets whose import failed or was canceled; how many pieces."""
    return await tx.execute(SWEEP)


async def insert_errors(tx: Transaction, id: UUID, errors: Sequence[tuple[int, str]]) -> None:
    """Keep what was wrong, up to a bound: a sheet of a million broken rows says nothing more than ten thousand do."""
    room = MOST_ERRORS - int(await tx.fetch_value(COUNT_ERRORS, import_id=id) if errors else MOST_ERRORS)
    rows = [{"import_id": id, "row": row, "detail": stored(detail, longest=LONGEST_DETAIL)} for row, detail in errors[: max(room, 0)]]
    await tx.execute_many(INSERT_ERROR, rows)


async def errors(reader: Reader, id: UUID, *, after: int, limit: int) -> list[Any]:
    """By row."""
    return await reader.fetch(ERRORS, import_id=id, after=after, limit=limit)
