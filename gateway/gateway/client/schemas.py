"""Clients as the API writes them."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field
from service_kit.words.fields import (
    Id,
    Input,
    Line,
    MoneyOut,
    Output,
    Patch,
    PositiveMoneyIn,
    Seconds,
    Timestamp,
    UnitPath,
    Version,
)
from service_kit.words.messages import said, sentence
from service_kit.words.money import Money
from service_kit.words.names import fault_of_title

from gateway.client.domain import Client
from gateway.limit.domain import Policy
from gateway.rights.domain import SCOPES, Rights

Scope = Annotated[
    str, Field(max_length=60, json_schema_extra={"enum": list(SCOPES), "x-shared-as": "Scope"})
]
Scopes = Annotated[list[Scope], Field(max_length=len(SCOPES))]
Units = Annotated[list[UnitPath], Field(max_length=100)]
ClientId = Annotated[
    str, Field(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")
]
Secret = Annotated[str, Field(max_length=200)]
ClientState = Literal["enabled", "disabled"]


def _is_name(text: str) -> str:
    fault = fault_of_title(text)
    if fault is not None:
        raise ValueError(said("this is no name: {fault}", fault=sentence(fault)))
    return text


Name = Annotated[Line, AfterValidator(_is_name)]


class LimitIn(Input):
    """A limit of a client's own: so many requests per window of so many seconds."""

    requests: Annotated[int, Field(ge=1, le=100_000_000, json_schema_extra={"format": "int32"})]
    seconds: Annotated[int, Field(ge=1, le=86_400, json_schema_extra={"format": "int32"})]

    def policy(self) -> Policy:
        return Policy(quota=self.requests, window=self.seconds)


class LimitOut(Output):
    """So many requests per window of so many seconds."""

    requests: Annotated[int, Field(ge=1, le=100_000_000, json_schema_extra={"format": "int32"})]
    seconds: Annotated[int, Field(ge=1, le=86_400, json_schema_extra={"format": "int32"})]


class NewClient(Input):
    """A client to register.
    Without `units`, or with none in the list, it may act where its creator may.
    """

    name: Name
    scopes: Scopes
    units: Units | None = None
    approval_limit: PositiveMoneyIn | None = None
    agent_id: Id | None = None
    rate_limit: LimitIn | None = None


class ClientChange(Patch):
    """A merge patch: what is left out stays, null takes away."""

    # The defaults of what cannot be null are never read: only the fields that were sent count.
    name: Annotated[Name, Field(default_factory=str)]
    scopes: Annotated[Scopes, Field(default_factory=list)]
    units: Units | None = None
    approval_limit: PositiveMoneyIn | None = None
    agent_id: Id | None = None
    state: Annotated[ClientState, Field(default_factory=lambda: "enabled")]
    rate_limit: LimitIn | None = None


class SecretRotation(Input):
    """How long the old secrets of a client or of a webhook endpoint stay valid
    beside the new one.
    """

    overlap_seconds: Annotated[
        int, Field(ge=0, le=604_800, json_schema_extra={"format": "int32"})
    ] = 86_400


class ClientView(Output):
    """A client. `units` null means the whole company, `approval_limit` null means zero,
    `rate_limit` null the limit of all.
    """

    id: Id
    client_id: ClientId
    name: Line
    scopes: Scopes
    units: Units | None
    approval_limit: MoneyOut | None
    agent_id: Id | None
    state: ClientState
    rate_limit: LimitOut | None
    created_at: Timestamp
    updated_at: Timestamp
    version: Version


class RegisteredClient(ClientView):
    """A client with its secret, which is shown this once;
    a repeated request gets null in its place.
    """

    client_secret: Secret | None


class RotatedSecret(Output):
    """The new secret, shown this once."""

    client_id: ClientId
    client_secret: Secret | None
    overlap_seconds: Seconds


def units_or_own(units: Sequence[str] | None, held: Rights) -> tuple[str, ...] | None:
    """The units asked for; those of the caller when none are named."""
    return tuple(dict.fromkeys(units)) if units else held.units


def money_of(limit: PositiveMoneyIn | None) -> Money | None:
    return None if limit is None else Money(Decimal(limit.amount), limit.currency)


def client_view(client: Client) -> ClientView:
    return ClientView(**_members(client))


def registered(client: Client, secret: str) -> RegisteredClient:
    return RegisteredClient(**_members(client), client_secret=secret)


def _members(client: Client) -> dict[str, Any]:
    rights, limit = client.rights, client.limit
    return {
        "id": client.id,
        "client_id": client.client_id,
        "name": client.name,
        "scopes": sorted(rights.scopes),
        "units": None if rights.units is None else list(rights.units),
        "approval_limit": None
        if rights.approval_limit is None
        else MoneyOut.of(rights.approval_limit),
        "agent_id": rights.agent_id,
        "state": "enabled" if client.is_enabled else "disabled",
        "rate_limit": None
        if limit is None
        else LimitOut(requests=limit.quota, seconds=limit.window),
        "created_at": client.created_at,
        "updated_at": client.updated_at,
        "version": client.version,
    }
