"""The API of reading many files at once."""

from typing import Annotated
from uuid import UUID

from fastapi import Response
from pydantic_core import to_json
from service_kit.web.routing import Router, requires
from service_kit.words.fields import written

from customer_profile.call import Call
from customer_profile.contact_person.rows import person_of
from customer_profile.contact_person.schemas import person_view
from customer_profile.customer.file_json import file_json
from customer_profile.customer.routes import log_sensitive_reading, vault_for
from customer_profile.customer.sensitive import sensitive_names
from customer_profile.customer_read.schemas import MOST_PEOPLE, CustomerRead, CustomerReadView
from customer_profile.customer_read.store import FileReader, FilesRead
from customer_profile.identifier.domain import Vault

router = Router(tags=["customers"])


@router.post("/v1/customer-reads", response_model=CustomerReadView, reads=True)
async def read_customers(
    body: CustomerRead, call: Annotated[Call, requires("customers:read")]
) -> Response:
    """Read up to a thousand customers' files at once.

    Items come in the order of the request, each id once; `missing` names the ids without a file in
    the units of this token. What is sensitive is masked and logged as in the reading of one file.
    """
    ids = list(dict.fromkeys(body.ids))
    people = MOST_PEOPLE + 1 if body.include else 0
    async with call.reading() as reader:
        read = await FileReader.of(reader, call.caller).files(ids, people=people)
    vault = vault_for(call)
    await _log_sensitive(call, read, vault)
    return call.answer(_written(ids, read, vault, with_people=bool(body.include)))


async def _log_sensitive(call: Call, read: FilesRead, vault: Vault | None) -> None:
    """Who saw what is sensitive stands in the audit of each customer,
    as after the reading of one.
    """
    seen = [
        (row, facts)
        for row in read.files.values()
        if vault is not None and (facts := sensitive_names(row))
    ]
    if not seen:
        return
    async with call.database.transaction(origin=call.origin) as tx:
        for row, facts in seen:
            log_sensitive_reading(tx, row["id"], row["unit"], facts, call)


def _written(ids: list[UUID], read: FilesRead, vault: Vault | None, *, with_people: bool) -> bytes:
    """The answer as JSON;
    files are written as everywhere, and their people behind their last member.
    """
    items = b",".join(
        _item(read, id, vault, with_people=with_people) for id in ids if id in read.files
    )
    missing = to_json([id for id in ids if id not in read.files])
    return (
        b'{"items":['
        + items
        + b'],"missing":'
        + missing
        + b',"read_at":'
        + to_json(written(read.at))
        + b"}"
    )


def _item(read: FilesRead, id: UUID, vault: Vault | None, *, with_people: bool) -> bytes:
    rows = read.people.get(id, ())
    people = (
        [person_view(person_of(row), None) for row in rows[:MOST_PEOPLE]] if with_people else None
    )
    added = to_json(
        {"contact_persons": people, "has_more_contact_persons": len(rows) > MOST_PEOPLE}
    )
    return file_json(read.files[id], vault=vault)[:-1] + b"," + added[1:]
