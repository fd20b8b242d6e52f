"""Imports in Postgres:
the file in parts, the batches of customers in a few statements each, and what could not be taken.
"""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from service_kit.access.units import within_units
from service_kit.store.database import Transaction
from service_kit.store.running import Record
from service_kit.store.sqlstates import UniqueViolated
from service_kit.store.statements import rows
from service_kit.store.tables import job
from service_kit.words.identity import Ids
from service_kit.words.messages import stored
from sqlalchemy import (
    Integer,
    SmallInteger,
    String,
    Uuid,
    bindparam,
    delete,
    exists,
    func,
    insert,
    select,
    tuple_,
)

from customer_profile.customer import events
from customer_profile.customer.domain import (
    Customer,
    CustomerChanged,
    CustomerCreated,
    IdentifierTaken,
    changed_names,
)
from customer_profile.customer.rows import row_of
from customer_profile.customer.store import UNIQUE_KEY, CustomerStore
from customer_profile.customer_import.domain import Holding, Known, RowProblem
from customer_profile.identifier.domain import filed
from customer_profile.stores import Access, Store
from customer_profile.tables import customer_search, import_file, import_problem
from customer_profile.timeline.domain import Entry, EntryKind
from customer_profile.timeline.rows import row_of as timeline_row

PART_BYTES = 1_000_000
LONGEST_DETAIL = 300
BEFORE_ALL = (0, 0)
# No token holds a space: words are split at them.
TOKENS_APART = " "
ADD_PART = insert(import_file)
READ_PART = select(import_file.c.content).where(
    import_file.c.import_id == bindparam("id"), import_file.c.part == bindparam("number")
)
FORGET_FILE = delete(import_file).where(import_file.c.import_id == bindparam("id"))
# Whether work is over is asked of the job: a file is kept in the transaction that queues its
# import.
_left_behind = (
    select(import_file.c.import_id)
    .where(
        ~exists().where(job.c.id == import_file.c.import_id, job.c.state.in_(["queued", "running"]))
    )
    .limit(1)
    .scalar_subquery()
)
FORGET_LEFT_BEHIND = delete(import_file).where(import_file.c.import_id == _left_behind)
FORGET_PROBLEMS = delete(import_problem).where(import_problem.c.import_id == bindparam("id"))
LIST_PROBLEMS = (
    select(import_problem)
    .where(
        import_problem.c.import_id == bindparam("id", type_=Uuid),
        tuple_(import_problem.c.row, import_problem.c.number)
        > tuple_(
            bindparam("after_row", type_=Integer), bindparam("after_number", type_=SmallInteger)
        ),
    )
    .order_by(import_problem.c.row, import_problem.c.number)
    .limit(bindparam("limit", type_=Integer))
)


LIST_IMPORTS = (
    select(job)
    .where(
        job.c.kind == bindparam("kind"),
        job.c.id < bindparam("before", type_=Uuid),
        within_units(job.c.unit),
    )
    .order_by(job.c.id.desc())
    .limit(bindparam("limit", type_=Integer))
)


class BatchCollided(Exception):
    """Somebody else took an identifier of this batch at the same moment:
    the batch is decided again.
    """


Table = tuple[str, list[str], list[tuple[Any, ...]]]
_found = rows("found", id=Uuid, unit=String, tokens=String, text=String)
# Tokens go as one text and are split over there: the driver takes a microsecond for every element
# of an array.
INSERT_SEARCH = insert(customer_search).from_select(
    ["customer_id", "unit", "tokens", "text"],
    select(
        _found.c.id,
        _found.c.unit,
        func.string_to_array(_found.c.tokens, TOKENS_APART),
        _found.c.text,
    ),
)


@dataclass(frozen=True)
class Written:
    """What a batch of rows made, as it is written:
    tables to be copied, changes to be saved one by one, customers to be told.
    """

    tables: Sequence[Table]
    search: Mapping[str, list[Any]]
    changes: Sequence[CustomerChanged]
    created: Sequence[Customer]


def prepared(batch: Known, *, import_id: UUID, ids: Ids, at: datetime) -> Written:
    """The rows of all tables;
    it costs time and no round trip, so it may run beside the event loop.
    """
    created, updated = batch.created, batch.updated
    entries = [
        _entry(each, "customer.imported", import_id=import_id, id=ids(), at=at) for each in created
    ]
    entries += [
        _entry(each, "customer.updated_by_import", import_id=import_id, id=ids(), at=at)
        for each in updated
    ]
    held = [
        (key, each.id, each.id, is_unique)
        for each in created
        for key, is_unique in filed(each.identifiers).items()
    ]
    tables = [
        _table("customer", [row_of(each) for each in created]),
        ("identifier_holder", ["key", "holder_id", "customer_id", "is_unique"], held),
        _table("timeline_entry", [timeline_row(entry) for entry in entries]),
    ]
    changes = [
        CustomerChanged(
            before=batch.before[after.id],
            after=after,
            fields=changed_names(batch.before[after.id], after),
        )
        for after in updated
    ]
    return Written(tables=tables, search=_search(created), changes=changes, created=created)


