"""Turns a ticket into a short-lived access token, once;
how long a ticket waits for that is the setting `ticket_seconds`.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from secrets import token_urlsafe
from uuid import UUID

from service_kit.store.database import Database
from service_kit.words.errors import Unauthenticated

from gateway.api_key.domain import SUBJECT
from gateway.api_key.store import ApiKeyReader
from gateway.client.domain import digest_of
from gateway.client.status import ClientStatuses
from gateway.ticket import store
from gateway.token.domain import Granted
from gateway.token.issue import TokenIssuer

PREFIX = "gxt_"
TOKEN_SECONDS = 120


class TicketInvalid(Unauthenticated):
    """The ticket is unknown, was used already or is too old;
    get a new one at POST /v1/stream-tickets.
    """


class TicketSourceEnded(Unauthenticated):
    """The token or API key that asked for the ticket is not valid any more;
    get a new token, then a new ticket.
    """


class TicketOpensStreamsOnly(Unauthenticated):
    """A ticket opens one event stream and nothing else;
    send an access token or an API key with this request.
    """


def new_ticket() -> str:
    return f"{PREFIX}{token_urlsafe(32)}"


class Redeemer:
    def __init__(
        self,
        database: Database,
        statuses: ClientStatuses,
        issuer: TokenIssuer,
        *,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._statuses = statuses
        self._issuer = issuer
        self._clock = clock

    async def redeem(self, ticket: str) -> tuple[Granted, bytes]:
        """What the ticket stands for, and the Authorization header to pass on."""
        at = self._clock()
        async with self._database.transaction() as tx:
            granted = await store.take(tx, digest_of(ticket), at=at)
            is_of_ended_key = granted is not None and await _is_of_ended_key(
                ApiKeyReader(tx), granted, at
            )
        if granted is None:
            raise TicketInvalid()
        status = await self._statuses.of(granted.client_id)
        if is_of_ended_key or granted.epoch < status.epoch:
            raise TicketSourceEnded()
        # The epoch stays that of the token that asked: where a later one began that is not known
        # here yet, the services refuse it.
        granted = replace(granted, rights=granted.rights.limited_to(status.rights))
        issued = await self._issuer.issue(granted, lifetime=TOKEN_SECONDS)
        return granted, b"Bearer " + issued.token.encode()


async def _is_of_ended_key(keys: ApiKeyReader, granted: Granted, at: datetime) -> bool:
    """Whether an API key asked that is not valid any more; what a person is called is no key."""
    if granted.is_exchanged or not granted.sub.startswith(SUBJECT):
        return False
    key = await keys.find(UUID(granted.sub.removeprefix(SUBJECT)))
    return key is None or not key.is_valid(at)
