"""Access tokens signed with a key that the test holds."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

from joserfc import jwt
from joserfc.jwk import KeySet, OKPKey

from service_kit.words.identity import new_id

ISSUER = "http://gateway.test"


class SigningKeys:
    """Stands in for the gateway: signs tokens, and gives the service the key to check them with."""

    def __init__(self) -> None:
        self._key = OKPKey.generate_key("Ed25519", {"kid": "test", "use": "sig", "alg": "Ed25519"})
        self._set = KeySet([self._key])

    async def key_set(self, kid: str | None) -> KeySet:
        return self._set

    def token(
        self,
        *scopes: str,
        sub: str = "tester",
        client_id: str = "test-client",
        units: Sequence[str] | None = None,
        approval_limit: str | None = None,
        agent_id: str | None = None,
        **claims: Any,
    ) -> str:
        """A valid access token; `claims` replace or add to the usual ones."""
        now = int(time.time())
        optional: Mapping[str, Any] = {
            "units": None if units is None else list(units),
            "approval_limit": approval_limit,
            "agent_id": agent_id,
        }
        payload = {
            "iss": ISSUER,
            "aud": "guanxi",
            "sub": sub,
            "client_id": client_id,
            "scope": " ".join(scopes),
            "iat": now,
            "exp": now + 3600,
            "jti": str(new_id()),
            **{name: value for name, value in optional.items() if value is not None},
            **claims,
        }
        return jwt.encode(
            {"alg": "Ed25519", "typ": "at+jwt", "kid": "test"},
            payload,
            self._key,
            algorithms=["Ed25519"],
        )
