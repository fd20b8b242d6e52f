"""Addresses of customers and entry points in one written form,
so that the same phone or mailbox is found however it is written.
"""

from service_kit.words.identifiers import (
    LONGEST_VALUE,
    IdentifierType,
    filed_under,
    key_of,
    looked_up_by,
)
from service_kit.words.not_readable import IdentifierNotReadable, read_at
from service_kit.words.phones import is_number, phone, plain

BY_PHONE = frozenset({"voice", "sms", "fax"})
CALLED_FROM = frozenset(
    {IdentifierType.PHONE, IdentifierType.EMAIL, IdentifierType.WECHAT, IdentifierType.SOCIAL}
)


def written(channel: str, address: str, *, region: str, pointer: str) -> str:
    """The address at this place of a body as it is kept and compared.

    Raises IdentifierNotReadable for a number that nobody could dial, and where nothing is to be
    seen. What is no number, such as `anonymous`, stays as it is.
    """
    text = plain(address)
    with read_at(pointer):
        if not text:
            raise IdentifierNotReadable("an address has something that can be seen")
        if channel in BY_PHONE and is_number(text):
            return phone(text, region=region)
    return (text if channel in BY_PHONE else _folded(text))[:LONGEST_VALUE]


def identifier_keys(channel: str, address: str, *, region: str) -> list[str]:
    """The keys under which a customer's identifiers may be filed who comes from this address, in
    its written form: `phone:+86138...`, `wechat:...`.
    """
    if channel in BY_PHONE:
        # Short and local numbers were filed as numbers of the whole of China once.
        numbers = [address] if address.startswith("+") else [address, f"+86{address}"]
        return [key for each in numbers for key in looked_up_by(key_of(IdentifierType.PHONE, each))]
    # The system of a social id stands in the address: `weibo:zw1990`.
    keys = [key_of(kind, address) for kind in (IdentifierType.WECHAT, IdentifierType.SOCIAL)]
    if "@" in address:
        return [key_of(IdentifierType.EMAIL, address), *keys]
    try:
        as_phone = phone(address, region=region)
    except IdentifierNotReadable:
        return keys
    # A short number is the name of a visitor here.
    is_certain = as_phone.startswith("+")
    return [*keys, *looked_up_by(key_of(IdentifierType.PHONE, as_phone))] if is_certain else keys


def identifier_filed(type_: str, value: str, system: str | None = None) -> tuple[str, ...]:
    """The keys of a customer's identifier, in its written form;
    none for kinds that nobody calls from.
    """
    kind = IdentifierType(type_)
    return filed_under(key_of(kind, _folded(value), system or "")) if kind in CALLED_FROM else ()


def _folded(address: str) -> str:
    """Mailboxes are compared without case."""
    return address.lower() if "@" in address else address
