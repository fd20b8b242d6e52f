"""Identifiers as callers send and receive them."""

from typing import Annotated, Literal, TypeAlias

from pydantic import Field
from service_kit.words.fields import EMAIL, PHONE, Input, Output

from customer_profile.identifier.domain import Identifier, IdentifierType, Vault, written

System = Annotated[
    str,
    Field(min_length=1, max_length=40, pattern=r"^[a-z0-9][a-z0-9_.-]{0,39}$", examples=["erp"]),
]
Printable = Annotated[
    str, Field(min_length=1, max_length=200, pattern=r"^[!-~](?:[ -~]{0,198}[!-~])?$")
]


class PhoneIn(Input):
    """A phone in any way of writing;
    it comes back as E.164 where the number is possible anywhere, else as it is dialed.
    """

    type: Literal["phone"]
    value: Annotated[
        str, Field(min_length=3, max_length=40, pattern=PHONE, examples=["138 0013 8000"])
    ]


class EmailIn(Input):
    """An e-mail address."""

    type: Literal["email"]
    value: Annotated[
        str,
        Field(
            min_length=3,
            max_length=200,
            pattern=EMAIL,
            examples=["zw@example.com"],
        ),
    ]


class GovernmentIdIn(Input):
    """The number of an identity card, passport or business license:
    unique, kept hashed and encrypted, shown masked.
    """

    type: Literal["government_id"]
    value: Annotated[
        str, Field(min_length=4, max_length=40, pattern=r"^[A-Za-z0-9](?:[ -]?[A-Za-z0-9]){3,30}$")
    ]


class LoyaltyIn(Input):
    """A loyalty number: unique."""

    type: Literal["loyalty"]
    value: Annotated[
        str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")
    ]


class ExternalIn(Input):
    """The id in another system: unique within that system."""

    type: Literal["external"]
    system: System
    value: Printable


class WechatIn(Input):
    """A WeChat id or openid."""

    type: Literal["wechat"]
    value: Annotated[str, Field(min_length=2, max_length=100, pattern=r"^[A-Za-z0-9_.@-]{2,100}$")]


class SocialIn(Input):
    """An id in a social network, named by `system`."""

    type: Literal["social"]
    system: System
    value: Printable


IdentifierIn: TypeAlias = Annotated[
    PhoneIn | EmailIn | GovernmentIdIn | LoyaltyIn | ExternalIn | WechatIn | SocialIn,
    Field(discriminator="type"),
]
Identifiers = Annotated[list[IdentifierIn], Field(max_length=50)]


class IdentifierOut(Output):
    """An identifier in its written form;
    a government id is masked unless the caller may see sensitive facts.
    """

    type: IdentifierType
    system: Annotated[str | None, Field(max_length=40)]
    value: Annotated[str, Field(max_length=200)]


def identifiers_of(
    given: list[IdentifierIn], vault: Vault, *, region: str
) -> tuple[Identifier, ...]:
    """The identifiers in their written form."""
    return tuple(
        written(
            IdentifierType(each.type),
            each.value,
            vault=vault,
            system=getattr(each, "system", ""),
            region=region,
        )
        for each in given
    )


def identifier_out(identifier: Identifier, vault: Vault | None) -> IdentifierOut:
    """As it is shown: with a vault also what is sealed."""
    value = (
        vault.reveal(identifier.sealed)
        if vault is not None and identifier.sealed
        else identifier.value
    )
    return IdentifierOut(type=identifier.type, system=identifier.system or None, value=value)
