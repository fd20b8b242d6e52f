"""API keys as the API writes them."""

from typing import Annotated, Any

from pydantic import Field
from service_kit.words.fields import Id, Input, Line, Output, Timestamp, Version

from gateway.api_key.domain import ApiKey
from gateway.client.schemas import ClientId, Name, Scopes, Units


class NewApiKey(Input):
    """A key to make. Without `units`, or with none in the list, it may act where its client may."""

    name: Name
    scopes: Scopes
    units: Units | None = None
    expires_at: Timestamp | None = None


class ApiKeyView(Output):
    """A key, told apart from others by its first characters (`hint`)."""

    id: Id
    client_id: ClientId
    name: Line
    hint: Annotated[str, Field(max_length=20)]
    scopes: Scopes
    units: Units | None
    created_by: Annotated[str, Field(max_length=200)]
    created_at: Timestamp
    expires_at: Timestamp | None
    revoked_at: Timestamp | None
    version: Version


class MadeApiKey(ApiKeyView):
    """A key, shown this once; a repeated request gets null in its place."""

    key: Annotated[str | None, Field(max_length=100)]


def api_key_view(key: ApiKey) -> ApiKeyView:
    return ApiKeyView(**_members(key))


def made(key: ApiKey, secret: str) -> MadeApiKey:
    return MadeApiKey(**_members(key), key=secret)


def _members(key: ApiKey) -> dict[str, Any]:
    plain = (
        "id",
        "client_id",
        "name",
        "hint",
        "created_by",
        "created_at",
        "expires_at",
        "revoked_at",
        "version",
    )
    units = key.rights.units
    return {
        **{name: getattr(key, name) for name in plain},
        "scopes": sorted(key.rights.scopes),
        "units": None if units is None else list(units),
    }
