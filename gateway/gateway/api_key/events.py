"""The events of API keys: what they say, and which scopes let read them."""

from service_kit.words.fields import Output

from gateway.client.events import Name, Scopes


class ApiKeyData(Output):
    """An API key was made or revoked."""

    client_id: Name
    scopes: Scopes


EVENTS: dict[str, type[Output]] = {"api_key.created": ApiKeyData, "api_key.revoked": ApiKeyData}
# What is told of the keys of all clients is more than the list of one's own.
EVENT_SCOPES = {"api_key": ("clients:read", "api-keys:read")}
