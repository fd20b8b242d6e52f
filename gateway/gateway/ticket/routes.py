"""The operation that makes stream tickets."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import Response
from service_kit.access.tokens import bearer_token
from service_kit.web.routing import Router, requires

from gateway.call import Call
from gateway.client.domain import digest_of
from gateway.rights.caller import rights_of
from gateway.ticket import store
from gateway.ticket.redeem import new_ticket
from gateway.ticket.schemas import StreamTicket
from gateway.token.domain import Granted
from gateway.token.issue import claims_in

router = Router(tags=["stream-tickets"])


@router.post("/v1/stream-tickets", status_code=201, response_model=StreamTicket)
async def create_stream_ticket(call: Annotated[Call, requires()]) -> Response:
    """Get a one-time ticket for a browser's EventSource, which cannot send a token: `GET
    /v1/...?ticket=`.

    The ticket stands for the rights of the token that asked for it and ends with that token or API
    key. It opens one event stream, within a minute, and nothing else.
    """
    ticket, caller = new_ticket(), call.caller
    claims = claims_in(bearer_token(call.request.headers.get("authorization")))
    granted = Granted(
        client_id=caller.client_id,
        sub=caller.sub,
        rights=rights_of(caller),
        is_exchanged="act" in claims,
        epoch=claims.get("epoch", 0),
    )
    expires_at = min(
        call.at + timedelta(seconds=call.settings.ticket_seconds),
        datetime.fromtimestamp(claims["exp"], UTC),
    )
    async with call.transaction() as tx:
        await store.add(tx, digest_of(ticket), granted, expires_at=expires_at)
        return call.answer(
            StreamTicket(ticket=ticket, expires_at=expires_at),
            status=201,
            once=("ticket",),
            units=[],
        )
