"""What is said of a value that is no identifier, and where it stands."""

from collections.abc import Iterator
from contextlib import contextmanager

from service_kit.words.errors import Invalid


class IdentifierNotReadable(Invalid):
    """The value is no identifier of this type:
    write a phone as digits, an e-mail with its domain, an external id with its system.
    """


def shown(value: str) -> str:
    """A value in a message: quoted and short."""
    return f"'{value[:40]}'"


@contextmanager
def read_at(pointer: str) -> Iterator[None]:
    """What cannot be read in here is told with its place."""
    try:
        yield
    except IdentifierNotReadable as error:
        raise IdentifierNotReadable(error.detail, pointer=pointer) from error
