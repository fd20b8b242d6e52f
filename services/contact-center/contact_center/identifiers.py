"""Addresses of customers and entry points in one written form,
so that the same phone or mailbox is found however it is written.
"""

import re
import unicodedata

MOBILE = re.compile(r"(?:\+?86|0086)?(1[3-9]\d{9})", re.ASCII)
SEPARATORS = re.compile(r"[\s().\-/\u2010-\u2015]+")
DIALED = re.compile(r"\+?\d{3,20}", re.ASCII)
BY_PHONE = frozenset({"voice", "sms", "fax"})


def written(channel: str, address: str) -> str:
    """The address as it is kept and compared."""
    plain = unicodedata.normalize("NFKC", address).strip()
    if channel in BY_PHONE:
        return phone(plain)[:200]
    return (plain.lower() if "@" in plain else plain)[:200]


def phone(value: str, *, region: str = "CN") -> str:
    """E.164 where the number is possible anywhere;
    short numbers and what is no number stay as they are.
    """
    dialed = SEPARATORS.sub("", value)
    mobile = MOBILE.fullmatch(dialed)
    if mobile:
        return f"+86{mobile[1]}"
    if not DIALED.fullmatch(dialed):
        return value
    return _e164(dialed, region) or dialed


def _e164(dialed: str, region: str) -> str | None:
    # The library's metadata is large: only numbers that are not plain Chinese mobiles or short
    # numbers pay for it.
    if len(dialed) < 7:
        return None
    import phonenumbers

    try:
        number = phonenumbers.parse(dialed, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def identifier_keys(channel: str, address: str) -> list[str]:
    """What a customer's identifier may be called under which this address would be filed:
    `phone:+86138...`, `wechat:...`.
    """
    plain = written(channel, address)
    if channel in BY_PHONE:
        return [f"phone:{plain}"]
    if "@" in plain:
        return [f"email:{plain}"]
    keys = [f"wechat:{plain}", f"social:{plain}"]
    as_phone = phone(plain)
    return [*keys, f"phone:{as_phone}"] if as_phone.startswith("+") else keys


def identifier_key(type_: str, value: str, system: str | None = None) -> str | None:
    """The key of a customer's identifier; None for kinds that nobody calls from."""
    if type_ == "phone":
        return f"phone:{phone(value)}"
    if type_ == "email":
        return f"email:{value.strip().lower()}"
    if type_ == "wechat":
        return f"wechat:{value}"
    if type_ == "social":
        return f"social:{system}:{value}"
    return None
