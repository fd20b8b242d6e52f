"""Notes on customers in Postgres."""

from service_kit.store.notes import Notes

from customer_profile.customer.domain import CustomerNotFound
from customer_profile.customer.present import SEEN
from customer_profile.tables import customer, note

NOTES = Notes(note, customer, seen=SEEN, missing=CustomerNotFound)
