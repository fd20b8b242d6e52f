"""The smallest whole service, for the kit's own tests and as an example:
notes that can be written, read, changed and listed.
"""

from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Response
from pydantic import Field
from sqlalchemy import (
    Column,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    Uuid,
    bindparam,
    insert,
    select,
    tuple_,
    update,
)

from service_kit.access.tokens import Keys
from service_kit.access.units import unit_for, units_of, within_units
from service_kit.process.settings import ServiceSettings
from service_kit.service import Service
from service_kit.store.events import Event
from service_kit.store.running import Reader, Record
from service_kit.store.tables import Moment
from service_kit.store.tables import metadata as kit_metadata
from service_kit.web.call import Call
from service_kit.web.pages import Page, PageOf
from service_kit.web.routing import MergePatch, Router, requires
from service_kit.words.errors import NotFound
from service_kit.words.fields import Id, Input, Line, Output, Patch, Timestamp, UnitPath, Version
from service_kit.words.identity import Clock, clock

MIGRATIONS = Path(__file__).parent / "notes_migrations"
SCHEMA = "notes"
SENSITIVE_SCOPE = "notes:sensitive"
SCOPES = {
    "notes:read": "Read notes.",
    "notes:write": "Write notes.",
    SENSITIVE_SCOPE: "See sensitive notes.",
    "events:read": "Read the feed.",
    "audit:read": "Read the audit.",
}

metadata = kit_metadata()
note = Table(
    "note",
    metadata,
    Column("id", Uuid, nullable=False),
    Column("unit", String(200), nullable=False),
    Column("text", String(200), nullable=False),
    Column("written_at", Moment, nullable=False),
    Column("version", Integer, nullable=False),
    PrimaryKeyConstraint("id"),
)

INSERT = insert(note)
FIND = select(note).where(note.c.id == bindparam("id"), within_units(note.c.unit))
LOCK = FIND.with_for_update()
CHANGE = (
    update(note)
    .where(note.c.id == bindparam("of"))
    .values(text=bindparam("new_text"), version=note.c.version + 1)
)
LIST = (
    select(note)
    .where(within_units(note.c.unit))
    .order_by(note.c.written_at.desc(), note.c.id.desc())
    .limit(bindparam("limit"))
)
LIST_AFTER = LIST.where(
    tuple_(note.c.written_at, note.c.id)
    < tuple_(bindparam("at", type_=Moment), bindparam("after_id", type_=Uuid))
)


class NoteNotFound(NotFound):
    """There is no such resource, or it lies outside what this token may see."""


class NewNote(Input):
    """A note to be written."""

    text: Line
    unit: UnitPath | None = None


class NotePatch(Patch):
    """What changes in a note."""

    text: Line


class NoteOut(Output):
    """A note."""

    id: Id
    unit: UnitPath
    text: Annotated[str, Field(max_length=200)]
    written_at: Timestamp
    version: Version
    secret: Annotated[str | None, Field(max_length=20)]


class NoteTold(Event):
    """A note was written or changed."""

    note_id: Id


class NoteWritten(NoteTold, type="note.written"):
    """A note was written."""


class NoteChanged(NoteTold, type="note.changed"):
    """A note was changed."""


EVENT_SCOPES = {"note": ("notes:read",)}
EVENTS = (NoteWritten, NoteChanged)
router = Router(tags=["notes"])


def note_out(row: Any, secret: str | None = None) -> NoteOut:
    return NoteOut(
        **{name: row[name] for name in ("id", "unit", "text", "written_at", "version")},
        secret=secret,
    )


@router.post("/v1/notes", status_code=201, response_model=NoteOut)
async def write_note(body: NewNote, call: Annotated[Call, requires("notes:write")]) -> Response:
    """Write a note."""
    unit = unit_for(call.caller, body.unit, default="cn")
    async with call.transaction() as tx:
        row: dict[str, Any] = {
            "id": call.new_id(),
            "unit": unit,
            "text": body.text,
            "written_at": call.at,
            "version": 1,
        }
        await tx.execute(INSERT, **row)
        tx.record(
            NoteWritten(note_id=row["id"]).about(row["id"], unit=unit, at=call.at),
            values={"text": body.text},
        )
        return call.created(
            note_out(row, "once"), location=f"/v1/notes/{row['id']}", version=1, once=["secret"]
        )


@router.get("/v1/notes/{note_id}", response_model=NoteOut, raises=[NoteNotFound])
async def read_note(note_id: Id, call: Annotated[Call, requires("notes:read")]) -> Response:
    """Read a note."""
    async with call.reading() as reader:
        row = await found(reader, FIND, note_id, call)
    return call.answer(note_out(row), version=row["version"])


@router.patch("/v1/notes/{note_id}", response_model=NoteOut, raises=[NoteNotFound])
async def change_note(
    note_id: Id,
    body: Annotated[NotePatch, MergePatch],
    call: Annotated[Call, requires("notes:write")],
) -> Response:
    """Change a note."""
    async with call.transaction() as tx:
        row = await found(tx, LOCK, note_id, call)
        call.require_match(row["version"])
        await tx.execute(CHANGE, of=note_id, new_text=body.text)
        tx.record(NoteChanged(note_id=note_id).about(note_id, unit=row["unit"], at=call.at))
        changed = await found(tx, FIND, note_id, call)
        return call.answer(note_out(changed), version=changed["version"])


@router.get("/v1/notes", response_model=Page[NoteOut])
async def list_notes(
    call: Annotated[Call, requires("notes:read")], page: Annotated[PageOf, Depends()]
) -> Response:
    """List notes, newest first."""
    async with call.reading() as reader:
        given = {"limit": page.fetch, "units": units_of(call.caller)}
        if page.after is None:
            rows = await reader.fetch(LIST, **given)
        else:
            rows = await reader.fetch(LIST_AFTER, at=page.after[0], after_id=page.after[1], **given)
    return call.page(
        page,
        [note_out(row) for row in rows],
        next_cursor=page.next_cursor(rows, "written_at", "id"),
    )


async def found(reader: Reader, statement: object, note_id: UUID, call: Call) -> Record:
    row = await reader.fetch_one(statement, id=note_id, units=units_of(call.caller))  # type: ignore[arg-type]
    if row is None:
        raise NoteNotFound()
    return row


class Settings(ServiceSettings):
    """The settings of the notes."""

    database_schema: str = SCHEMA


def compose(settings: Settings, *, keys: Keys | None = None, now: Clock = clock) -> Service:
    return Service(
        name="notes",
        title="Notes",
        description="Notes, for the kit's tests.",
        settings=settings,
        migrations=MIGRATIONS,
        routers=[router],
        events=EVENTS,
        scopes=SCOPES,
        event_scopes=EVENT_SCOPES,
        sensitive_scope=SENSITIVE_SCOPE,
        keys=keys,
        now=now,
    )
