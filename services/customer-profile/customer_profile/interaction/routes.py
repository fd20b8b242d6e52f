"""The API of interactions."""

from dataclasses import replace
from typing import Annotated, Any

from fastapi import Depends, Query, Response
from service_kit.web.pages import Page, PageOf
from service_kit.web.routing import MergePatch, Router, requires
from service_kit.words.fields import LATEST, Id

from customer_profile.call import Call
from customer_profile.customer.domain import CustomerNotFound
from customer_profile.customer.store import BEHIND_ALL, CustomerReader, CustomerStore
from customer_profile.interaction.domain import (
    Interaction,
    InteractionAlreadyRecorded,
    InteractionEndsBeforeItBegins,
    InteractionNotFound,
    TrailTooLong,
)
from customer_profile.interaction.rows import interaction_of
from customer_profile.interaction.schemas import (
    InteractionChange,
    InteractionView,
    NewInteraction,
    interaction_view,
    trail,
)
from customer_profile.interaction.store import InteractionReader, InteractionStore

router = Router(tags=["interactions"])


@router.post(
    "/v1/interactions",
    status_code=201,
    response_model=InteractionView,
    raises=[CustomerNotFound, InteractionAlreadyRecorded, InteractionEndsBeforeItBegins],
)
async def create_interaction(
    body: NewInteraction, call: Annotated[Call, requires("interactions:write")]
) -> Response:
    """Record a touch with a customer, on any channel.

    It appears on the customer's timeline at once. An `external_id` is accepted once per customer.
    """
    recorded = Interaction(
        id=call.new_id(),
        customer_id=body.customer_id,
        channel=body.channel,
        direction=body.direction,
        purpose=body.purpose,
        subject=body.subject,
        occurred_at=body.occurred_at or call.at,
        ended_at=body.ended_at,
        agent=body.agent,
        outcome=body.outcome,
        to_dos=tuple(body.to_dos),
        details=body.details,
        external_id=body.external_id,
        created_at=call.at,
    )
    async with call.transaction() as tx:
        unit = await CustomerStore.of(tx, call.caller).keep(body.customer_id)
        await InteractionStore.of(tx, call.caller).add(recorded, unit=unit)
        return call.created(
            interaction_view(recorded, unit),
            location=f"/v1/interactions/{recorded.id}",
            version=recorded.version,
        )


@router.get(
    "/v1/interactions/{interaction_id}",
    response_model=InteractionView,
    raises=[InteractionNotFound],
)
async def read_interaction(
    interaction_id: Id, call: Annotated[Call, requires("interactions:read")]
) -> Response:
    """Read an interaction."""
    async with call.reading() as reader:
        found, unit = await InteractionReader.of(reader, call.caller).get(interaction_id)
    return call.answer(interaction_view(found, unit), version=found.version)


@router.get("/v1/interactions", response_model=Page[InteractionView], raises=[CustomerNotFound])
async def list_interactions(
    call: Annotated[Call, requires("interactions:read")],
    page: Annotated[PageOf, Depends()],
    customer_id: Annotated[Id, Query(description="Whose interactions.")],
) -> Response:
    """List a customer's interactions, newest first."""
    async with call.reading() as reader:
        interactions = InteractionReader.of(reader, call.caller)
        rows = await interactions.of_customer(
            customer_id, before=page.after or (LATEST, BEHIND_ALL), limit=page.fetch
        )
        if not rows and page.after is None:
            await CustomerReader.of(reader, call.caller).unit_of(customer_id)
    items = [interaction_view(interaction_of(row), row["unit"]) for row in rows[: page.limit]]
    return call.page(page, items, next_cursor=page.next_cursor(rows, "occurred_at", "id"))


@router.patch(
    "/v1/interactions/{interaction_id}",
    response_model=InteractionView,
    raises=[InteractionNotFound, InteractionEndsBeforeItBegins, TrailTooLong],
)
async def change_interaction(
    interaction_id: Id,
    body: Annotated[InteractionChange, MergePatch],
    call: Annotated[Call, requires("interactions:write")],
) -> Response:
    """Complete or correct an interaction: its end, its outcome, its to-dos, its trail."""
    async with call.transaction() as tx:
        interactions = InteractionStore.of(tx, call.caller)
        before, unit = await interactions.get_to_change(interaction_id)
        call.require_match(before.version)
        after = before.revised(replace(before, **sent(before, body)))
        await interactions.save(before, after, unit=unit, at=call.at)
        return call.answer(interaction_view(after, unit), version=after.version)


def sent(before: Interaction, body: InteractionChange) -> dict[str, Any]:
    """The fields that were sent, as the domain holds them."""
    given = {name: getattr(body, name) for name in body.model_fields_set}
    if "to_dos" in given:
        given["to_dos"] = tuple(given["to_dos"] or ())
    if "details" in given:
        given["details"] = {} if body.details is None else trail(before.details, body.details)
    return given
