"""The events of clients: what they say, and which scopes let read them."""

from typing import Annotated

from pydantic import Field
from service_kit.words.fields import Output

Name = Annotated[str, Field(max_length=100)]
Scopes = Annotated[list[Annotated[str, Field(max_length=60)]], Field(max_length=100)]


class ClientData(Output):
    """A client was registered, changed, deleted, or got a new secret."""

    client_id: Name
    scopes: Scopes
    is_enabled: bool


EVENTS: dict[str, type[Output]] = {
    "client.created": ClientData,
    "client.changed": ClientData,
    "client.secret_rotated": ClientData,
    "client.deleted": ClientData,
}
EVENT_SCOPES = {"client": ("clients:read",)}
