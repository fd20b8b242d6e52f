"""Clients: the programs that get access tokens, and what they may do."""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from secrets import token_urlsafe
from typing import Self
from uuid import UUID

from service_kit.store.events import Told
from service_kit.words.errors import Conflict, Forbidden, Invalid, NotFound
from service_kit.words.messages import said

from gateway.client.events import (
    ClientChanged,
    ClientCreated,
    ClientDeleted,
    ClientSecretRotated,
    ClientTold,
)
from gateway.limit.domain import Policy
from gateway.rights.domain import SCOPES, Rights, RightsExceeded, only_unit
from gateway.services import GATEWAY, SERVICES

SHORTEST_GIVEN_SECRET = 32
# A client that was registered by one that was registered by another, and so on.
LAST_GENERATION = 5
# The clients by which the services and the gateway call one another.
OF_SERVICES = frozenset(f"{name}-service" for name in (*SERVICES, GATEWAY))


class ClientNotFound(NotFound):
    """There is no such client, or its units lie outside those of this token."""


class ClientIdTaken(Conflict):
    """Another client has this client_id."""


class ClientCannotChangeItself(Conflict):
    """A client does not delete or disable itself, nor change its own rights;
    another one with clients:write does.
    """


class ClientOutOfReach(Forbidden):
    """A client changes those below it;
    those of the operator only another one of the operator, those of services its administrator.
    """


class SecretTooWeak(Invalid):
    """A secret that is brought along has at least 32 characters and is random."""


class TooManyClients(Conflict):
    """A client registers no more than so many others (`most`),
    and those of the last generation register none.
    """


class MakerDisabled(Conflict):
    """A client is enabled only while the one that registered it is; enable that one first."""


@dataclass(frozen=True, kw_only=True)
class Client:
    """`limit` None means the limit that every client has; `made_by` is the client that registered
    it, None where the operator did.

    Tokens carry the `epoch` in which they were made; whoever takes rights begins the next, and
    tokens of earlier ones are refused.
    """

    id: UUID
    client_id: str
    name: str
    rights: Rights
    is_enabled: bool
    limit: Policy | None
    created_at: datetime
    updated_at: datetime
    version: int
    made_by: str | None = None
    generation: int = 0
    epoch: int = 0

    def created(self) -> Told:
        return self._told(ClientCreated, self.created_at)

    def changed(
        self, *, name: str, rights: Rights, is_enabled: bool, limit: Policy | None, at: datetime
    ) -> tuple[Self, Told]:
        changed = replace(
            self,
            name=name,
            rights=rights,
            is_enabled=is_enabled,
            limit=limit,
            updated_at=at,
            version=self.version + 1,
        )
        return changed, changed._told(ClientChanged, at)

    def may_change_of_operator(self, other: Self) -> bool:
        """Whether it may change another one that the operator registered;
        those of the services only who may do everything.
        """
        if self.made_by is not None:
            return False
        is_administrator = self.rights.units is None and self.rights.scopes.issuperset(SCOPES)
        return is_administrator or other.client_id not in OF_SERVICES

    def has_lost(self, before: Self) -> bool:
        """Whether tokens that were made before may do what this client may not do any more."""
        is_less = (
            before.rights.excess_over(self.rights) is not None
            or before.rights.agent_id != self.rights.agent_id
        )
        return is_less or (before.is_enabled and not self.is_enabled)

    def require_within(self, maker: Self, default: Policy) -> None:
        """Raise RightsExceeded where this client has more than the one that registered it."""
        self.rights.require_within(maker.rights)
        if self._is_over(maker, default):
            raise RightsExceeded(
                said("{part}: more than the caller may hand on", part="rate_limit"),
                part="rate_limit",
            )

    def bounded_by(self, maker: Self, default: Policy, at: datetime) -> tuple[Self, Told] | None:
        """This client after its maker was changed;
        None when it lies within the maker's rights as it is.
        """
        rights = self.rights.limited_to(maker.rights)
        limit, is_enabled = (
            maker.limit if self._is_over(maker, default) else self.limit,
            self.is_enabled and maker.is_enabled,
        )
        if (rights, limit, is_enabled) == (self.rights, self.limit, self.is_enabled):
            return None
        return self.changed(
            name=self.name, rights=rights, is_enabled=is_enabled, limit=limit, at=at
        )

    def _is_over(self, maker: Self, default: Policy) -> bool:
        """Whether its limit lets through more than the maker's;
        one of the operator without a limit sets none to those it registers.
        """
        if maker.limit is not None:
            return self.limit is None or self.limit.exceeds(maker.limit)
        return maker.made_by is not None and self.limit is not None and self.limit.exceeds(default)

    def secret_rotated(self, at: datetime) -> tuple[Self, Told]:
        rotated = replace(self, updated_at=at, version=self.version + 1)
        return rotated, rotated._told(ClientSecretRotated, at)

    def deleted(self, at: datetime) -> Told:
        return self._told(ClientDeleted, at)

    def require_other_than(self, client_id: str) -> None:
        """Raise ClientCannotChangeItself when the caller is this client."""
        if self.client_id == client_id:
            raise ClientCannotChangeItself()

    def _told(self, kind: type[ClientTold], at: datetime) -> Told:
        told = kind(
            client_id=self.client_id,
            scopes=sorted(self.rights.scopes),
            is_enabled=self.is_enabled,
        )
        return told.about(self.id, at=at, unit=only_unit(self.rights.units))


@dataclass(frozen=True, kw_only=True)
class Secret:
    """The digest of one secret; `expires_at` None means until it is replaced."""

    digest: bytes
    expires_at: datetime | None

    def is_valid(self, at: datetime) -> bool:
        return self.expires_at is None or at < self.expires_at


def new_client_id() -> str:
    return f"gxc_{token_urlsafe(12)}"


def new_secret() -> str:
    """256 random bits: what is that random needs no slow hash."""
    return f"gxs_{token_urlsafe(32)}"


def digest_of(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def is_known(secret: str, secrets: Sequence[Secret], at: datetime) -> bool:
    """Whether the secret is one of the valid ones; takes as long whether or not there are any."""
    given = digest_of(secret)
    valid = [known.digest for known in secrets if known.is_valid(at)] or [b"\0" * 32]
    return sum(hmac.compare_digest(given, digest) for digest in valid) > 0


def require_strong(secret: str) -> str:
    if len(secret) < SHORTEST_GIVEN_SECRET or len(set(secret)) < SHORTEST_GIVEN_SECRET // 4:
        raise SecretTooWeak()
    return secret
