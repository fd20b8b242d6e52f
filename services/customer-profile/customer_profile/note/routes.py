"""Notes on customers over HTTP."""

from typing import Annotated

from fastapi import Depends
from service_kit.store.notes import NoteNotFound
from service_kit.web.notes import NewNote, NoteAnswers, NoteChange
from service_kit.web.pages import Page, PageOf
from service_kit.web.routing import MergePatch, Router, requires
from service_kit.words.fields import Id
from starlette.responses import Response

from customer_profile.call import Call
from customer_profile.customer.domain import CustomerNotFound
from customer_profile.note.schemas import CustomerNoteView
from customer_profile.note.store import NOTES

router = Router(tags=["notes"])
PATH = "/v1/customers/{customer_id}/notes"
answers = NoteAnswers(NOTES, CustomerNoteView)


@router.post(PATH, status_code=201, response_model=CustomerNoteView, raises=[CustomerNotFound])
async def create_customer_note(
    customer_id: Id, body: NewNote, call: Annotated[Call, requires("customers:write")]
) -> Response:
    """Keep a note on a customer.

    Its author is the `sub` of the token. Whoever may read the customer reads the note, and it is
    erased with the customer.
    """
    return await answers.added(call, customer_id, body)


@router.get(PATH, response_model=Page[CustomerNoteView], raises=[CustomerNotFound])
async def list_customer_notes(
    customer_id: Id,
    call: Annotated[Call, requires("customers:read")],
    page: Annotated[PageOf, Depends()],
) -> Response:
    """List the notes on a customer, newest first."""
    return await answers.page(call, customer_id, page)


@router.get(f"{PATH}/{{note_id}}", response_model=CustomerNoteView, raises=[NoteNotFound])
async def read_customer_note(
    customer_id: Id, note_id: Id, call: Annotated[Call, requires("customers:read")]
) -> Response:
    """Read a note on a customer."""
    return await answers.one(call, customer_id, note_id)


@router.patch(
    f"{PATH}/{{note_id}}",
    response_model=CustomerNoteView,
    raises=[CustomerNotFound, NoteNotFound],
)
async def change_customer_note(
    customer_id: Id,
    note_id: Id,
    body: Annotated[NoteChange, MergePatch],
    call: Annotated[Call, requires("customers:write")],
) -> Response:
    """Change the text of a note; its author stays, and the audit keeps who changed it."""
    return await answers.changed(call, customer_id, note_id, body)


@router.delete(f"{PATH}/{{note_id}}", status_code=204, raises=[CustomerNotFound, NoteNotFound])
async def remove_customer_note(
    customer_id: Id, note_id: Id, call: Annotated[Call, requires("customers:write")]
) -> Response:
    """Take a note away; nothing of its text stays in the audit or in kept answers."""
    return await answers.removed(call, customer_id, note_id)
