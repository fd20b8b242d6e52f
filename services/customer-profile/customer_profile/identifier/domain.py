"""The identifiers of customers and their contact persons, each in its one written form."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from service_kit.words import identifiers
from service_kit.words.identifiers import UNIQUE, IdentifierType, filed_under, key_of


@dataclass(frozen=True, kw_only=True, slots=True)
class Hidden:
    """A value that is kept encrypted:
    the ciphertext, and a keyed digest that equal values share.
    """

    digest: str
    sealed: str


class Vault(Protocol):
    """Encrypts what must never lie readable in the database."""

    def hide(self, plain: str) -> Hidden: ...

    def reveal(self, sealed: str) -> str: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Identifier:
    """One identifier in its written form;
    of a government id `value` is the mask, the number itself lies in `sealed`.
    """

    type: IdentifierType
    value: str
    system: str = ""
    digest: str = ""
    sealed: str = field(default="", compare=False)
    # What equal identifiers share: the look-up key.
    key: str = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "key", key_of(self.type, self.digest or self.value, self.system))

    @property
    def is_unique(self) -> bool:
        return self.type in UNIQUE


def written(
    kind: IdentifierType, value: str, *, vault: Vault, region: str, system: str = ""
) -> Identifier:
    """The identifier in its one written form;
    IdentifierNotReadable when the value cannot be one of this type.
    """
    read = identifiers.written(kind, value, region=region, system=system)
    if kind is IdentifierType.GOVERNMENT_ID:
        hidden = vault.hide(read)
        return Identifier(type=kind, value=masked(read), digest=hidden.digest, sealed=hidden.sealed)
    return Identifier(type=kind, value=read, system=system)


def masked(number: str) -> str:
    """The last two characters behind stars, and of long numbers the first two as well."""
    kept = 2 if len(number) >= 8 else 0
    return f"{number[:kept]}{'*' * (len(number) - kept - 2)}{number[-2:]}"


def filed(held: Sequence[Identifier]) -> dict[str, bool]:
    """The keys by which a holder of these identifiers is found, and whether each is unique."""
    return {key: each.is_unique for each in held for key in filed_under(each.key)}


def replaced(
    before: Sequence[Identifier], given: Sequence[Identifier], *, sees_hidden: bool
) -> tuple[Identifier, ...]:
    """The given identifiers instead of those before;
    who cannot see what is sealed cannot take it off either.
    """
    kept = () if sees_hidden else tuple(identifier for identifier in before if identifier.sealed)
    return without_repeats((*given, *kept))


def without_repeats(identifiers: Sequence[Identifier]) -> tuple[Identifier, ...]:
    """The identifiers in their order, each key once."""
    if len({identifier.key for identifier in identifiers}) == len(identifiers):
        return tuple(identifiers)
    first: dict[str, Identifier] = {}
    for identifier in identifiers:
        first.setdefault(identifier.key, identifier)
    return tuple(first.values())
