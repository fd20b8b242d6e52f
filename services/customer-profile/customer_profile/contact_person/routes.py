"""The API of contact persons."""

from dataclasses import replace
from typing import Annotated, Any

from fastapi import Depends, Response
from service_kit.web.pages import Page, PageOf
from service_kit.web.routing import MergePatch, Router, requires
from service_kit.words.fields import Id

from customer_profile.call import Call
from customer_profile.contact_person.domain import ContactPerson, ContactPersonNotFound
from customer_profile.contact_person.rows import person_of
from customer_profile.contact_person.schemas import (
    ContactPersonChange,
    ContactPersonView,
    NewContactPerson,
    person_view,
)
from customer_profile.contact_person.store import ContactPersonReader, ContactPersonStore
from customer_profile.customer.domain import CustomerNotFound, IdentifierTaken
from customer_profile.customer.sensitive import SENSITIVE_SCOPE
from customer_profile.customer.store import BEFORE_ALL, CustomerReader, CustomerStore
from customer_profile.identifier.domain import Vault, replaced, without_repeats
from customer_profile.identifier.schemas import identifiers_of

router = Router(tags=["contact persons"])
PATH = "/v1/customers/{customer_id}/contact-persons"


@router.post(
    PATH,
    status_code=201,
    response_model=ContactPersonView,
    raises=[CustomerNotFound, IdentifierTaken],
)
async def create_contact_person(
    customer_id: Id, body: NewContactPerson, call: Annotated[Call, requires("customers:write")]
) -> Response:
    """Add a person to a customer's file.

    Their phones and e-mails find the customer from now on.
    """
    identifiers = identifiers_of(
        body.identifiers, call.part(Vault), region=call.settings.phone_region
    )
    person = ContactPerson(
        id=call.new_id(),
        customer_id=customer_id,
        name=body.name,
        part=body.part,
        stance=body.stance,
        position=body.position,
        language=body.language,
        is_key_contact=body.key_contact,
        identifiers=without_repeats(identifiers),
        created_at=call.at,
    )
    async with call.transaction() as tx:
        unit = await CustomerStore.of(tx, call.caller).keep(customer_id)
        await ContactPersonStore.of(tx, call.caller).add(person, unit=unit)
        location = f"/v1/customers/{customer_id}/contact-persons/{person.id}"
        return call.created(person_view(person, None), location=location, version=1)


@router.get(PATH, response_model=Page[ContactPersonView], raises=[CustomerNotFound])
async def list_contact_persons(
    customer_id: Id,
    call: Annotated[Call, requires("customers:read")],
    page: Annotated[PageOf, Depends()],
) -> Response:
    """List the people of a customer."""
    (after,) = page.after or (BEFORE_ALL,)
    async with call.reading() as reader:
        rows = await ContactPersonReader.of(reader, call.caller).of_customer(
            customer_id, after=after, limit=page.fetch
        )
        if not rows and page.after is None:
            await CustomerReader.of(reader, call.caller).unit_of(customer_id)
    items = [person_view(person_of(row), None) for row in rows[: page.limit]]
    return call.page(page, items, next_cursor=page.next_cursor(rows, "id"))


@router.get(
    f"{PATH}/{{person_id}}", response_model=ContactPersonView, raises=[ContactPersonNotFound]
)
async def read_contact_person(
    customer_id: Id, person_id: Id, call: Annotated[Call, requires("customers:read")]
) -> Response:
    """Read a person of a customer; government ids are masked."""
    async with call.reading() as reader:
        person = await ContactPersonReader.of(reader, call.caller).get(customer_id, person_id)
    return call.answer(person_view(person, None), version=person.version)


@router.patch(
    f"{PATH}/{{person_id}}",
    response_model=ContactPersonView,
    raises=[ContactPersonNotFound, IdentifierTaken],
)
async def change_contact_person(
    customer_id: Id,
    person_id: Id,
    body: Annotated[ContactPersonChange, MergePatch],
    call: Annotated[Call, requires("customers:write")],
) -> Response:
    """Change a person of a customer;
    identifiers that are masked for the caller stay, whatever list is sent.
    """
    async with call.transaction() as tx:
        people = ContactPersonStore.of(tx, call.caller)
        before = await people.get_to_change(customer_id, person_id)
        call.require_match(before.version)
        after = before.revised(replace(before, **sent(before, body, call)))
        unit = await CustomerStore.of(tx, call.caller).keep(customer_id)
        await people.save(before, after, unit=unit, at=call.at)
        return call.answer(person_view(after, None), version=after.version)


@router.delete(f"{PATH}/{{person_id}}", status_code=204, raises=[ContactPersonNotFound])
async def remove_contact_person(
    customer_id: Id, person_id: Id, call: Annotated[Call, requires("customers:write")]
) -> Response:
    """Take a person off a customer's file.

    They are a person of their own: nothing of them stays in the audit or in answers that are kept
    for idempotency keys.
    """
    async with call.transaction() as tx:
        people = ContactPersonStore.of(tx, call.caller)
        person = await people.get_to_change(customer_id, person_id)
        call.require_match(person.version)
        unit = await CustomerStore.of(tx, call.caller).keep(customer_id)
        await people.remove(person, unit=unit, at=call.at)
        await call.kept_answers.erase(tx, [person.id])
        return call.nothing()


def sent(before: ContactPerson, body: ContactPersonChange, call: Call) -> dict[str, Any]:
    """The fields that were sent, as the domain holds them."""
    given = {name: getattr(body, name) for name in body.model_fields_set}
    if "key_contact" in given:
        given["is_key_contact"] = given.pop("key_contact")
    if "identifiers" in given:
        written = identifiers_of(
            body.identifiers or [], call.part(Vault), region=call.settings.phone_region
        )
        given["identifiers"] = replaced(
            before.identifiers, written, sees_hidden=call.caller.may(SENSITIVE_SCOPE)
        )
    return given
