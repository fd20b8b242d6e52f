"""What is said of a value that is no identifier."""

from service_kit.words.errors import Invalid


class IdentifierNotReadable(Invalid):
    """The value is no identifier of this type:
    write a phone as digits, an e-mail with its domain, an external id with its system.
    """


def shown(value: str) -> str:
    """A value in a message: quoted and short."""
    return f"'{value[:40]}'"
