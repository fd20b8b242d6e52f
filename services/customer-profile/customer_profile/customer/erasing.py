"""Erasure: no personal value of a customer stays in any row of the schema, while rows, times,
kinds and ids stay for the books.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from service_kit.store import audit
from service_kit.store.database import Transaction
from service_kit.store.tables import Moment
from sqlalchemy import (
    String,
    Uuid,
    any_,
    bindparam,
    case,
    delete,
    func,
    or_,
    select,
    union_all,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from customer_profile.customer.domain import Customer
from customer_profile.identifier.domain import filed
from customer_profile.identifier.rows import identifiers_of
from customer_profile.tables import (
    care_task,
    consent,
    contact_person,
    customer,
    customer_search,
    identifier_holder,
    interaction,
    note,
    relationship,
    timeline_entry,
)

_of: Any = bindparam("of", type_=Uuid)
_empty: Any = bindparam("empty", value={}, type_=JSONB)
_nothing: Any = bindparam("nothing", value=[], type_=JSONB)

EMPTY_FILE = (
    update(customer)
    .where(customer.c.id == _of)
    .values(
        name="",
        identifiers=_nothing,
        tags=bindparam("no_tags", value=[], type_=ARRAY(String)),
        facts=_empty,
        sources=_nothing,
        sensitive=bindparam("no_names", value=[], type_=ARRAY(String)),
        account_manager=None,
        birthday=None,
        erased_at=bindparam("at", type_=Moment),
        updated_at=bindparam("at", type_=Moment),
        version=customer.c.version + 1,
    )
)
FORGET_PEOPLE = delete(contact_person).where(contact_person.c.customer_id == _of)
FORGET_NOTES = delete(note).where(note.c.customer_id == _of)
FORGET_SEARCH = delete(customer_search).where(customer_search.c.customer_id == _of)
FORGET_RELATIONSHIPS = delete(relationship).where(
    or_(relationship.c.customer_id == _of, relationship.c.other_id == _of)
)
FORGET_IDENTIFIERS = delete(identifier_holder).where(
    identifier_holder.c.key == any_(bindparam("keys", type_=ARRAY(String))),
    identifier_holder.c.customer_id == _of,
)
PEOPLE = select(contact_person.c.identifiers).where(contact_person.c.customer_id == _of)
EMPTY_INTERACTIONS = (
    update(interaction)
    .where(interaction.c.customer_id == _of)
    .values(
        subject="",
        outcome=None,
        to_dos=bindparam("no_to_dos", value=[], type_=ARRAY(String)),
        details=_empty,
        external_id=None,
        version=interaction.c.version + 1,
    )
)
EMPTY_TIMELINE = (
    update(timeline_entry)
    .where(timeline_entry.c.customer_id == _of)
    .values(title="", details=_empty)
)
EMPTY_CONSENTS = update(consent).where(consent.c.customer_id == _of).values(source="", proof=None)
EMPTY_TASKS = (
    update(care_task)
    .where(care_task.c.customer_id == _of)
    .values(
        text="",
        owner=None,
        note=None,
        outcome=case((care_task.c.state == "open", "erased"), else_=None),
        ended_at=func.coalesce(care_task.c.ended_at, bindparam("at", type_=Moment)),
        state=case((care_task.c.state == "open", "skipped"), else_=care_task.c.state),
        version=care_task.c.version + 1,
    )
)
# Whatever of a customer has an id of its own, and with it audit rows and kept answers.
_subjects = union_all(
    select(contact_person.c.id).where(contact_person.c.customer_id == _of),
    select(note.c.id).where(note.c.customer_id == _of),
    select(interaction.c.id).where(interaction.c.customer_id == _of),
    select(consent.c.id).where(consent.c.customer_id == _of),
    select(care_task.c.id).where(care_task.c.customer_id == _of),
).subquery("subjects")
SUBJECTS = select(_subjects.c.id)


async def erase(tx: Transaction, erased: Customer, *, at: datetime) -> list[UUID]:
    """Run all of it in the transaction of the erasure's event;
    the ids of all that told of the customer, whose kept answers go too.
    """
    subjects = [erased.id, *(row["id"] for row in await tx.fetch(SUBJECTS, of=erased.id))]
    people = await tx.fetch(PEOPLE, of=erased.id)
    held = [*erased.identifiers]
    for person in people:
        held += identifiers_of(person["identifiers"])
    await tx.execute(FORGET_IDENTIFIERS, of=erased.id, keys=list(filed(held)))
    for statement in (
        FORGET_PEOPLE,
        FORGET_NOTES,
        FORGET_SEARCH,
        FORGET_RELATIONSHIPS,
        EMPTY_INTERACTIONS,
        EMPTY_TIMELINE,
        EMPTY_CONSENTS,
    ):
        await tx.execute(statement, of=erased.id)
    await tx.execute(EMPTY_TASKS, of=erased.id, at=at)
    await audit.erase(tx, *subjects, at=at)
    await tx.execute(EMPTY_FILE, of=erased.id, at=at)
    return subjects
