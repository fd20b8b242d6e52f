"""Notes in Postgres: rows of the subject that they are about, whose erasure deletes them."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    Column,
    ColumnElement,
    ForeignKeyConstraint,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    Uuid,
    bindparam,
    delete,
    insert,
    select,
    update,
)

from service_kit.store import audit
from service_kit.store.database import Transaction
from service_kit.store.events import Action
from service_kit.store.running import Reader, Record
from service_kit.store.tables import Moment
from service_kit.words.errors import NotFound

MOST_CHARACTERS = 10_000
Units = Sequence[str] | None


class NoteNotFound(NotFound):
    """There is no such note here, or what it is about lies outside the units of this token."""


def note_table(subject: Table) -> Table:
    """The table `note` beside that of its subjects."""
    return Table(
        "note",
        subject.metadata,
        Column(f"{subject.name}_id", Uuid, nullable=False),
        Column("id", Uuid, nullable=False),
        Column("version", Integer, nullable=False),
        Column("text", String(MOST_CHARACTERS), nullable=False),
        Column("author", String(200), nullable=False),
        Column("created_at", Moment, nullable=False),
        Column("updated_at", Moment, nullable=False),
        PrimaryKeyConstraint(f"{subject.name}_id", "id"),
        ForeignKeyConstraint([f"{subject.name}_id"], [subject.c.id]),
    )


class Notes:
    """Notes on one kind of subject. A note has the unit and the readers of its subject, wherever
    that is moved: `seen` says which subjects are seen from `units`, `missing` is raised for others.
    """

    def __init__(
        self, note: Table, subject: Table, *, seen: ColumnElement[bool], missing: type[NotFound]
    ) -> None:
        self.subject = subject.name
        self._missing = missing
        of = note.c[f"{subject.name}_id"]
        asked = subject.c.id == bindparam("subject")
        self._unit = select(subject.c.unit).where(asked, seen)
        # Shared with others that write below the subject, but not with its erasure, which takes the
        # row for itself.
        self._hold = self._unit.with_for_update(key_share=True, read=True)
        all_of_it = (
            select(note, subject.c.unit)
            .select_from(note.join(subject, of == subject.c.id))
            .where(asked, seen)
        )
        self._find = all_of_it.where(note.c.id == bindparam("id"))
        self._lock = self._find.with_for_update(of=note)
        self._page = (
            all_of_it.where(note.c.id < bindparam("before"))
            .order_by(note.c.id.desc())
            .limit(bindparam("limit"))
        )
        one = (of == bindparam("of_subject"), note.c.id == bindparam("of"))
        self._insert = insert(note)
        self._change = (
            update(note)
            .where(*one)
            .values(
                text=bindparam("new_text"),
                updated_at=bindparam("at"),
                version=note.c.version + 1,
            )
        )
        self._remove = delete(note).where(*one)

    async def page(
        self, reader: Reader, subject: UUID, *, units: Units, before: UUID, limit: int
    ) -> list[Record]:
        """The notes on a subject, newest first, behind an id."""
        rows = await reader.fetch(
            self._page, subject=subject, units=units, before=before, limit=limit
        )
        if not rows:
            await self._unit_of(reader, subject, units, is_held=False)
        return rows

    async def get(self, reader: Reader, subject: UUID, note: UUID, *, units: Units) -> Record:
        """One note; NoteNotFound."""
        row = await reader.fetch_one(self._find, subject=subject, id=note, units=units)
        if row is None:
            raise NoteNotFound
        return row

    async def get_to_change(
        self, tx: Transaction, subject: UUID, note: UUID, *, units: Units
    ) -> Record:
        """As `get`, locked until the transaction ends, and its subject not erased before that."""
        await self._unit_of(tx, subject, units, is_held=True)
        row = await tx.fetch_one(self._lock, subject=subject, id=note, units=units)
        if row is None:
            raise NoteNotFound
        return row

    async def add(
        self,
        tx: Transaction,
        subject: UUID,
        note: UUID,
        *,
        text: str,
        author: str,
        at: datetime,
        units: Units,
    ) -> Record:
        """Write a note on a subject that is seen."""
        unit = await self._unit_of(tx, subject, units, is_held=True)
        columns: dict[str, object] = {f"{self.subject}_id": subject, "id": note, "version": 1}
        columns |= {"text": text, "author": author, "created_at": at, "updated_at": at}
        await tx.execute(self._insert, **columns)
        self._audit(tx, "note.added", subject, note, unit=unit, at=at, text=text)
        return await self.get(tx, subject, note, units=units)

    async def change(
        self, tx: Transaction, subject: UUID, note: Record, *, text: str, at: datetime, units: Units
    ) -> Record:
        """Write another text into a locked note."""
        await tx.execute(self._change, of_subject=subject, of=note["id"], new_text=text, at=at)
        self._audit(tx, "note.changed", subject, note["id"], unit=note["unit"], at=at, text=text)
        return await self.get(tx, subject, note["id"], units=units)

    async def remove(self, tx: Transaction, subject: UUID, note: Record, *, at: datetime) -> None:
        """Take a locked note away; nothing of its text stays in the audit."""
        await tx.execute(self._remove, of_subject=subject, of=note["id"])
        await audit.erase(tx, note["id"], at=at)
        self._audit(tx, "note.removed", subject, note["id"], unit=note["unit"], at=at)

    async def _unit_of(self, reader: Reader, subject: UUID, units: Units, *, is_held: bool) -> str:
        asked = self._hold if is_held else self._unit
        unit: str | None = await reader.fetch_value(asked, subject=subject, units=units)
        if unit is None:
            raise self._missing
        return unit

    def _audit(
        self,
        tx: Transaction,
        action: str,
        subject: UUID,
        note: UUID,
        *,
        unit: str,
        at: datetime,
        **values: str,
    ) -> None:
        values[f"{self.subject}_id"] = str(subject)
        tx.audit(Action(name=action, subject=note, unit=unit, at=at, values=values))
