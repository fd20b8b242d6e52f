"""Makes access tokens as RFC 9068 profiles them;
how long they live at most is the setting `token_seconds`.
"""

import base64
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic_core import from_json

from gateway.signing_key.ring import KeyRing
from gateway.token.domain import Granted, TokenRefused

TYPE = "at+jwt"


@dataclass(frozen=True, kw_only=True)
class Issued:
    """A token, and the id of the key that signed it."""

    token: str
    kid: str
    expires_in: int
    scope: str


class TokenIssuer:
    """Signs what was granted; `lifetime` is the longest that a token lives, in seconds."""

    def __init__(
        self,
        ring: KeyRing,
        *,
        issuer: str,
        audience: str,
        lifetime: int,
        clock: Callable[[], datetime],
        new_id: Callable[[], UUID],
    ) -> None:
        self._ring = ring
        self._issuer = issuer
        self._audience = audience
        self._lifetime = lifetime
        self._clock = clock
        self._new_id = new_id

    async def issue(
        self, granted: Granted, *, lifetime: int | None = None, not_after: int | None = None
    ) -> Issued:
        """A signed token; it ends with `not_after` (seconds of the epoch) at the latest.

        TokenRefused when that moment is over, as it may be for a token that is still accepted for a
        few seconds after its end.
        """
        now = int(self._clock().timestamp())
        expires = now + min(lifetime or self._lifetime, self._lifetime)
        if not_after is not None:
            expires = min(expires, not_after)
        if expires <= now:
            raise TokenRefused("invalid_request", "the subject_token has expired")
        claims = {
            "iss": self._issuer,
            "aud": self._audience,
            "iat": now,
            "exp": expires,
            "jti": str(self._new_id()),
            **claims_of(granted),
        }
        token, kid = await self._ring.sign(claims, type_=TYPE)
        return Issued(token=token, kid=kid, expires_in=expires - now, scope=claims["scope"])

    def stands_by(self, kid: str) -> bool:
        """Whether tokens of this key are still accepted, as far as is known here."""
        return self._ring.is_published(kid)


def claims_of(granted: Granted) -> dict[str, Any]:
    """Who acts for whom, and with which rights; what is not limited or not given is left out."""
    rights = granted.rights
    claims: dict[str, Any] = {
        "sub": granted.sub,
        "client_id": granted.client_id,
        "scope": " ".join(sorted(rights.scopes)),
    }
    if rights.units is not None:
        claims["units"] = list(rights.units)
    if rights.approval_limit is not None:
        claims["approval_limit"] = str(rights.approval_limit)
    if rights.agent_id is not None:
        claims["agent_id"] = str(rights.agent_id)
    if granted.epoch:
        claims["epoch"] = granted.epoch
    if granted.is_exchanged:
        claims["act"] = {"sub": granted.client_id}
    return claims


def claims_in(token: str) -> dict[str, Any]:
    """What a token says that was verified already."""
    payload = token.split(".")[1]
    claims: dict[str, Any] = from_json(
        base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
    )
    return claims


def expiry_of(token: str) -> int:
    """When a token that was verified already ends, in seconds of the epoch."""
    return int(claims_in(token)["exp"])
