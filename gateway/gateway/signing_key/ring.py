"""The key ring of one process:
signs with the present key, publishes and verifies with all that are valid.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

from joserfc import jwt
from joserfc.jwk import KeySet, OKPKey
from pydantic_core import from_json, to_json
from service_kit.process.secrets import Sealer
from service_kit.store.database import Database
from service_kit.store.sqlstates import TransactionRolledBack
from service_kit.words.errors import Unavailable

from gateway.signing_key import store
from gateway.signing_key.domain import Rotation, SigningKey, rotation_moment

PURPOSE = "signing-key"
ALGORITHM = "Ed25519"
# A key that was taken back is refused within this time, and so are the tokens that it signed.
FRESH_SECONDS = 1.0
STALE_SECONDS = 2.0
ROTATION_TRIES = 10


class NoSigningKey(Unavailable):
    """There is no key to sign access tokens with yet; try again in a moment."""


class RotationContended(Unavailable):
    """Other processes make signing keys at the same time; try again."""


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
        self._is_away = False
        self._reading: asyncio.Task[None] | None = None

    def attach(self, database: Database, sealer: Sealer) -> None:
        """Give it the database, which is made together with whoever verifies with this ring."""
        self._database, self._sealer = database, sealer

    async def key_set(self, kid: str | None) -> KeySet:
        """The keys to verify with, the same object while they are the same keys.

        They are read again every second. Who asks with an id that is not known waits for that,
        since another replica may have made it.
        """
        await self._refreshed(is_urgent=kid is not None and kid not in self._ids)
        if self._set is None:
            raise NoSigningKey()
        return self._set

    def is_published(self, kid: str) -> bool:
        """Whether the key was among those that are valid when they were read last."""
        return kid in self._ids

    async def published(self) -> dict[str, Any]:
        """The JSON Web Key Set for /.well-known/jwks.json."""
        await self._refreshed()
        return {
            "keys": [
                dict(key.public) for key in self._rotation.published(self._keys, self._clock())
            ]
        }

    async def sign(self, claims: dict[str, Any], *, type_: str) -> tuple[str, str]:
        """A compact JWS of the claims, and the id of the key that signed it."""
        await self._refreshed()
        key = self._rotation.signing(self._keys, self._clock())
        if key is None:
            await self.turn()
            key = self._rotation.signing(self._keys, self._clock())
        if key is None:
            raise NoSigningKey()
        header = {"alg": ALGORITHM, "typ": type_, "kid": key.kid}
        return jwt.encode(header, claims, self._opened(key), algorithms=[ALGORITHM]), key.kid

    async def turn(self) -> bool:
        """Make the next key when its time has come, and forget keys whose tokens are all over.
        True when something changed.
        """
        async with self._database.transaction() as tx:
            keys, at = await store.all_keys(tx), self._clock()
            due = self._rotation.next_due(keys, at)
            if due is not None:
                await store.add(tx, self._made(keys, at, signs_from=due))
            over = [key for key in keys if self._rotation.is_over(key, keys, at)]
            for key in over:
                await store.forget(tx, key.generation)
        if due is not None or over:
            await self._read()
        return due is not None or bool(over)

    async def rotate(self, *, is_compromised: bool) -> SigningKey:
        """Make the next key by hand. Compromised keys are dropped at once,
        that of a replica which rotates at the same time included.
        """
        for _ in range(ROTATION_TRIES):
            made = await self._rotated(is_compromised=is_compromised)
            if made is not None:
                await self._read()
                return made
        raise RotationContended()

    async def _rotated(self, *, is_compromised: bool) -> SigningKey | None:
        """The key that was made; None when another replica made this generation first."""
        async with self._database.transaction() as tx:
            keys, at = await store.all_keys(tx), self._clock()
            made = self._made(
                keys, at, signs_from=rotation_moment(at, is_compromised=is_compromised)
            )
            if not await store.add(tx, made):
                return None
            for key in keys if is_compromised else ():
                await store.forget(tx, key.generation)
        return made

    def _made(
        self, keys: Sequence[SigningKey], at: datetime, *, signs_from: datetime
    ) -> SigningKey:
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
            self._private[key.kid] = OKPKey.import_key(
                from_json(self._sealer.unseal(key.private, purpose=PURPOSE))
            )
        return self._private[key.kid]

    async def _refreshed(self, *, is_urgent: bool = False) -> None:
        """Read the keys again when it is time; only who has none, or none that is fresh enough,
        waits for them.

        While the database is away nobody waits whom the keys in memory can serve.
        """
        age = time.monotonic() - self._read_at
        if age <= FRESH_SECONDS:
            return
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(self._read())
            # Whoever waits is told of its failure; beside requests it is tried again with the next.
            self._reading.add_done_callback(_looked_at)
        if is_urgent or self._set is None or (age > STALE_SECONDS and not self._is_away):
            await asyncio.shield(self._reading)

    async def _read(self) -> None:
        try:
            async with self._database.reading() as reader:
                keys = await store.all_keys(reader)
        except (Unavailable, TransactionRolledBack):
            # Without any keys the refusal goes to the caller.
            if self._set is None:
                raise
            self._read_at, self._is_away = time.monotonic(), True
            return
        self._keys, self._read_at, self._is_away = keys, time.monotonic(), False
        valid = self._rotation.published(keys, self._clock())
        ids = frozenset(key.kid for key in valid)
        if valid and ids != self._ids:
            self._set, self._ids = (
                KeySet.import_key_set({"keys": [dict(key.public) for key in valid]}),
                ids,
            )


def _looked_at(reading: asyncio.Task[None]) -> None:
    """Take note of a failure that nobody waited for."""
    with suppress(asyncio.CancelledError):
        reading.exception()
