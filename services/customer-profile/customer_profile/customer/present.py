"""Which files a caller sees: those that were not erased, within their units."""

from service_kit.access.units import within_units
from sqlalchemy import ColumnElement, Table, and_

from customer_profile.tables import customer

# All that a file is read by; the other columns serve erasure and the look at birthdays.
COLUMNS = [each for each in customer.c if each.name not in ("erased_at", "birthday")]
PRESENT = customer.c.erased_at.is_(None)
SEEN: ColumnElement[bool] = and_(PRESENT, within_units(customer.c.unit))


def of_seen(table: Table) -> ColumnElement[bool]:
    """True for the rows of a table that hang on a file which the caller sees."""
    return and_(table.c.customer_id == customer.c.id, SEEN)
