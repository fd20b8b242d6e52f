"""Notes over HTTP: what the operations on the notes of each kind of subject have in common."""

from typing import Annotated, Any
from uuid import UUID

from pydantic import Field
from starlette.responses import Response

from service_kit.access.units import units_of
from service_kit.store.notes import MOST_CHARACTERS, Notes
from service_kit.store.running import Record
from service_kit.web.call import Call
from service_kit.web.pages import PageOf
from service_kit.words.fields import (
    NOT_BLANK,
    Id,
    Input,
    Output,
    Patch,
    Timestamp,
    UnitPath,
    Version,
)

NoteText = Annotated[str, Field(min_length=1, max_length=MOST_CHARACTERS, pattern=NOT_BLANK)]
BEHIND_ALL = UUID(int=2**128 - 1)


class NewNote(Input):
    """A note to be kept."""

    text: NoteText


class NoteChange(Patch):
    """A merge patch: the text that a note has from now on."""

    text: NoteText


class NoteView(Output):
    """A note. `author` is the `sub` of the token that wrote it first; the audit has who changed
    it. Its unit is that of what it is about.
    """

    id: Id
    unit: UnitPath
    text: Annotated[str, Field(max_length=MOST_CHARACTERS)]
    author: Annotated[str, Field(max_length=200)]
    created_at: Timestamp
    updated_at: Timestamp
    version: Version


class NoteAnswers:
    """Adds, lists, reads, changes and removes notes that are shown as `view`."""

    def __init__(self, notes: Notes, view: type[NoteView]) -> None:
        self._notes = notes
        self._view = view

    async def added(self, call: Call[Any], subject: UUID, body: NewNote) -> Response:
        """Keep a note by whoever calls."""
        async with call.transaction() as tx:
            note = await self._notes.add(
                tx,
                subject,
                call.new_id(),
                text=body.text,
                author=call.caller.sub,
                at=call.at,
                units=units_of(call.caller),
            )
            location = f"/v1/{self._notes.subject}s/{subject}/notes/{note['id']}"
            return call.created(self._shown(note), location=location, version=1)

    async def page(self, call: Call[Any], subject: UUID, page: PageOf) -> Response:
        """The notes on a subject, newest first."""
        (before,) = page.after or (BEHIND_ALL,)
        async with call.reading() as reader:
            rows = await self._notes.page(
                reader, subject, units=units_of(call.caller), before=before, limit=page.fetch
            )
        items = [self._shown(row) for row in rows]
        return call.page(page, items, next_cursor=page.next_cursor(rows, "id"))

    async def one(self, call: Call[Any], subject: UUID, note: UUID) -> Response:
        """One note."""
        async with call.reading() as reader:
            row = await self._notes.get(reader, subject, note, units=units_of(call.caller))
        return call.answer(self._shown(row), version=row["version"])

    async def changed(
        self, call: Call[Any], subject: UUID, note: UUID, body: NoteChange
    ) -> Response:
        """Change the note that the caller has seen."""
        units = units_of(call.caller)
        async with call.transaction() as tx:
            before = await self._notes.get_to_change(tx, subject, note, units=units)
            call.require_match(before["version"])
            after = await self._notes.change(
                tx, subject, before, text=body.text, at=call.at, units=units
            )
            return call.answer(self._shown(after), version=after["version"])

    async def removed(self, call: Call[Any], subject: UUID, note: UUID) -> Response:
        """Remove the note that the caller has seen, with what was kept of its text."""
        async with call.transaction() as tx:
            row = await self._notes.get_to_change(tx, subject, note, units=units_of(call.caller))
            call.require_match(row["version"])
            await self._notes.remove(tx, subject, row, at=call.at)
            await call.kept_answers.erase(tx, [note])
            return call.nothing()

    def _shown(self, row: Record) -> NoteView:
        return self._view(**dict(row.items()))
