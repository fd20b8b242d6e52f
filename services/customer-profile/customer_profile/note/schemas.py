"""Notes on customers as callers receive them."""

from service_kit.web.notes import NoteView
from service_kit.words.fields import Id


class CustomerNoteView(NoteView):
    """A note on a customer, read and written with the rights for that customer."""

    customer_id: Id
