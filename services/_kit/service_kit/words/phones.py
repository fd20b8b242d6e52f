"""Phones as people write them, in one written form;
what nobody could dial is refused and never stored.
"""

import re
import unicodedata

from service_kit.words.messages import said
from service_kit.words.names import seen
from service_kit.words.not_readable import IdentifierNotReadable, shown

MOBILE = re.compile(r"(?:\+?86|0086)?(1[3-9][0-9]{9})")
LIKE_MOBILE = re.compile(r"(?:\+86|0086)?1[3-9][0-9]*")
CHINA = 86
# RFC 3966 writes what is dialed behind the number as ;ext=802, and so do we.
EXT = ";ext="
EXTENSION = re.compile(
    r"\s*(?:;ext=|转|轉|分机|分機|内线|內線|ext(?:ension)?\.?|x|#)\s*[:：]?\s*([0-9]{1,8})$",
    re.IGNORECASE,
)
# 0755-88888888-802: digits behind a whole number and a dash lead on inside the house.
INSIDE = re.compile(
    r"((?:(?:\+?86|0086)[\s-]*)?(?:\(?0?[1-9][0-9]{1,2}\)?[\s-]*[2-9][0-9]{6,7}|1[3-9][0-9]{9}|[48]00[\s-]?[0-9]{3}[\s-]?[0-9]{4}))"
    r"\s*[-\u2010-\u2015]\s*([0-9]{1,6})"
)
# What a spreadsheet makes of a number: 13911110010.0 is whole, 13911110010.5 is no phone.
FRACTION = re.compile(r"(\+?[0-9]{5,})\.([0-9]{1,2})")
# A number below zero is none that somebody dials, and its dash separates nothing.
BELOW_ZERO = re.compile(r"[\s(+]*[-\u2010-\u2015\u2212]")
SEPARATORS = re.compile(r"[\s().\-/\u2010-\u2015]+")
DIALED = re.compile(r"\+?[0-9]{3,20}")
# Numbers of services and of a house are short; local ones lack the code of their place.
LONGEST_SHORT, LOCAL = 6, re.compile(r"[2-9][0-9]{6,7}")
# China's access codes, which belong to no place: hotlines of companies and senders of short
# messages.
ACCESS = re.compile(r"1010[0-9]{4}|106[0-9]{5,17}|9[56][0-9]{3,9}")
APART = re.compile(r"(?:;(?!ext=)|[,、；，|\n/\\]|或|和|及)+")
LEAST_DIGITS = 7


def phone(value: str, *, region: str) -> str:
    """E.164 where the number is certain; short and local numbers stay as they are dialed. An
    extension follows as `;ext=802`.

    `region` is GUANXI_PHONE_REGION.

    Raises IdentifierNotReadable for what is no phone, for several in one text, and for numbers too
    long or too short to be dialed.
    """
    number, extension = _apart(_whole(plain(value)))
    dialed = SEPARATORS.sub("", number)
    is_below_zero = BELOW_ZERO.match(number) is not None
    mobile = MOBILE.fullmatch(dialed) if region == "CN" and not is_below_zero else None
    if mobile:
        return f"+86{mobile[1]}{extension}"
    if is_below_zero or not DIALED.fullmatch(dialed):
        raise IdentifierNotReadable(said("{value} is not a phone number", value=shown(value)))
    found = _e164(dialed, region)
    if found is None:
        raise IdentifierNotReadable(
            said("{value} has too many or too few digits for a phone number", value=shown(value))
        )
    return found + extension


def plain(value: str) -> str:
    """What is seen of a value, with full-width signs as ordinary ones."""
    return seen(value if value.isascii() else unicodedata.normalize("NFKC", value))


def is_number(value: str) -> bool:
    """Whether this is meant as a number to dial, unlike `anonymous` or a SIP address."""
    return not any(letter.isalpha() for letter in _apart(plain(value))[0])


def without_extension(number: str) -> str:
    """The number that is dialed first, of one in its written form."""
    return number.partition(EXT)[0]


def phones(text: str) -> list[str]:
    """All phones of a cell, each as it was written;
    IdentifierNotReadable where it is not certain how many there are.
    """
    found: list[str] = []
    for part in (each.strip() for each in APART.split(text) if each.strip()):
        pieces = part.split()
        is_several = len(pieces) > 1 and all(
            len(SEPARATORS.sub("", piece)) >= LEAST_DIGITS for piece in pieces
        )
        found += pieces if is_several else [part]
    if len(found) > 1 and any(
        sum(letter.isdigit() for letter in each) < LEAST_DIGITS for each in found
    ):
        raise IdentifierNotReadable(
            said("{value} may be one phone number or several", value=shown(text))
        )
    return found


def _whole(value: str) -> str:
    fraction = FRACTION.fullmatch(value)
    if fraction is None:
        return value
    if fraction[2].strip("0"):
        raise IdentifierNotReadable(said("{value} is not a phone number", value=shown(value)))
    return fraction[1]


def _apart(value: str) -> tuple[str, str]:
    """The number, and its extension as it is written behind it."""
    inside = INSIDE.fullmatch(value)
    if inside:
        return inside[1], EXT + inside[2]
    extension = EXTENSION.search(value)
    return (value[: extension.start()], EXT + extension[1]) if extension else (value, "")


def _e164(dialed: str, region: str) -> str | None:
    """The number as the world dials it, or as it was dialed where that is short or local;
    None where it cannot be dialed.
    """
    if region == "CN" and LIKE_MOBILE.fullmatch(dialed) and len(dialed) > LONGEST_SHORT:
        return None
    # The metadata of all countries takes half a tenth of a second to load: only numbers that are
    # not plain Chinese mobiles pay for it.
    import phonenumbers

    is_international = dialed.startswith(("+", "00"))
    try:
        number = phonenumbers.parse(dialed, region)
    except phonenumbers.NumberParseException:
        number = None
    if number is not None:
        # Without a country code only what is certain: 10086 is a service number, not a subscriber
        # of China.
        is_strict = not is_international or number.country_code == CHINA
        is_right = (
            phonenumbers.is_valid_number(number)
            if is_strict
            else phonenumbers.is_possible_number(number)
        )
        if is_right:
            return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
    is_house = not is_international and (
        len(dialed) <= LONGEST_SHORT
        or LOCAL.fullmatch(dialed) is not None
        or (region == "CN" and ACCESS.fullmatch(dialed) is not None)
    )
    return dialed if is_house else None
