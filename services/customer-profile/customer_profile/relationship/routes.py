"""The API of relationships between customers."""

from typing import Annotated

from fastapi import Depends, Response
from service_kit.web.pages import Page, PageOf
from service_kit.web.routing import Router, requires
from service_kit.words.fields import Id

from customer_profile.call import Call
from customer_profile.customer.domain import CustomerNotFound
from customer_profile.customer.store import BEFORE_ALL, CustomerReader, CustomerStore
from customer_profile.relationship.domain import (
    OtherCustomerNotFound,
    RelatedToItself,
    Relationship,
    RelationshipAlreadyKnown,
    RelationshipEndsBeforeItBegins,
    RelationshipNotFound,
)
from customer_profile.relationship.rows import relationship_of
from customer_profile.relationship.schemas import (
    NewRelationship,
    RelationshipView,
    relationship_view,
)
from customer_profile.relationship.store import RelationshipReader, RelationshipStore

router = Router(tags=["relationships"])
PATH = "/v1/customers/{customer_id}/relationships"


@router.post(
    PATH,
    status_code=201,
    response_model=RelationshipView,
    raises=[
        CustomerNotFound,
        OtherCustomerNotFound,
        RelationshipAlreadyKnown,
        RelatedToItself,
        RelationshipEndsBeforeItBegins,
    ],
)
async def create_relationship(
    customer_id: Id, body: NewRelationship, call: Annotated[Call, requires("customers:write")]
) -> Response:
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
        await RelationshipStore.of(tx, call.caller).add(made, unit=unit)
        location = f"/v1/customers/{customer_id}/relationships/{made.id}"
        return call.created(relationship_view(made, customer_id), location=location, version=1)


@router.get(PATH, response_model=Page[RelationshipView], raises=[CustomerNotFound])
async def list_relationships(
    customer_id: Id,
    call: Annotated[Call, requires("customers:read")],
    page: Annotated[PageOf, Depends()],
) -> Response:
    """List a customer's relationships, told from either side."""
    (after,) = page.after or (BEFORE_ALL,)
    async with call.reading() as reader:
        await CustomerReader.of(reader, call.caller).unit_of(customer_id)
        rows = await RelationshipReader.of(reader, call.caller).of_customer(
            customer_id, after=after, limit=page.fetch
        )
    items = [relationship_view(relationship_of(row), customer_id) for row in rows[: page.limit]]
    return call.page(page, items, next_cursor=page.next_cursor(rows, "id"))


@router.get(
    f"{PATH}/{{relationship_id}}",
    response_model=RelationshipView,
    raises=[CustomerNotFound, RelationshipNotFound],
)
async def read_relationship(
    customer_id: Id, relationship_id: Id, call: Annotated[Call, requires("customers:read")]
) -> Response:
    """Read one relationship of a customer."""
    async with call.reading() as reader:
        await CustomerReader.of(reader, call.caller).unit_of(customer_id)
        found = await RelationshipReader.of(reader, call.caller).get(customer_id, relationship_id)
    return call.answer(relationship_view(found, customer_id), version=1)


@router.delete(
    f"{PATH}/{{relationship_id}}", status_code=204, raises=[CustomerNotFound, RelationshipNotFound]
)
async def remove_relationship(
    customer_id: Id, relationship_id: Id, call: Annotated[Call, requires("customers:write")]
) -> Response:
    """Take a relationship off the file of the customer who has it; asked for from either side."""
    async with call.transaction() as tx:
        customers = CustomerStore.of(tx, call.caller)
        await customers.keep(customer_id)
        relationships = RelationshipStore.of(tx, call.caller)
        found = await relationships.get(customer_id, relationship_id)
        call.require_match(1)
        await relationships.remove(found, unit=await customers.keep(found.customer_id), at=call.at)
        return call.nothing()