def _search(created: Sequence[Customer]) -> dict[str, list[Any]]:
    keys = [each.search_keys for each in created]
    return {
        "found_id": [each.id for each in created],
        "found_unit": [each.unit for each in created],
        "found_tokens": [TOKENS_APART.join(each.tokens) for each in keys],
        "found_text": [each.text for each in keys],
    }


def _table(name: str, rows: Sequence[dict[str, Any]]) -> Table:
    return name, list(rows[0]) if rows else [], [tuple(row.values()) for row in rows]


def _entry(customer: Customer, label: str, *, import_id: UUID, id: UUID, at: datetime) -> Entry:
    return Entry(
        customer_id=customer.id,
        id=id,
        occurred_at=at,
        channel="system",
        kind=EntryKind.IMPORT,
        label=label,
        ref_type="customer_import",
        ref_id=import_id,
    )


def _problem_row(import_id: UUID, problem: RowProblem) -> dict[str, object]:
    detail = stored(problem.detail, longest=LONGEST_DETAIL)
    place = {"row": problem.row, "number": problem.number, "column": problem.column[:200]}
    return {"import_id": import_id, **place, "code": problem.code, "detail": detail}


class ImportReader(Store[Access]):
    """Reads imports, their files and their row errors."""

    async def file_parts(self, import_id: UUID) -> AsyncIterator[bytes]:
        """The kept file, part by part."""
        number = 0
        while (
            part := await self._tx.fetch_value(READ_PART, id=import_id, number=number)
        ) is not None:
            yield part
            number += 1

    async def problems_after(
        self, import_id: UUID, *, after: Sequence[Any], limit: int
    ) -> list[Record]:
        """The row errors of an import, by row and number, behind those of a row and number."""
        row, number = after
        return await self._tx.fetch(
            LIST_PROBLEMS, id=import_id, after_row=row, after_number=number, limit=limit
        )

    async def imports_before(self, kind: str, *, before: UUID, limit: int) -> list[Record]:
        """The rows of the jobs of this kind, newest first, behind an id."""
        return await self._tx.fetch(
            LIST_IMPORTS, kind=kind, before=before, limit=limit, units=self._units
        )


class ImportStore(ImportReader[Transaction]):
    """Reads and writes imports: their files, their row errors, and batches of customers."""

    async def keep_file(self, import_id: UUID, chunks: AsyncIterator[bytes]) -> None:
        """Keep an uploaded file in parts."""
        number = 0
        async for chunk in chunks:
            await self._tx.execute(ADD_PART, import_id=import_id, part=number, content=chunk)
            number += 1

    async def forget_file(self, import_id: UUID) -> None:
        """The file holds personal values: it goes when its import has ended."""
        await self._tx.execute(FORGET_FILE, id=import_id)

    async def forget_files_of_the_ended(self) -> bool:
        """Delete the file of one import that is over; whether there was any."""
        return await self._tx.execute(FORGET_LEFT_BEHIND) > 0

    async def add_problems(self, import_id: UUID, problems: Iterable[RowProblem]) -> None:
        """Keep why rows were not taken."""
        name, columns, values = _table(
            "import_problem", [_problem_row(import_id, each) for each in problems]
        )
        if values:
            await self._tx.copy_rows(name, columns=columns, rows=values)

    async def forget_problems(self, import_id: UUID) -> None:
        """A rehearsal that begins again counts again."""
        await self._tx.execute(FORGET_PROBLEMS, id=import_id)

    async def known(self, keys: Sequence[str]) -> tuple[list[Customer], list[Holding]]:
        """Who holds these identifiers, locked until the batch is written."""
        if not keys:
            return [], []
        customers = CustomerStore(self._tx, None)
        held = await customers.holdings(keys)
        ids = sorted({row["customer_id"] for row in held})
        present = await customers.some_to_change(ids) if ids else []
        return present, [Holding(row["key"], row["customer_id"], row["holder_id"]) for row in held]

    async def write(self, written: Written) -> None:
        """Write a batch: new customers by COPY, changed ones one by one, each with its event and
        timeline entry.

        Raises BatchCollided when a rival took one of the identifiers first.
        """
        try:
            for name, columns, rows in written.tables:
                if rows:
                    await self._tx.copy_rows(name, columns=columns, rows=rows)
            if written.created:
                await self._tx.execute(INSERT_SEARCH, **written.search)
            for change in written.changes:
                await CustomerStore(self._tx, None).save(change)
        except (UniqueViolated, IdentifierTaken) as error:
            if isinstance(error, UniqueViolated) and error.constraint != UNIQUE_KEY:
                raise
            raise BatchCollided() from error
        for each in written.created:
            self._tx.record(events.CustomerCreated.of(CustomerCreated(each)))
