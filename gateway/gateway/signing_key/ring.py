"""The key ring of one process: signs with the present key, publishes and verifies with all that are valid."""

import asyncio
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from joserfc import jwt
from joserfc.jwk import KeySet, OKPKey
from pydantic_core import from_json, to_json
from service_kit.database import Database
from service_kit.errors import Unavailable
from service_kit.secrets import Sealer
from service_kit.sqlstates import TransactionRolledBack

from gateway.signing_key import store
from gateway.signing_key.domain import Rotation, SigningKey, rotation_moment

PURPOSE = "signing-key"
ALGORITHM = "Ed25519"
REFRESH_SECONDS = 10.0
RETRY_SECONDS = 1.0


class NoSigningKey(Unavailable):
    """There is no key to sign access tokens with yet; try again in a moment."""


class KeyRing:
    """Implements the kit's port `Keys`, and signs."""

    _database: Database
    _sealer: Sealer

    def __init__(self, rotation: Rotation, *, clock: Callable[[], datetime]) -> None:
        self._rotation = rotation
        self._clock = clock
        self._keys: Sequence[SigningKey] = ()
        self._private: dict[str, OKPKey] = {}
        self._set: KeySet | None = None
        self._ids: frozenset[str] = frozenset()
        self._read_at = -1e9
        self._reading = asyncio.Lock()

    def attach(self, database: Database, sealer: Sealer) -> None:
        """Give it the database, which is made together with whoever verifies with this ring."""
        self._database, self._sealer = database, sealer

    async def key_set(self, kid: str | None) -> KeySet:
        """The keys to verify with; read again when the id is unknown, since another replica may have made it."""
        age = time.monotonic() - self._read_at
        if self._set is None or age > REFRESH_SECONDS or (kid is not None and kid not in self._ids and age > RETRY_SECONDS):
            await self._refresh()
        if self._set is None:
            raise NoSigningKey()
        return self._set

    async def published(self) -> dict[str, Any]:
        """The JSON Web Key Set for /.well-known/jwks.json."""
        await self._refresh_when_old()
        return {"keys": [dict(key.public) for key in self._rotation.published(self._keys, self._clock())]}

    async def sign(self, claims: dict[str, Any], *, type_: str) -> str:
        """A compact JWS of the claims."""
        await self._refresh_when_old()
        key = self._rotation.signing(self._keys, self._clock())
        if key is None:
            await self.turn()
            key = self._rotation.signing(self._keys, self._clock())
        if key is None:
            raise NoSigningKey()
        header = {"alg": ALGORITHM, "typ": type_, "kid": key.kid}
        return jwt.encode(header, claims, self._opened(key), algorithms=[ALGORITHM])

    async def turn(self) -> bool:
        """Make the next key when its time has come, and forget keys whose tokens are all over. True when something changed."""
        async with self._database.transaction() as tx:
            keys, at = await store.all_keys(tx), self._clock()
            due = self._rotation.next_due(keys, at)
            if due is not None:
                await store.add(tx, self._made(keys, at, signs_from=due))
            over = [key for key in keys if self._rotation.is_over(key, keys, at)]
            for key in over:
                await store.forget(tx, key.generation)
        if due is not None or over:
            await self._refresh()
        return due is not None or bool(over)

    async def rotate(self, *, is_compromised: bool) -> SigningKey | None:
        """Make the next key by hand; None when another replica was at it. A compromised key set is dropped at once."""
        async with self._database.transaction() as tx:
            keys, at = await store.all_keys(tx), self._clock()
            made = self._made(keys, at, signs_from=rotation_moment(at, is_compromised=is_compromised))
            is_mine = await store.add(tx, made)
            if is_mine and is_compromised:
                for key in keys:
                    await store.forget(tx, key.generation)
        await self._refresh()
        return made if is_mine else None

    def _made(self, keys: Sequence[SigningKey], at: datetime, *, signs_from: datetime) -> SigningKey:
        key = OKPKey.generate_key("Ed25519", auto_kid=True)
        kid = str(key.kid)
        public = {**key.as_dict(private=False), "kid": kid, "use": "sig", "alg": ALGORITHM}
        return SigningKey(
            generation=max((known.generation for known in keys), default=0) + 1,
            kid=kid,
            public=public,
            private=self._sealer.seal(to_json(key.as_dict(private=True)), purpose=PURPOSE),
            created_at=at,
            signs_from=signs_from,
        )

    def _opened(self, key: SigningKey) -> OKPKey:
        if key.kid not in self._private:
            self._private[key.kid] = OKPKey.import_key(from_json(self._sealer.unseal(key.private, purpose=PURPOSE)))
        return self._private[key.kid]

    async def _refresh_when_old(self) -> None:
        if time.monotonic() - self._read_at > REFRESH_SECONDS:
            await self._refresh()

    async def _refresh(self) -> None:
        async with self._reading:
            try:
                async with self._database.reading() as reader:
                    keys = await store.all_keys(reader)
            except (Unavailable, TransactionRolledBack):
                # The keys in memory serve on while the database is away; without any the refusal goes to the caller.
                if self._set is None:
                    raise
                self._read_at = time.monotonic() - REFRESH_SECONDS + RETRY_SECONDS
                return
            self._keys, self._read_at = keys, time.monotonic()
            valid = self._rotation.published(keys, self._clock())
            if valid:
                self._set = KeySet.import_key_set({"keys": [dict(key.public) for key in valid]})
                self._ids = frozenset(key.kid for key in valid)
