"""Stream tickets as the API writes them."""

from typing import Annotated

from pydantic import Field
from service_kit.words.fields import Output, Timestamp


class StreamTicket(Output):
    """A ticket for one request; a repeated request gets null in its place."""

    ticket: Annotated[str | None, Field(max_length=100)]
    expires_at: Timestamp
