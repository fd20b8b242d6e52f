"""What tells who somebody is:
phone, e-mail, government id, loyalty number, external and social ids, in one written form each.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from service_kit.words.messages import said

from customer_profile.identifier.not_readable import IdentifierNotReadable, shown
from customer_profile.identifier.phones import phone

SEPARATORS = re.compile(r"[\s().\-/\u2010-\u2015]+")
EMAIL = re.compile(r"[A-Za-z0-9._%+'-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,4}")
GOVERNMENT_ID = re.compile(r"[A-Z0-9]{4,32}")
WECHAT = re.compile(r"[A-Za-z0-9_.@-]{2,100}")
LOYALTY = re.compile(r"[A-Z0-9][A-Z0-9._-]{0,63}")
SYSTEM = re.compile(r"[a-z0-9][a-z0-9_.-]{0,39}")
LONGEST_VALUE = 200


class IdentifierType(StrEnum):
    """The kinds of identifiers; the unique ones name one customer only,
    the others may be shared by a household or a switchboard.
    """

    PHONE = "phone"
    EMAIL = "email"
    GOVERNMENT_ID = "government_id"
    LOYALTY = "loyalty"
    EXTERNAL = "external"
    WECHAT = "wechat"
    SOCIAL = "social"


UNIQUE = frozenset({IdentifierType.GOVERNMENT_ID, IdentifierType.LOYALTY, IdentifierType.EXTERNAL})
WITH_SYSTEM = frozenset({IdentifierType.EXTERNAL, IdentifierType.SOCIAL})


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


def key_of(kind: IdentifierType, value: str, system: str = "") -> str:
    """`phone:+8613800138000`, `external:erp:C-1`; of government ids the value is the digest."""
    return f"{kind.value}:{system}:{value}" if system else f"{kind.value}:{value}"


def written(
    kind: IdentifierType, value: str, *, vault: Vault, system: str = "", region: str = "CN"
) -> Identifier:
    """The identifier in its one written form;
    IdentifierNotReadable when the value cannot be one of this type.
    """
    plain = unicodedata.normalize("NFKC", value).strip() if not value.isascii() else value.strip()
    if kind in WITH_SYSTEM:
        return _with_system(kind, plain, system)
    if kind is IdentifierType.PHONE:
        return Identifier(type=kind, value=phone(plain, region=region))
    if kind is IdentifierType.EMAIL:
        return Identifier(type=kind, value=_checked(EMAIL, plain.lower(), kind))
    if kind is IdentifierType.GOVERNMENT_ID:
        return _government_id(plain, vault)
    if kind is IdentifierType.LOYALTY:
        return Identifier(type=kind, value=_checked(LOYALTY, plain.upper(), kind))
    return Identifier(type=kind, value=_checked(WECHAT, plain, kind))


def _checked(pattern: re.Pattern[str], value: str, kind: IdentifierType) -> str:
    if not pattern.fullmatch(value) or len(value) > LONGEST_VALUE:
        raise IdentifierNotReadable(
            said("{value} cannot be read as {type}", value=shown(value), type=kind.value)
        )
    return value


def _with_system(kind: IdentifierType, value: str, system: str) -> Identifier:
    if not SYSTEM.fullmatch(system):
        raise IdentifierNotReadable(
            said(
                "{type} needs the system that it comes from, in lower-case letters and digits",
                type=kind.value,
            )
        )
    if not value or len(value) > LONGEST_VALUE or not value.isprintable():
        raise IdentifierNotReadable(
            said("{value} cannot be read as {type}", value=shown(value), type=kind.value)
        )
    return Identifier(type=kind, value=value, system=system)


def _government_id(value: str, vault: Vault) -> Identifier:
    number = SEPARATORS.sub("", value).upper()
    if not GOVERNMENT_ID.fullmatch(number):
        raise IdentifierNotReadable("this cannot be read as a government id")
    hidden = vault.hide(number)
    return Identifier(
        type=IdentifierType.GOVERNMENT_ID,
        value=masked(number),
        digest=hidden.digest,
        sealed=hidden.sealed,
    )


def masked(number: str) -> str:
    """The last two characters behind stars, and of long numbers the first two as well."""
    kept = 2 if len(number) >= 8 else 0
    return f"{number[:kept]}{'*' * (len(number) - kept - 2)}{number[-2:]}"


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
