"""Who calls: a token,
an API key or a ticket becomes a verified account and the header that services accept.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import parse_qsl, quote_from_bytes

from service_kit.access.tokens import Authenticator, bearer_token, refused
from service_kit.words.errors import TooManyRequests, Unauthenticated

from gateway.api_key.domain import PREFIX as API_KEY_PREFIX
from gateway.api_key.tokens import ApiKeyTokens
from gateway.client.status import ClientStatus, ClientStatuses
from gateway.limit.domain import Policy
from gateway.ticket.redeem import Redeemer, TicketOpensStreamsOnly

LONGEST_TICKET = 200


class ClientDisabled(Unauthenticated):
    """The client of this token is disabled or was deleted."""


class Admitted(NamedTuple):
    """The account that a request counts on,
    and the Authorization header in place of the caller's own (None: unchanged).
    """

    account: str
    policy: Policy
    is_client: bool
    authorization: bytes | None = None
    above: Sequence[tuple[str, Policy]] = ()


class Doorkeeper:
    """`streams` are the paths that tickets open.

    `may_look_up` is whether a credential that only the database can judge is looked up; it is
    refused otherwise.
    """

    def __init__(
        self,
        authenticator: Authenticator,
        statuses: ClientStatuses,
        key_tokens: ApiKeyTokens,
        redeemer: Redeemer,
        *,
        streams: re.Pattern[str],
        anonymous: Policy,
    ) -> None:
        self._authenticator = authenticator
        self._statuses = statuses
        self._key_tokens = key_tokens
        self._redeemer = redeemer
        self._streams = streams
        self._anonymous = anonymous

    def stranger(self, address: str) -> Admitted:
        """Somebody without a token, counted by address."""
        return Admitted(f"address:{address}", self._anonymous, is_client=False)

    async def admit(
        self, authorization: bytes | None, address: str, *, may_look_up: bool
    ) -> Admitted:
        """The account of a request; an Unauthenticated refusal when what it shows is not valid."""
        if authorization is None:
            return self.stranger(address)
        shown = authorization.decode("latin-1")
        if API_KEY_PREFIX in shown and (token := bearer_token(shown)).startswith(API_KEY_PREFIX):
            return await self._by_api_key(token, may_look_up=may_look_up)
        caller = await self._authenticator.caller(shown)
        status = await self._enabled(caller.client_id)
        return await self._as_client(caller.client_id, status)

    async def admit_by_ticket(self, ticket: str, path: str, *, may_look_up: bool) -> Admitted:
        if self._streams.fullmatch(path) is None:
            raise TicketOpensStreamsOnly()
        if not may_look_up:
            raise TooManyRequests()
        granted, authorization = await self._redeemer.redeem(ticket)
        status = await self._enabled(granted.client_id)
        return await self._as_client(granted.client_id, status, authorization)

    async def _by_api_key(self, key: str, *, may_look_up: bool) -> Admitted:
        if not may_look_up and not self._key_tokens.knows(key):
            raise TooManyRequests()
        made = await self._key_tokens.token_for(key)
        status = await self._enabled(made.client_id)
        return await self._as_client(made.client_id, status, made.authorization)

    async def _as_client(
        self, client_id: str, status: ClientStatus, authorization: bytes | None = None
    ) -> Admitted:
        above = await self._statuses.above(status) if status.made_by is not None else ()
        return Admitted(
            client_id, status.policy, is_client=True, authorization=authorization, above=above
        )

    async def _enabled(self, client_id: str) -> ClientStatus:
        status = await self._statuses.of(client_id)
        if not status.is_enabled:
            raise ClientDisabled(challenge=refused("the client is disabled").extras["challenge"])
        return status


def ticket_in(query: bytes) -> tuple[str, bytes] | None:
    """The ticket of a query string and the query without it; None when there is none."""
    if b"ticket=" not in query:
        return None
    parts = query.split(b"&")
    tickets = [part for part in parts if part.startswith(b"ticket=")]
    if len(tickets) != 1:
        return None
    ticket = parse_qsl(tickets[0].decode("latin-1"))
    rest = b"&".join(part for part in parts if part is not tickets[0])
    return (ticket[0][1], rest) if ticket and len(ticket[0][1]) <= LONGEST_TICKET else None


def source_in(query: bytes) -> tuple[str | None, bytes]:
    """The `source` of a query string and the query without it;
    None when it is missing or repeated.
    """
    parts = query.split(b"&")
    sources = [part for part in parts if part.startswith(b"source=")]
    rest = b"&".join(part for part in parts if not part.startswith(b"source="))
    if len(sources) != 1:
        return None, query
    return sources[0].removeprefix(b"source=").decode("latin-1"), rest


def target_of(raw_path: bytes, query: bytes) -> str:
    """The request target as it came in:
    path and query are passed on unchanged, only made plain ASCII.
    """
    path = quote_from_bytes(raw_path, safe="/%:@!$&'()*+,;=~-._")
    if not query:
        return path
    return f"{path}?{quote_from_bytes(query, safe='/%:@!$&()*+,;=~-._?[]')}"
