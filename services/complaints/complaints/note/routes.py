"""Notes on complaints over HTTP."""

from typing import Annotated

from fastapi import Depends
from service_kit.store.notes import NoteNotFound
from service_kit.web.notes import NewNote, NoteAnswers, NoteChange
from service_kit.web.pages import Page, PageOf
from service_kit.web.routing import MergePatch, Router, requires
from service_kit.words.fields import Id
from starlette.responses import Response

from complaints.call import Call
from complaints.case.domain import ComplaintNotFound
from complaints.note.schemas import ComplaintNoteView
from complaints.note.store import NOTES

router = Router(tags=["notes"])
PATH = "/v1/complaints/{complaint_id}/notes"
answers = NoteAnswers(NOTES, ComplaintNoteView)


@router.post(PATH, status_code=201, response_model=ComplaintNoteView, raises=[ComplaintNotFound])
async def create_complaint_note(
    complaint_id: Id, body: NewNote, call: Annotated[Call, requires("complaints:write")]
) -> Response:
    """Keep a note on a complaint.

    Its author is the `sub` of the token. Whoever may read the complaint reads the note, and it is
    erased with the customer.
    """
    return await answers.added(call, complaint_id, body)


@router.get(PATH, response_model=Page[ComplaintNoteView], raises=[ComplaintNotFound])
async def list_complaint_notes(
    complaint_id: Id,
    call: Annotated[Call, requires("complaints:read")],
    page: Annotated[PageOf, Depends()],
) -> Response:
    """List the notes on a complaint, newest first."""
    return await answers.page(call, complaint_id, page)


@router.get(f"{PATH}/{{note_id}}", response_model=ComplaintNoteView, raises=[NoteNotFound])
async def read_complaint_note(
    complaint_id: Id, note_id: Id, call: Annotated[Call, requires("complaints:read")]
) -> Response:
    """Read a note on a complaint."""
    return await answers.one(call, complaint_id, note_id)


@router.patch(
    f"{PATH}/{{note_id}}",
    response_model=ComplaintNoteView,
    raises=[ComplaintNotFound, NoteNotFound],
)
async def change_complaint_note(
    complaint_id: Id,
    note_id: Id,
    body: Annotated[NoteChange, MergePatch],
    call: Annotated[Call, requires("complaints:write")],
) -> Response:
    """Change the text of a note; its author stays, and the audit keeps who changed it."""
    return await answers.changed(call, complaint_id, note_id, body)


@router.delete(f"{PATH}/{{note_id}}", status_code=204, raises=[ComplaintNotFound, NoteNotFound])
async def remove_complaint_note(
    complaint_id: Id, note_id: Id, call: Annotated[Call, requires("complaints:write")]
) -> Response:
    """Take a note away; nothing of its text stays in the audit or in kept answers."""
    return await answers.removed(call, complaint_id, note_id)
