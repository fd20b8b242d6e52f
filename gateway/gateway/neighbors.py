"""How the gateway itself asks the services:
with tokens that it signs, and its own feed without a detour.
"""

import time
from collections.abc import Iterable, Mapping
from typing import Any

from service_kit.access.client import NeighborRefused, ServiceClient, Tokens
from service_kit.store.database import Database
from service_kit.web import feed

from gateway.rights.domain import Rights
from gateway.services import GATEWAY
from gateway.token.domain import Granted
from gateway.token.issue import TokenIssuer

TOKEN_SECONDS = 300
RENEWED_BEFORE_SECONDS = 60


class OwnTokens(Tokens):
    """Tokens for reading feeds, made here instead of asked for.

    Who forwards all events reads all events, with all `scopes` that any of them needs: each goes to
    those alone who may read it.
    """

    def __init__(self, issuer: TokenIssuer, scopes: Iterable[str]) -> None:
        self._granted = Granted(
            client_id=GATEWAY,
            sub=GATEWAY,
            rights=Rights(scopes=frozenset(scopes) | {"events:read"}),
        )
        self._issuer = issuer
        self._token = ""
        self._until = 0.0
        self._kid = ""

    async def token(self) -> str:
        if time.monotonic() >= self._until or not self._issuer.stands_by(self._kid):
            issued = await self._issuer.issue(self._granted, lifetime=TOKEN_SECONDS)
            self._token, self._kid = issued.token, issued.kid
            self._until = time.monotonic() + max(1, issued.expires_in - RENEWED_BEFORE_SECONDS)
        return self._token

    async def close(self) -> None:
        """Nothing is held."""


class OwnFeed(ServiceClient):
    """The gateway's own feed, read from its own schema,
    in the form in which a consumer asks a neighbor.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get_with_headers(
        self,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        seconds: float | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[Any, Mapping[str, str]]:
        asked = params or {}
        try:
            rows = await feed.read_or_wait(
                self._database,
                after=int(asked["after"]),
                limit=asked["limit"],
                wait=asked["wait"],
                units=None,
            )
        except (feed.CursorExpired, feed.CursorAhead) as error:
            raise NeighborRefused(error.status, dict(error.extras)) from error
        return [feed.envelope(row, GATEWAY) for row in rows], {}

    async def close(self) -> None:
        """Nothing is held."""
