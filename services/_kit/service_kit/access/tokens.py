"""Checks access tokens (RFC 9068) against the gateway's published keys,
which are kept so that a gateway that is down stops nobody.
"""

import asyncio
import base64
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import httpx2
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from pydantic_core import from_json
from sqlalchemy import bindparam, select
from sqlalchemy.dialects.postgresql import insert

from service_kit.access.caller import Caller, ClaimReaders
from service_kit.access.epochs import Epochs, NoEpochs, mark_of
from service_kit.process.addresses import client_for
from service_kit.store.database import Database
from service_kit.store.sqlstates import OutcomeUnknown, TransactionRolledBack
from service_kit.store.tables import key_set
from service_kit.words.errors import Unauthenticated, Unavailable
from service_kit.words.identity import clock

ALGORITHMS = ["Ed25519", "EdDSA"]
TOKEN_TYPES = {"at+jwt", "application/at+jwt"}
REMEMBERED_TOKENS = 20_000
# A token is looked at anew this often, and whenever the keys have changed.
REMEMBERED_SECONDS = 60.0
REFRESH_SECONDS = 30.0
# Keys older than this may have been taken back: who comes after a long pause waits for the new
# ones, unless the gateway is down.
OLD_SECONDS = 60.0
# A stranger can make up key ids as fast as he likes; the gateway is asked at most this often.
RETRY_SECONDS = 2.0
LEEWAY_SECONDS = 5
LONGEST_LIFE_SECONDS = 86_400
LONGEST_TOKEN = 8_192

FIND_KEYS = select(key_set.c["keys"]).where(key_set.c.issuer == bindparam("issuer"))
_keep = insert(key_set).values({name: bindparam(name) for name in ("issuer", "keys", "fetched_at")})
KEEP_KEYS = _keep.on_conflict_do_update(
    index_elements=[key_set.c.issuer],
    set_={"keys": _keep.excluded["keys"], "fetched_at": _keep.excluded.fetched_at},
)


class TokenInvalid(Unauthenticated):
    """The access token is missing, malformed, expired, or not made for this API;
    get one at POST /oauth/token.
    """


class KeysUnavailable(Unavailable):
    """The keys that access tokens are checked with cannot be had at the moment."""


class Keys(Protocol):
    """Where the public keys come from;
    the gateway has its own, services ask for the published ones.
    """

    async def key_set(self, kid: str | None) -> KeySet:
        """The keys, refreshed when the id is not among those known."""
        ...


class PublishedKeys:
    """The gateway's JWKS: fetched when first needed, refreshed now and then,
    kept in the own schema for a start without gateway.
    """

    def __init__(self, database: Database, *, gateway_url: str, issuer: str) -> None:
        self._database = database
        self._gateway_url = gateway_url
        self._issuer = issuer
        self._keys: KeySet | None = None
        self._ids: frozenset[str] = frozenset()
        self._published: Mapping[str, Any] | None = None
        self._fetched = self._tried = -1e9
        self._is_failing = False
        self._refreshing: asyncio.Task[None] | None = None

    async def key_set(self, kid: str | None) -> KeySet:
        now = time.monotonic()
        is_known = self._keys is not None and (kid is None or kid in self._ids)
        age = now - self._fetched
        if (not is_known or age > REFRESH_SECONDS) and now - self._tried > RETRY_SECONDS:
            self._tried = now
            self._refreshing = asyncio.create_task(self._refresh(now))
        is_old = age > OLD_SECONDS and not self._is_failing
        if (not is_known or is_old) and self._refreshing is not None:
            # All who need the new keys wait for the one request that fetches them; who has its key
            # waits for nothing.
            await asyncio.shield(self._refreshing)
        if self._keys is None:
            raise KeysUnavailable()
        return self._keys

    async def _refresh(self, now: float) -> None:
        try:
            async with client_for(self._gateway_url, seconds=2.0) as client:
                answer = await client.get("/.well-known/jwks.json")
                answer.raise_for_status()
                published = answer.json()
                is_new = self._take(published)
            self._fetched, self._is_failing = now, False
        except (httpx2.HTTPError, ValueError, KeyError, TypeError, JoseError):
            self._is_failing = True
            if self._keys is None:
                await self._recall()
            return
        if is_new:
            await self._keep(published)

    def _take(self, published: Mapping[str, Any]) -> bool:
        """Use these keys; False when they are those in use,
        which stay the same object for whoever remembers what they proved.
        """
        if published == self._published:
            return False
        keys = KeySet.import_key_set({"keys": list(published["keys"])})
        self._keys, self._ids, self._published = (
            keys,
            frozenset(key.kid for key in keys.keys if key.kid),
            published,
        )
        return True

    async def _keep(self, published: Mapping[str, Any]) -> None:
        try:
            async with self._database.transaction() as tx:
                await tx.execute(
                    KEEP_KEYS, issuer=self._issuer, keys=dict(published), fetched_at=clock()
                )
        except (Unavailable, TransactionRolledBack, OutcomeUnknown):
            # Keeping the keys helps a later start; this one has them already.
            return

    async def _recall(self) -> None:
        async with self._database.reading() as reader:
            kept = await reader.fetch_value(FIND_KEYS, issuer=self._issuer)
        if kept is not None:
            self._take(kept)


