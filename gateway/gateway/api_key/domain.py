"""API keys: a client's long-lived keys for simple partners, hashed, shown once, revocable."""

from dataclasses import dataclass, replace
from datetime import datetime
from secrets import token_urlsafe
from typing import Self
from uuid import UUID

from service_kit.store.outbox import Event
from service_kit.words.errors import Conflict, NotFound

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

    def created(self) -> Event:
        return self._event("api_key.created", self.created_at)

    def revoked(self, at: datetime) -> tuple[Self, Event]:
        if self.revoked_at is not None:
            raise ApiKeyAlreadyRevoked()
        revoked = replace(self, revoked_at=at, version=self.version + 1)
        return revoked, revoked._event("api_key.revoked", at)

    def _event(self, type_: str, at: datetime) -> Event:
        payload = {"client_id": self.client_id, "scopes": sorted(self.rights.scopes)}
        return Event(
            type=type_, subject=self.id, at=at, payload=payload, unit=only_unit(self.rights.units)
        )


def new_key() -> str:
    return f"{PREFIX}{token_urlsafe(32)}"


def hint_of(key: str) -> str:
    return key[:HINT_LENGTH]
