"""Ids for what people name: the audit knows its subjects by id alone."""

from uuid import NAMESPACE_URL, UUID, uuid5


def subject_of(kind: str, name: str) -> UUID:
    """The same id for the same name, in every process."""
    return uuid5(NAMESPACE_URL, f"guanxi:{kind}:{name}")