@dataclass(frozen=True)
class Remembered:
    """A checked token: whose it is, until when that may be taken for granted,
    and which keys have proved it.
    """

    caller: Caller
    until: float
    kid: str | None
    keys: KeySet
    mark: str
    epoch: int


class Authenticator:
    """Turns the Authorization header into a Caller;
    a checked token is remembered for a minute, or until the keys change.
    """

    def __init__(
        self,
        keys: Keys,
        *,
        issuer: str,
        audience: str,
        epochs: Epochs | None = None,
        claims: ClaimReaders | None = None,
    ) -> None:
        self._keys = keys
        self._readers = claims or {}
        self._epochs = epochs or NoEpochs()
        self._issuer = issuer
        self._audience = audience
        self._remembered: OrderedDict[str, Remembered] = OrderedDict()

    async def caller(self, authorization: str | None) -> Caller:
        """The caller of a request; TokenInvalid with the reason that RFC 6750 names."""
        token = bearer_token(authorization)
        found = self._remembered.get(token)
        if (
            found is not None
            and found.until > time.time()
            and await self._keys.key_set(found.kid) is found.keys
        ):
            return self._present(found)
        checked = self._remembered[token] = await self._checked(token)
        if len(self._remembered) > REMEMBERED_TOKENS:
            self._remembered.popitem(last=False)
        return self._present(checked)

    def _present(self, checked: Remembered) -> Caller:
        """The caller, unless rights were taken from the client since the token was made."""
        if checked.epoch < self._epochs.least.get(checked.mark, 0):
            raise refused("the client lost rights since: get a new access token")
        return checked.caller

    async def _checked(self, token: str) -> Remembered:
        kid = _key_id(token)
        keys = await self._keys.key_set(kid)
        try:
            decoded = jwt.decode(token, keys, algorithms=ALGORITHMS)
        except (JoseError, ValueError, TypeError) as error:
            raise refused("the access token cannot be verified") from error
        caller, expires = self._caller_of(decoded.header, decoded.claims)
        epoch = decoded.claims.get("epoch", 0)
        if not isinstance(epoch, int):
            raise refused("the access token lacks claims")
        return Remembered(
            caller,
            min(expires, time.time() + REMEMBERED_SECONDS),
            kid,
            keys,
            mark_of(caller.client_id),
            epoch,
        )

    def _caller_of(
        self, header: Mapping[str, Any], claims: Mapping[str, Any]
    ) -> tuple[Caller, float]:
        now = time.time()
        if str(header.get("typ", "")).lower() not in TOKEN_TYPES:
            raise refused("this is not an access token")
        if claims.get("iss") != self._issuer or self._audience not in _as_list(claims.get("aud")):
            raise refused("the access token was made for another API")
        expires = claims.get("exp")
        if not isinstance(expires, int | float) or expires < now - LEEWAY_SECONDS:
            raise refused("the access token has expired")
        if isinstance(claims.get("nbf"), int | float) and claims["nbf"] > now + LEEWAY_SECONDS:
            raise refused("the access token is not valid yet")
        issued = claims.get("iat")
        if (
            not isinstance(issued, int | float)
            or not expires - min(issued, now) <= LONGEST_LIFE_SECONDS + LEEWAY_SECONDS
        ):
            raise refused("the access token lives longer than any of this API")
        try:
            return caller_of(claims, self._readers), float(expires) + LEEWAY_SECONDS
        except (KeyError, TypeError, ValueError) as error:
            raise refused("the access token lacks claims") from error


def caller_of(claims: Mapping[str, Any], readers: ClaimReaders) -> Caller:
    """The caller that checked claims describe."""
    units = claims.get("units")
    if units is not None and not isinstance(units, list):
        raise TypeError("the claim `units` is a list")
    own = {
        name: read(str(claims[name]))
        for name, read in readers.items()
        if claims.get(name) is not None
    }
    return Caller(
        client_id=str(claims["client_id"]),
        sub=str(claims["sub"]),
        scopes=frozenset(str(claims.get("scope", "")).split()),
        units=None if units is None else tuple(str(unit) for unit in units),
        claims=own,
    )


def bearer_token(authorization: str | None) -> str:
    """The token of a Bearer header; TokenInvalid when there is none."""
    scheme, _, token = (authorization or "").partition(" ")
    token = token.strip()
    if not authorization:
        raise TokenInvalid("this operation needs an access token")
    if scheme.lower() != "bearer" or not token or len(token) > LONGEST_TOKEN:
        raise refused("the Authorization header carries no bearer token")
    return token


def refused(reason: str) -> TokenInvalid:
    return TokenInvalid(
        reason,
        challenge=f'Bearer realm="guanxi", error="invalid_token", error_description="{reason}"',
    )


def _key_id(token: str) -> str | None:
    try:
        kid = jwt_header(token).get("kid")
    except (ValueError, JoseError) as error:
        raise refused("the access token is malformed") from error
    return kid if isinstance(kid, str) else None


def jwt_header(token: str) -> dict[str, Any]:
    """The unchecked header of a compact JWS; ValueError when it is none."""
    head, dot, _ = token.partition(".")
    header = from_json(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))
    if not dot or not isinstance(header, dict):
        raise ValueError("not a compact JWS")
    return header


def _as_list(value: object) -> list[object]:
    return list(value) if isinstance(value, list | tuple) else [value]
