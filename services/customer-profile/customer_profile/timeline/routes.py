"""The API of the timeline."""

from typing import Annotated

from fastapi import Depends, Query, Response
from service_kit.web.pages import Page, PageOf
from service_kit.web.routing import Router, requires
from service_kit.words.fields import EARLIEST, LATEST, Id, Timestamp

from customer_profile.call import Call
from customer_profile.customer.domain import CustomerNotFound
from customer_profile.customer.store import BEHIND_ALL, CustomerReader
from customer_profile.timeline.domain import kinds_for
from customer_profile.timeline.schemas import EntryView, entry_view
from customer_profile.timeline.store import TimelineReader
from customer_profile.touch import Channel

router = Router(tags=["timeline"])


@router.get(
    "/v1/customers/{customer_id}/timeline",
    response_model=Page[EntryView],
    raises=[CustomerNotFound],
)
async def list_timeline(
    customer_id: Id,
    call: Annotated[Call, requires("customers:read")],
    page: Annotated[PageOf, Depends()],
    since: Annotated[Timestamp | None, Query(description="Nothing older than this moment.")] = None,
    channel: Annotated[Channel | None, Query()] = None,
) -> Response:
    """List all that happened with a customer, newest first.

    Interactions, contacts, cases, care, scores and imports are one list. Titles are in the language
    of the request. A token is shown the kinds that it may read elsewhere: `interaction` with
    interactions:read, `contact` with contacts:read, `case` with complaints:read, `care` with
    care:read, `score` with scores:read, `import` with customers:read.
    """
    async with call.reading() as reader:
        rows = await TimelineReader.of(reader, call.caller).of_customer(
            customer_id,
            kinds=kinds_for(call.caller.scopes),
            since=since or EARLIEST,
            channel=channel,
            before=page.after or (LATEST, BEHIND_ALL),
            limit=page.fetch,
        )
        if not rows and page.after is None:
            await CustomerReader.of(reader, call.caller).unit_of(customer_id)
    items = [entry_view(row, call.language) for row in rows[: page.limit]]
    return call.page(page, items, next_cursor=page.next_cursor(rows, "occurred_at", "id"))
