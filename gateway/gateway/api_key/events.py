"""The events of API keys: what they say, and which scopes let read them."""

from service_kit.store.events import Event

from gateway.client.events import Name, Scopes


class ApiKeyTold(Event):
    """An API key was made or revoked."""

    client_id: Name
    scopes: Scopes


class ApiKeyCreated(ApiKeyTold, type="api_key.created"):
    """An API key was made."""


class ApiKeyRevoked(ApiKeyTold, type="api_key.revoked"):
    """An API key was revoked."""


# What is told of the keys of all clients is more than the list of one's own.
EVENT_SCOPES = {"api_key": ("clients:read", "api-keys:read")}
