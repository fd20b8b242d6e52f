"""Turns a ticket into a short-lived access token, once."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from secrets import token_urlsafe

from service_kit.database import Database
from service_kit.errors import Unauthenticated

from gateway.client.domain import digest_of
from gateway.client.standing import Standings
from gateway.ticket import store
from gateway.token.domain import Granted
from gateway.token.issue import TokenIssuer

PREFIX = "gxt_"
TOKEN_SECONDS = 120


class TicketInvalid(Unauthenticated):
    """The ticket is unknown, was used already or is too old; get a new one at POST /v1/stream-tickets."""


def new_ticket() -> str:
    return f"{PREFIX}{token_urlsafe(32)}"


class Redeemer:
    def __init__(self, database: Database, standings: Standings, issuer: TokenIssuer, *, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._standings = standings
        self._issuer = issuer
        self._clock = clock

    async def redeem(self, ticket: str) -> tuple[Granted, bytes]:
        """What the ticket stands for, and the Authorization header to pass on."""
        async with self._database.transaction() as tx:
            granted = await store.take(tx, digest_of(ticket), at=self._clock())
        if granted is None:
            raise TicketInvalid()
        standing = await self._standings.of(granted.client_id)
        granted = replace(granted, rights=granted.rights.limited_to(standing.rights), epoch=standing.epoch)
        issued = await self._issuer.issue(granted, lifetime=TOKEN_SECONDS)
        return granted, b"Bearer " + issued.token.encode()
