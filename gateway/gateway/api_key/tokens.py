"""Short-lived access tokens in place of API keys, since the services verify only those.

How many keys a client may have is the setting `client_api_keys`.
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from service_kit.store.database import Database
from service_kit.store.sqlstates import TransactionRolledBack
from service_kit.words.errors import Unauthenticated, Unavailable

from gateway.api_key.domain import SUBJECT, ApiKey
from gateway.api_key.store import ApiKeyReader
from gateway.client.domain import digest_of
from gateway.client.status import ClientStatuses
from gateway.rights.domain import Rights
from gateway.token.domain import Granted
from gateway.token.issue import TokenIssuer

TOKEN_SECONDS = 300
# A token is replaced while it still has this long to live, so that none expires on its way.
RENEWED_BEFORE_SECONDS = 60
# A key that is revoked at one replica is refused by the others within this time.
CHECKED_EVERY_SECONDS = 5.0
REMEMBERED = 5_000


class ApiKeyInvalid(Unauthenticated):
    """The API key is unknown, expired or revoked, or its client is disabled."""


@dataclass(frozen=True, kw_only=True)
class KeyToken:
    """The header to pass on, for how long, and on whose account."""

    authorization: bytes
    client_id: str
    kid: str
    rights: Rights
    epoch: int
    renewed_at: float
    checked_at: float


class ApiKeyTokens:
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
        self._known: OrderedDict[bytes, KeyToken] = OrderedDict()
        # Counts what was forgotten: a check that began before is not remembered, it may have missed
        # the revocation.
        self._forgotten = 0

    def knows(self, key: str) -> bool:
        """Whether the key was good the last time it was looked up."""
        return digest_of(key) in self._known

    async def token_for(self, key: str) -> KeyToken:
        """The token in place of the key; ApiKeyInvalid when it is none of ours (any longer)."""
        digest, now, forgotten = digest_of(key), time.monotonic(), self._forgotten
        found = self._present(digest)
        if (
            found is not None
            and now - found.checked_at < CHECKED_EVERY_SECONDS
            and now < found.renewed_at
        ):
            return found
        try:
            made = await self._checked(digest, found, now)
        except (Unavailable, TransactionRolledBack):
            # While the database is away a key that was good a moment ago stays good, until its
            # token ends.
            if found is None or now >= found.renewed_at:
                raise
            return found
        if forgotten != self._forgotten:
            return made
        self._known[digest] = made
        self._known.move_to_end(digest)
        if len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        return made

    def forget_all(self) -> None:
        """Check every key again the next time, because one was revoked here."""
        self._forgotten += 1
        self._known.clear()

    def _present(self, digest: bytes) -> KeyToken | None:
        """What the key was swapped for, unless the signing key behind it was taken back."""
        found = self._known.get(digest)
        return found if found is not None and self._issuer.stands_by(found.kid) else None

    async def _checked(self, digest: bytes, found: KeyToken | None, now: float) -> KeyToken:
        async with self._database.reading() as reader:
            key = await ApiKeyReader(reader).find_by_digest(digest)
        if key is None or not key.is_valid(self._clock()):
            self._known.pop(digest, None)
            raise ApiKeyInvalid()
        status = await self._statuses.of(key.client_id)
        if not status.is_enabled:
            self._known.pop(digest, None)
            raise ApiKeyInvalid()
        rights = key.rights.limited_to(status.rights)
        if (
            found is not None
            and (found.rights, found.epoch) == (rights, status.epoch)
            and now < found.renewed_at
        ):
            return replace(found, checked_at=now)
        return await self._made(key, rights, status.epoch, now)

    async def _made(self, key: ApiKey, rights: Rights, epoch: int, now: float) -> KeyToken:
        granted = Granted(
            client_id=key.client_id, sub=f"{SUBJECT}{key.id}", rights=rights, epoch=epoch
        )
        issued = await self._issuer.issue(granted, lifetime=TOKEN_SECONDS)
        return KeyToken(
            authorization=b"Bearer " + issued.token.encode(),
            client_id=key.client_id,
            kid=issued.kid,
            rights=rights,
            epoch=epoch,
            renewed_at=now + max(0, issued.expires_in - RENEWED_BEFORE_SECONDS),
            checked_at=now,
        )
