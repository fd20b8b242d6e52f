"""The API of relationships between customers."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Response
from service_kit.access.units import units_of
from service_kit.web.pages import Page, PageOf
from service_kit.web.routing import Router, requires
from service_kit.words.fields import Id

from customer_profile.call import Call
from customer_profile.customer.domain import CustomerNotFound
from customer_profile.customer.store import BEFORE_ALL, CustomerReader, CustomerStore
from customer_profile.relationship import store
from customer_profile.relationship.domain import (
    OtherCustomerNotFound,
    RelatedToItself,
    Relationship,
    RelationshipAlreadyKnown,
    RelationshipEndsBeforeItBegins,
    RelationshipNotFound,
)
from customer_profile.relationship.schemas import NewRelationship, RelationshipView

router = Router(tags=["relationships"])
PATH = "/v1/customers/{customer_id}/relationships"


@router.post(
    PATH,
    status_code=201,
    response_model=RelationshipView,
    raises=[CustomerNotFound, OtherCustomerNotFound, RelationshipAlreadyKnown, RelatedToItself, RelationshipEndsBeforeItBegins],
)
async def relate_customers(customer_id: Id, body: NewRelationship, call: Annotated[Call, requires("customers:write")]) -> Response:
    """Say what another customer is to this one: parent company, household, referrer or employer."""
    made = Relationship(
        id=call.new_id(),
        customer_id=customer_id,
        type=body.type,
        other_id=body.other_id,
        valid_from=body.valid_from,
        valid_until=body.valid_until,
        created_at=call.at,
    )
    async with call.transaction() as tx:
        customers = CustomerStore.of(tx, call.caller)
        unit = await customers.keep(customer_id)
        try:
            await customers.keep(body.other_id)
        except CustomerNotFound as error:
            raise OtherCustomerNotFound() from error
        await store.add(tx, made, unit=unit)
        location = f"/v1/customers/{customer_id}/relationships/{made.id}"
        return call.created(relationship_view(made, customer_id), location=location, version=1)


@router.get(PATH, response_model=Page[RelationshipView], raises=[CustomerNotFound])
async def list_relationships(
    customer_id: Id, call: Annotated[Call, requires("customers:read")], page: Annotated[PageOf, Depends()]
) -> Response:
    """List a customer's relationships, told from either side."""
    units = units_of(call.caller)
    after = page.after[0] if page.after else BEFORE_ALL
    async with call.reading() as reader:
        await CustomerReader(reader, units).unit_of(customer_id)
        rows = await store.of_customer(reader, customer_id, after=after, limit=page.fetch, units=units)
    items = [relationship_view(store.relationship_of(row), customer_id) for row in rows[: page.limit]]
    return call.page(page, items, next_cursor=page.next_cursor(rows, "id"))


@router.get(f"{PATH}/{{relationship_id}}", response_model=RelationshipView, raises=[CustomerNotFound, RelationshipNotFound])
async def read_relationship(customer_id: Id, relationship_id: Id, call: Annotated[Call, requires("customers:read")]) -> Response:
    """Read one relationship of a customer."""
    units = units_of(call.caller)
    async with call.reading() as reader:
        await CustomerReader(reader, units).unit_of(customer_id)
        found = await store.find(reader, customer_id, relationship_id, units)
    return call.answer(relationship_view(found, customer_id), version=1)


@router.delete(f"{PATH}/{{relationship_id}}", status_code=204, raises=[CustomerNotFound, RelationshipNotFound])
async def end_relationship(customer_id: Id, relationship_id: Id, call: Annotated[Call, requires("customers:write")]) -> Response:
    """Take a relationship off the file of the customer who has it; asked for from either side."""
    async with call.transaction() as tx:
        customers = CustomerStore.of(tx, call.caller)
        await customers.keep(customer_id)
        found = await store.find(tx, customer_id, relationship_id, units_of(call.caller))
        call.require_match(1)
        await store.remove(tx, found, unit=await customers.keep(found.customer_id), at=call.at)
        return call.nothing()


def relationship_view(found: Relationship, asked_from: UUID) -> RelationshipView:
    return RelationshipView(
        id=found.id,
        customer_id=found.customer_id,
        type=found.type,
        other_id=found.other_id,
        valid_from=found.valid_from,
        valid_until=found.valid_until,
        is_reverse=found.customer_id != asked_from,
        created_at=found.created_at,
    )
