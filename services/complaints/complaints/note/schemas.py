"""Notes on complaints as callers receive them."""

from service_kit.web.notes import NoteView
from service_kit.words.fields import Id


class ComplaintNoteView(NoteView):
    """A note on a complaint, read and written with the rights for that complaint."""

    complaint_id: Id
