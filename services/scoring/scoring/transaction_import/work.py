"""Reads a sheet of transactions chunk by chunk; a dry run goes the same way and takes every chunk
back.

How long an import waits for customer-profile is a setting (`import_wait_seconds`).
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Protocol
from uuid import UUID
from zoneinfo import ZoneInfo

from service_kit.access.caller import Caller
from service_kit.access.client import NeighborRefused, NeighborUnavailable
from service_kit.process.scratch import scratch
from service_kit.sheet import reading
from service_kit.sheet.domain import Row
from service_kit.sheet.report import told_of
from service_kit.store.database import Database, Transaction
from service_kit.words.errors import Conflict
from service_kit.words.identity import Clock, new_id
from service_kit.words.messages import said
from service_kit.work.jobs import RunningJob

from scoring.customer.acquaintance import CustomerFile, acquainted
from scoring.customer.domain import KnownCustomer
from scoring.score.rescoring import Rescoring
from scoring.settings import Settings
from scoring.transaction import use_cases
from scoring.transaction.store import TransactionStore
from scoring.transaction_import.columns import fields_of, ignored_of
from scoring.transaction_import.domain import Order
from scoring.transaction_import.drafts import Draft, RowNotReadable, drafted
from scoring.transaction_import.store import (
    TransactionImportReader,
    TransactionImportStore,
    order_of,
)
from scoring.transaction_import.unnumbered_orders import Likes

CHUNK = 1_000
MOST_REMEMBERED = 200_000
SWEEP = "import_sweep"
SWEEP_SECONDS = 60.0
COUNTS = ("created", "updated", "unchanged", "skipped", "failed")


class CustomersNotAsked(Conflict):
    """Customer-profile refused to say who the customers are, or said nothing for too long."""


class Customers(CustomerFile, Protocol):
    """Who the customers in a sheet are."""

    async def by_identifier(
        self, type: str, system: str | None, values: Sequence[str]
    ) -> dict[str, KnownCustomer | None]: ...


@dataclass(kw_only=True)
class Course:
    """One import on its way: what was asked for, and what it learned of the sheet so far."""

    job: RunningJob
    order: Order
    fields: Mapping[str, str]
    known: dict[str, KnownCustomer | None] = field(default_factory=dict)
    likes: Likes = field(default_factory=Likes)


class _Undone(Exception):
    """Takes the chunk of a dry run back."""


class TransactionImports:
    """Runs imports; a killed worker's import goes on behind the last chunk that was written."""

    def __init__(
        self, database: Database, clock: Clock, customers: Customers, settings: Settings
    ) -> None:
        self._database = database
        self._clock = clock
        self._customers = customers
        self._zone = ZoneInfo(settings.time_zone)
        self._wait_seconds = settings.import_wait_seconds

    async def run(self, job: RunningJob) -> None:
        """Raises the refusals of the sheet: not readable, columns missing."""
        order = order_of(job)
        with scratch() as folder:
            source = await self._fetched(job.id, folder / "sheet")
            sheet = await reading.unpacked(str(source), order.filename, order.encoding)
            # Told also when the import fails or is canceled: nobody has to guess what became of a
            # column.
            job.result = told = {"sheet": told_of(sheet)}
            fields = fields_of(sheet.columns, order)
            told["columns"] = {
                "taken": {column: field for field, column in fields.items()},
                "ignored": ignored_of(sheet.columns, fields),
            }
            job.total = await asyncio.to_thread(reading.count, sheet)
            job.counts = {name: job.counts.get(name, 0) for name in COUNTS}
            course = Course(job=job, order=order, fields=fields)
            rows = reading.rows(sheet)
            await self._number_again(course, islice(rows, job.done))
            while chunk := await asyncio.to_thread(_taken, rows):
                await self._take(course, chunk)
        async with job.step() as tx:
            await TransactionImportStore(tx, order.units).drop_pieces(job.id)
        job.result = {**job.counts, **told}

    async def sweep(self) -> bool:
        """Keep no sheet longer than its import, however that ended."""
        async with self._database.transaction() as tx:
            await TransactionImportStore(tx, None).sweep_pieces()
        return False

    async def _fetched(self, id: UUID, target: Path) -> Path:
        async with self._database.reading() as reader:
            with target.open("wb") as file:
                async for piece in TransactionImportReader(reader, None).pieces(id):
                    file.write(piece)
        return target

    async def _take(self, course: Course, chunk: Sequence[Row]) -> None:
        job = course.job
        drafts, errors, skipped = self._read(course, chunk)
        found = await self._found_customers(course, drafts)
        errors += [
            (draft.row, "there is no such customer")
            for draft in drafts
            if draft.customer not in found
        ]
        errors += [
            (draft.row, "several customers share this identifier")
            for draft in drafts
            if draft.customer in found and found[draft.customer].is_shared
        ]
        certain = [
            draft
            for draft in drafts
            if draft.customer in found and not found[draft.customer].is_shared
        ]
        named = [draft.of(found[draft.customer], likes=course.likes) for draft in certain]
        async with job.step() as tx:
            alike = [
                draft.name_in(course.order.sha256) for draft in named if draft.is_named_by_likeness
            ]
            known = await TransactionStore(tx, course.order.units).known(alike)
            new = [draft for draft in named if draft.name_in(course.order.sha256) not in known]
            outcome = await self._record(tx, course.order, new, found)
            errors += [
                (new[place].row, refusal.detail) for place, refusal in outcome.rejected.items()
            ]
            await TransactionImportStore(tx, course.order.units).insert_errors(
                job.id, sorted(errors)
            )
            job.done += len(chunk)
            job.counts["created"] += len(outcome.accepted)
            job.counts["unchanged"] += outcome.duplicates + len(named) - len(new)
            job.counts["skipped"] += skipped
            job.counts["failed"] += len(errors)
        self._database.signals.wake("rescoring")

    async def _number_again(self, course: Course, rows: Iterator[Row]) -> None:
        """An import that was interrupted numbers orders that say the same as if it
        had never stopped: what was taken is read again.
        """
        while chunk := await asyncio.to_thread(_taken, rows):
            # Nothing is written here, so that whoever cancels would not be heard before all is
            # read.
            await course.job.heartbeat()
            drafts = [
                draft
                for draft in self._read(course, chunk)[0]
                if draft.transaction.external_id is None
            ]
            found = await self._found_customers(course, drafts)
            for draft in drafts:
                if draft.customer in found:
                    draft.of(found[draft.customer], likes=course.likes)

    async def _found_customers(
        self, course: Course, drafts: Sequence[Draft]
    ) -> Mapping[str, KnownCustomer]:
        """Who the customers of these rows are, as far as whoever imports may see them."""
        caller = _caller(course.job, course.order)
        names = {draft.customer for draft in drafts}
        await self._get_to_know(course.order, names, course.known, caller)
        known = {name: course.known[name] for name in names}
        return {
            name: customer
            for name, customer in known.items()
            if customer is not None and caller.sees(customer.unit)
        }

    def _read(
        self, course: Course, chunk: Sequence[Row]
    ) -> tuple[list[Draft], list[tuple[int, str]], int]:
        drafts: list[Draft] = []
        errors: list[tuple[int, str]] = []
        for row in chunk:
            if row.problem:
                errors.append((row.number, row.problem))
            elif row.values:
                try:
                    drafts.append(
                        drafted(
                            row.number,
                            row.values,
                            course.fields,
                            course.order,
                            id=new_id(),
                            at=self._clock(),
                            zone=self._zone,
                        )
                    )
                except RowNotReadable as reason:
                    errors.append((row.number, reason.detail))
        return drafts, errors, len(chunk) - len(drafts) - len(errors)

    async def _record(
        self,
        tx: Transaction,
        order: Order,
        drafts: Sequence[Draft],
        found: Mapping[str, KnownCustomer],
    ) -> use_cases.Outcome:
        """What became of the transactions; of a dry run, what would have."""
        store = TransactionStore(tx, order.units)
        wanted = [draft.transaction for draft in drafts]
        customers = {customer.id: customer for customer in found.values()}
        outcome = use_cases.Outcome(accepted=(), duplicates=0, rejected={})
        with suppress(_Undone):
            async with tx.savepoint():
                outcome = await use_cases.record_all(
                    store, Rescoring(tx), wanted, customers, at=self._clock()
                )
                if order.dry_run:
                    raise _Undone
        return outcome

    async def _get_to_know(
        self, order: Order, names: set[str], known: dict[str, KnownCustomer | None], caller: Caller
    ) -> None:
        """Find out who the customers of this chunk are; while customer-profile is silent, wait."""
        if len(known) > MOST_REMEMBERED:
            known.clear()
        asked = sorted(names - known.keys())
        until = asyncio.get_running_loop().time() + self._wait_seconds
        while asked:
            try:
                known.update(await self._found(order, asked, caller))
                return
            except NeighborUnavailable as error:
                if asyncio.get_running_loop().time() > until:
                    raise CustomersNotAsked(
                        "customer-profile did not say in time who the customers are; import the"
                        " sheet again"
                    ) from error
                await asyncio.sleep(1.0)
            except NeighborRefused as refused:
                why = said(
                    "customer-profile refused to say who the customers are: {why}",
                    why=str(refused)[:300],
                )
                raise CustomersNotAsked(why) from refused

    async def _found(
        self, order: Order, names: Sequence[str], caller: Caller
    ) -> Mapping[str, KnownCustomer | None]:
        if order.key:
            type_, _, system = order.key.partition(":")
            return await self._customers.by_identifier(type_, system or None, names)
        ids = {name: _uuid(name) for name in names}
        there = await acquainted(
            self._database,
            self._customers,
            [id for id in set(ids.values()) if id is not None],
            caller,
        )
        return {name: None if id is None else there.get(id) for name, id in ids.items()}


def _caller(job: RunningJob, order: Order) -> Caller:
    return Caller(
        client_id=job.origin.client_id,
        sub=job.origin.actor,
        units=None if order.units is None else tuple(order.units),
    )


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _taken(rows: Iterator[Row]) -> list[Row]:
    return list(islice(rows, CHUNK))
