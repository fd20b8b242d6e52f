"""Notes on complaints in Postgres."""

from service_kit.access.units import within_units
from service_kit.store.notes import Notes

from complaints.case.domain import ComplaintNotFound
from complaints.tables import complaint, note

NOTES = Notes(note, complaint, seen=within_units(complaint.c.unit), missing=ComplaintNotFound)
