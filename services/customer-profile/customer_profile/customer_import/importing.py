"""The work of an import: read the file, decide row by row, write batch by batch;
a killed worker's import goes on at its last batch.
"""

import asyncio
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import aclosing, suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

from service_kit.process.scratch import scratch
from service_kit.sheet import reading
from service_kit.sheet.domain import Row, Sheet
from service_kit.sheet.report import told_of
from service_kit.store.database import Database, Transaction
from service_kit.words.errors import Conflict, Refusal, Unavailable
from service_kit.words.identity import Clock, new_id
from service_kit.work.jobs import JobCanceled, RunningJob

from customer_profile.customer.domain import SourceGiven
from customer_profile.customer.source import Learned, Source, SourceKind
from customer_profile.customer_import.cells import RowRefused
from customer_profile.customer_import.columns import Columns, columns_of, key_of
from customer_profile.customer_import.domain import (
    COUNTED,
    Counts,
    Deciding,
    Defaults,
    Known,
    keys_of,
)
from customer_profile.customer_import.drafts import Draft, Drafting
from customer_profile.customer_import.store import (
    BatchCollided,
    ImportReader,
    ImportStore,
    Written,
    prepared,
)
from customer_profile.identifier.domain import Vault
from customer_profile.settings import Settings
from customer_profile.words import time_zones

KIND = "customer_import"
# What a job keeps of how its sheet was read.
TOLD = ("sheet", "columns", "ignored")
MOST_COLLISIONS = 5
STATEMENT_SECONDS = 60.0
# How often it is looked for sheets that an unforeseen end left behind.
SWEEP_SECONDS = 300.0


class IdentifiersContested(Conflict):
    """Others keep taking the identifiers of these rows while they are imported;
    start the import again later.
    """


@dataclass(frozen=True, kw_only=True)
class Order:
    """What the import was asked to do, as its job keeps it."""

    filename: str
    mapping: Mapping[str, str]
    key: str | None
    is_rehearsal: bool
    unit: str
    units: tuple[str, ...] | None
    encoding: str = ""

    def payload(self) -> dict[str, Any]:
        return {
            "filename": self.filename,
            "mapping": dict(self.mapping),
            "key": self.key,
            "dry_run": self.is_rehearsal,
            "unit": self.unit,
            "units": None if self.units is None else list(self.units),
            "encoding": self.encoding,
        }

    @classmethod
    def of(cls, payload: Mapping[str, Any]) -> "Order":
        return cls(
            filename=payload["filename"],
            mapping=payload["mapping"],
            key=payload["key"],
            is_rehearsal=payload["dry_run"],
            unit=payload["unit"],
            units=None if payload["units"] is None else tuple(payload["units"]),
            encoding=payload.get("encoding", ""),
        )


@dataclass(frozen=True)
class RowRead:
    """A row as a draft, or why it cannot be one."""

    number: int
    draft: Draft | None
    error: RowRefused | None = None


