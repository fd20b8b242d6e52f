"""API keys: a client's long-lived keys for simple partners, hashed, shown once, revocable."""

from dataclasses import dataclass, replace
from datetime import datetime
from secrets import token_urlsafe
from typing import Self
from uuid import UUID

from service_kit.store.events import Told
from service_kit.words.errors import Conflict, NotFound

from gateway.api_key.events import ApiKeyCreated, ApiKeyRevoked, ApiKeyTold
from gateway.rights.domain import Rights, only_unit

PREFIX = "gxk_"
# What the `sub` of the tokens begins with that keys are swapped for; the key's id follows.
SUBJECT = "api-key:"
HINT_LENGTH = 10


class TooManyApiKeys(Conflict):
    """A client has no more than so many valid API keys (`most`); revoke one."""


class ApiKeyNotFound(NotFound):
    """There is no such API key,
    or it belongs to another client or lies outside the units of this token.
    """


class ApiKeyAlreadyRevoked(Conflict):
    """A revoked key stays revoked; make a new one."""


@dataclass(frozen=True, kw_only=True)
class ApiKey:
    """`hint` is the beginning of the key, by which people tell keys apart;
    a key never approves anything.
    """

    id: UUID
    client_id: str
    name: str
    hint: str
    rights: Rights
    created_by: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    version: int

    def is_valid(self, at: datetime) -> bool:
        return self.revoked_at is None and (self.expires_at is None or at < self.expires_at)

    def created(self) -> Told:
        return self._told(ApiKeyCreated, self.created_at)

    def revoked(self, at: datetime) -> tuple[Self, Told]:
        if self.revoked_at is not None:
            raise ApiKeyAlreadyRevoked()
        revoked = replace(self, revoked_at=at, version=self.version + 1)
        return revoked, revoked._told(ApiKeyRevoked, at)

    def _told(self, kind: type[ApiKeyTold], at: datetime) -> Told:
        told = kind(client_id=self.client_id, scopes=sorted(self.rights.scopes))
        return told.about(self.id, at=at, unit=only_unit(self.rights.units))


def new_key() -> str:
    return f"{PREFIX}{token_urlsafe(32)}"


def hint_of(key: str) -> str:
    return key[:HINT_LENGTH]
