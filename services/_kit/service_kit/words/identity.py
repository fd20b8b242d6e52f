"""Where ids and the time come from; business rules get both as arguments."""

from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

from uuid_utils.compat import uuid7

Clock = Callable[[], datetime]
Ids = Callable[[], UUID]


def clock() -> datetime:
    """The present moment in UTC."""
    return datetime.now(UTC)


def new_id() -> UUID:
    """A UUIDv7 (RFC 9562): ordered by creation, so that indexes grow at one end."""
    return uuid7()