class Importing:
    """Runs the imports that are queued."""

    def __init__(
        self, database: Database, settings: Settings, vault: Vault, *, clock: Clock
    ) -> None:
        self._database = database
        self._settings = settings
        self._vault = vault
        self._clock = clock

    async def run(self, job: RunningJob) -> None:
        """Do the work of one job; whatever ends it, its file is not kept."""
        try:
            if "columns" not in job.checkpoint:
                with scratch() as folder:
                    await self._import(job, Order.of(job.payload), folder)
            job.result = {name: job.checkpoint[name] for name in TOLD if name in job.checkpoint}
        except Unavailable:
            # The work goes on later, and it needs its file.
            raise
        except (Refusal, JobCanceled):
            async with self._database.transaction() as tx:
                await ImportStore(tx, None).forget_file(job.id)
            raise

    async def sweep(self) -> bool:
        """Delete the files of imports that ended in a way that nobody foresaw;
        True when there may be more.
        """
        async with self._database.transaction() as tx:
            return await ImportStore(tx, None).forget_files_of_the_ended()

    async def _import(self, job: RunningJob, order: Order, folder: Path) -> None:
        sheet = await self._sheet(job, order, folder)
        told: dict[str, Any] = {"sheet": told_of(sheet)}
        # Told also when the import fails or is canceled: nobody has to guess what became of a
        # column.
        job.result = told
        columns = columns_of(sheet.columns, order.mapping, key_of(order.key) if order.key else None)
        told |= {"columns": dict(columns.fields), "ignored": list(columns.ignored)}
        drafting = self._drafting(order, columns)
        await self._begin(job, order, await asyncio.to_thread(reading.count, sheet))
        rows = reading.rows(sheet)
        await asyncio.to_thread(_skip, rows, job.done)
        rehearsed, named = Known(), dict[str, str]()
        async with aclosing(_batches(rows, drafting, self._settings.import_batch_rows)) as batches:
            async for batch in batches:
                await self._take(job, order, batch, rehearsed, named)
        # A worker that is killed behind this step leaves nothing to do but to say so: the file is
        # not missed.
        async with job.step() as tx:
            await ImportStore(tx, None).forget_file(job.id)
            job.checkpoint = {**job.checkpoint, **told}

    async def _sheet(self, job: RunningJob, order: Order, folder: Path) -> Sheet:
        path = folder / "file"
        async with self._database.reading() as reader:
            with path.open("wb") as file:
                async for part in ImportReader(reader, None).file_parts(job.id):
                    file.write(part)
        return await reading.unpacked(str(path), order.filename, order.encoding)

    def _drafting(self, order: Order, columns: Columns) -> Drafting:
        return Drafting(
            columns,
            key=key_of(order.key) if order.key else None,
            vault=self._vault,
            region=self._settings.phone_region,
            zones=time_zones(),
        )

    async def _begin(self, job: RunningJob, order: Order, total: int) -> None:
        """The total is told before the first row.
        A rehearsal keeps nothing in between: it begins again where a worker was killed.
        """
        async with job.step() as tx:
            job.total = total
            if order.is_rehearsal:
                job.done = 0
                job.counts = dict(Counts())
                await ImportStore(tx, None).forget_problems(job.id)
            job.checkpoint = (
                {"problems": 0} if order.is_rehearsal else {"problems": 0, **job.checkpoint}
            )

    async def _take(
        self,
        job: RunningJob,
        order: Order,
        batch: list[RowRead],
        rehearsed: Known,
        named: dict[str, str],
    ) -> None:
        """One batch in one transaction with its progress;
        decided again when a rival took an identifier meanwhile.
        """
        for _ in range(MOST_COLLISIONS):
            with suppress(BatchCollided):
                async with job.step(statement_within=STATEMENT_SECONDS) as tx:
                    known = rehearsed if order.is_rehearsal else Known()
                    decided = await self._decided(tx, job, order, batch, known, named)
                    job.done += len(batch)
                    job.counts = {
                        name: job.counts.get(name, 0) + decided.counts[name] for name in COUNTED
                    }
                return
        raise IdentifiersContested()

    async def _decided(
        self,
        tx: Transaction,
        job: RunningJob,
        order: Order,
        batch: list[RowRead],
        known: Known,
        named: dict[str, str],
    ) -> Deciding:
        at = self._clock()
        imports = ImportStore(tx, None)
        known.load(*await imports.known(keys_of([read.draft for read in batch])))
        deciding = Deciding(
            known, self._defaults(order, job.created_at), at=at, ids=new_id, named=named
        )
        written = await asyncio.to_thread(
            _decide, deciding, batch, None if order.is_rehearsal else job.id, at
        )
        if written is not None:
            await imports.write(written)
        room = self._settings.import_most_problems - job.checkpoint["problems"]
        kept = deciding.problems[: max(0, room)]
        await imports.add_problems(job.id, kept)
        job.checkpoint = {"problems": job.checkpoint["problems"] + len(kept)}
        return deciding

    def _defaults(self, order: Order, at: datetime) -> Defaults:
        source = Source(
            kind=SourceKind.IMPORT, learned=Learned.THIRD_PARTY, recorded_at=at, confirmed_at=at
        )
        return Defaults(
            unit=order.unit,
            language=self._settings.default_language,
            time_zone=self._settings.time_zone,
            source=SourceGiven(source=source),
            units=order.units,
        )


async def _batches(
    rows: Iterator[Row], drafting: Drafting, size: int
) -> AsyncGenerator[list[RowRead]]:
    """Batches of rows as drafts; the next one is read while the one before is written."""
    reading_on = asyncio.create_task(asyncio.to_thread(_read, rows, drafting, size))
    try:
        while batch := await reading_on:
            reading_on = asyncio.create_task(asyncio.to_thread(_read, rows, drafting, size))
            yield batch
    finally:
        reading_on.cancel()


def _skip(rows: Iterator[Row], number: int) -> None:
    next(islice(rows, number, number), None)


def _read(rows: Iterator[Row], drafting: Drafting, number: int) -> list[RowRead]:
    """The next rows as drafts; runs in a thread beside the event loop."""
    return [_row_read(row, drafting) for row in islice(rows, number)]


def _row_read(row: Row, drafting: Drafting) -> RowRead:
    try:
        return RowRead(row.number, drafting.draft(row))
    except RowRefused as error:
        return RowRead(row.number, None, error)


def _decide(
    deciding: Deciding, batch: list[RowRead], import_id: UUID | None, at: datetime
) -> Written | None:
    """Decide about all rows and make what is written;
    a rehearsal (no id) writes nothing. Runs in a thread.
    """
    for read in batch:
        if read.error is not None:
            deciding.refuse(read.number, read.error)
        else:
            deciding.take(read.draft)
    return (
        None
        if import_id is None
        else prepared(deciding.known, import_id=import_id, ids=new_id, at=at)
    )
