"""The events of clients: what they say, and which scopes let read them."""

from typing import Annotated

from pydantic import Field
from service_kit.store.events import Event

Name = Annotated[str, Field(max_length=100)]
Scopes = Annotated[list[Annotated[str, Field(max_length=60)]], Field(max_length=100)]


class ClientTold(Event):
    """A client was registered, changed, deleted, or got a new secret."""

    client_id: Name
    scopes: Scopes
    is_enabled: bool


class ClientCreated(ClientTold, type="client.created"):
    """A client was registered."""


class ClientChanged(ClientTold, type="client.changed"):
    """A client was changed."""


class ClientSecretRotated(ClientTold, type="client.secret_rotated"):
    """A client got a new secret."""


class ClientDeleted(ClientTold, type="client.deleted"):
    """A client was deleted."""


EVENT_SCOPES = {"client": ("clients:read",)}
