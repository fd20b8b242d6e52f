"""Identifiers as callers send and receive them."""

from typing import Annotated, Literal, TypeAlias

from pydantic import Field
from service_kit.words.fields import Input, Output
from service_kit.words.identifiers import (
    EMAIL_FORM,
    LONGEST_VALUE,
    PHONE_FORM,
    SYSTEM_FORM,
    VALUE_FORM,
    IdentifierType,
)
from service_kit.words.not_readable import read_at

from customer_profile.identifier.domain import Identifier, Vault, written

System = Annotated[str, Field(min_length=1, max_length=40, pattern=SYSTEM_FORM, examples=["erp"])]
Value = Annotated[str, Field(min_length=1, max_length=LONGEST_VALUE, pattern=VALUE_FORM)]


class PhoneIn(Input):
    """A phone in any way of writing;
    it comes back as E.164 where the number is possible anywhere, else as it is dialed, with its
    extension behind it: `+8675588888888;ext=802`.
    """

    type: Literal["phone"]
    value: Annotated[
        str,
        Field(
            min_length=3, max_length=LONGEST_VALUE, pattern=PHONE_FORM, examples=["138 0013 8000"]
        ),
    ]


class EmailIn(Input):
    """An e-mail address."""

    type: Literal["email"]
    value: Annotated[
        str,
        Field(
            min_length=3,
            max_length=LONGEST_VALUE,
            pattern=EMAIL_FORM,
            examples=["zw@example.com"],
        ),
    ]


class GovernmentIdIn(Input):
    """The number of an identity card, passport or business license:
    unique, kept hashed and encrypted, shown masked.
    """

    type: Literal["government_id"]
    value: Value


class LoyaltyIn(Input):
    """A loyalty number: unique."""

    type: Literal["loyalty"]
    value: Value


class ExternalIn(Input):
    """The id in another system: unique within that system."""

    type: Literal["external"]
    system: System
    value: Value


class WechatIn(Input):
    """A WeChat id or openid."""

    type: Literal["wechat"]
    value: Value


class SocialIn(Input):
    """An id in a social network, named by `system`."""

    type: Literal["social"]
    system: System
    value: Value


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
    """The identifiers in their written form;
    IdentifierNotReadable names the first that has none by its place.
    """
    return tuple(
        _identifier(each, vault, region=region, place=place) for place, each in enumerate(given)
    )


def _identifier(given: IdentifierIn, vault: Vault, *, region: str, place: int) -> Identifier:
    with read_at(f"/identifiers/{place}/value"):
        return written(
            IdentifierType(given.type),
            given.value,
            vault=vault,
            system=getattr(given, "system", ""),
            region=region,
        )


def identifier_out(identifier: Identifier, vault: Vault | None) -> IdentifierOut:
    """As it is shown: with a vault also what is sealed."""
    value = (
        vault.reveal(identifier.sealed)
        if vault is not None and identifier.sealed
        else identifier.value
    )
    return IdentifierOut(type=identifier.type, system=identifier.system or None, value=value)
