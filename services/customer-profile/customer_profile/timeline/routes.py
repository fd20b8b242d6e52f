"""The API of the timeline."""

from typing import Annotated

from fastapi import Depends, Query, Response
from service_kit.access.units import units_of
from service_kit.web.pages import Page, PageOf
from service_kit.web.routing import Router, requires
from service_kit.words.fields import EARLIEST, LATEST, Id, Timestamp

from customer_profile.call import Call
from customer_profile.customer.domain import CustomerNotFound
from customer_profile.customer.store import BEHIND_ALL, CustomerReader
from customer_profile.interaction.domain import Channel
from customer_profile.timeline.domain import kinds_for
from customer_profile.timeline.schemas import EntryView, entry_view
from customer_profile.timeline.store import entries

router = Router(tags=["timeline"])


@router.get("/v1/customers/{customer_id}/timeline", response_model=Page[EntryView], raises=[CustomerNotFound])
async def read_timeline(
    customer_id: Id,
    call: Annotated[Call, requires("customers:read")],
    page: Annotated[PageOf, Depends()],
    since: Annotated[Timestamp | None, Query(description="Nothing older than this moment.")] = None,
    channel: Annotated[Channel | None, Query()] = None,
) -> Response:
    """Read all that happened with a customer, newest first.

    Interactions, contacts, cases, care, scores and imports are one list. Titles are in the language of the request. A token is shown the
    kinds that it may read elsewhere: `interaction` with interactions:read, `contact` with contacts:read, `case` with complaints:read,
    `care` with care:read, `score` with scores:read, `import` with customers:read.
    """
    before = (page.after[0], page.after[1]) if page.after else (LATEST, BEHIND_ALL)
    async with call.reading() as reader:
        rows = await entries(
            reader,
            customer_id,
            since=since or EARLIEST,
            channel=None if channel is None else channel.value,
            before=before,
            limit=page.fetch,
            units=units_of(call.caller),
            kinds=kinds_for(call.caller.scopes),
        )
        if not rows and page.after is None:
            await CustomerReader(reader, units_of(call.caller)).unit_of(customer_id)
    items = [entry_view(row, call.language) for row in rows[: page.limit]]
    return call.page(page, items, next_cursor=page.next_cursor(rows, "occurred_at", "id"))
