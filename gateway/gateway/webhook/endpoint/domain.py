"""Webhook endpoints: where a partner wants which events, and whether they may be sent there."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, Self
from uuid import UUID

from service_kit.store.events import Told
from service_kit.words.errors import Conflict, NotFound

from gateway.rights.domain import only_unit
from gateway.webhook.endpoint import events
from gateway.webhook.event_filter import may_see
from gateway.webhook.event_scopes import TEST_TYPE, EventScopes

State = Literal["enabled", "disabled"]
DisabledReason = Literal["by_request", "gone", "failing"]


class WebhookEndpointNotFound(NotFound):
    """There is no such webhook endpoint, or it belongs to another client."""


class WebhookEndpointDisabled(Conflict):
    """A disabled endpoint gets nothing; enable it first, then replay what it missed."""


class TooManyWebhookEndpoints(Conflict):
    """A client has no more than so many webhook endpoints (`most`);
    delete one, or let one receive more event types.
    """


@dataclass(frozen=True, kw_only=True)
class EventReader:
    """What an endpoint may be told at this moment:
    the rights that it and its client have in common.
    """

    scopes: frozenset[str]
    units: tuple[str, ...] | None

    def may_get(self, event_type: str, unit: str | None, families: EventScopes) -> bool:
        # A test event has no unit and tells nothing but the endpoint's own id.
        return event_type == TEST_TYPE or (
            families.may_read(self.scopes, event_type) and may_see(self.units, unit)
        )


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """`units` None means events of the whole company, `scopes` None those that its client has."""

    id: UUID
    client_id: str
    url: str
    event_types: tuple[str, ...]
    description: str
    units: tuple[str, ...] | None
    scopes: frozenset[str] | None
    state: State
    disabled_reason: DisabledReason | None
    created_at: datetime
    updated_at: datetime
    version: int

    @property
    def is_enabled(self) -> bool:
        return self.state == "enabled"

    def created(self) -> Told:
        return self._told(events.WebhookEndpointCreated, self.created_at)

    def changed(
        self,
        *,
        url: str,
        event_types: tuple[str, ...],
        description: str,
        scopes: frozenset[str] | None,
        at: datetime,
    ) -> tuple[Self, Told]:
        changed = replace(
            self,
            url=url,
            event_types=event_types,
            description=description,
            scopes=scopes,
            updated_at=at,
            version=self.version + 1,
        )
        return changed, changed._told(events.WebhookEndpointChanged, at)

    def enabled(self, at: datetime) -> tuple[Self, Told]:
        enabled = replace(
            self, state="enabled", disabled_reason=None, updated_at=at, version=self.version + 1
        )
        return enabled, enabled._told(events.WebhookEndpointEnabled, at)

    def disabled(self, *, reason: DisabledReason, at: datetime) -> tuple[Self, Told]:
        disabled = replace(
            self, state="disabled", disabled_reason=reason, updated_at=at, version=self.version + 1
        )
        return disabled, disabled._told(events.WebhookEndpointDisabled, at, reason=reason)

    def secret_rotated(self, at: datetime) -> tuple[Self, Told]:
        rotated = replace(self, updated_at=at, version=self.version + 1)
        return rotated, rotated._told(events.WebhookEndpointSecretRotated, at)

    def deleted(self, at: datetime) -> Told:
        return self._told(events.WebhookEndpointDeleted, at)

    def require_enabled(self) -> None:
        if not self.is_enabled:
            raise WebhookEndpointDisabled()

    def _told(self, kind: type[events.WebhookEndpointTold], at: datetime, **more: str) -> Told:
        told = kind(client_id=self.client_id, state=self.state, **more)
        return told.about(self.id, at=at, unit=only_unit(self.units))
