"""What tells who somebody is, in one written form for every door:
phone, e-mail, government id, loyalty number, external and social ids.

Bodies, queries, sheets, callers and directories read identifiers here, so that what one of them
takes the others take, and find.
"""

import re
from enum import StrEnum

from service_kit.words.messages import said
from service_kit.words.not_readable import IdentifierNotReadable, shown
from service_kit.words.phones import EXT, phone, plain, without_extension

SEPARATORS = re.compile(r"[\s().\-/\u2010-\u2015]+")
_LABEL = r"[^\W_](?:[^\W_]|-){0,62}"
EMAIL = re.compile(rf"[^\s@,;:<>()\[\]\"\\]{{1,64}}@{_LABEL}(?:\.{_LABEL})+")
GOVERNMENT_ID = re.compile(r"[A-Z0-9]{4,32}")
WECHAT = re.compile(r"[A-Za-z0-9_.@-]{2,100}")
LOYALTY = re.compile(r"[A-Z0-9][A-Z0-9._-]{0,63}")
SYSTEM = re.compile(r"[a-z0-9][a-z0-9_.-]{0,39}")
LONGEST_VALUE = 200
# What contracts say of values before they are read: how people may write them, not which are right.
# In a query a plus sign that was not encoded arrives as a blank.
_PRINTED = r"[^\x00-\x1f\x7f-\x9f]"
VALUE_FORM = rf"^{_PRINTED}*[^\s\x00-\x1f\x7f-\x9f]{_PRINTED}*$"
PHONE_FORM = rf"^{_PRINTED}*[0-9\uff10-\uff19]{_PRINTED}*$"
EMAIL_FORM = r"^[^@\uff20\x00-\x1f\x7f-\x9f]+[@\uff20][^@\uff20\x00-\x1f\x7f-\x9f]+$"
SYSTEM_FORM = rf"^{SYSTEM.pattern}$"
EXTERNAL_FORM = rf"^{SYSTEM.pattern}:{_PRINTED}*[^\s\x00-\x1f\x7f-\x9f]{_PRINTED}*$"
FORMS = frozenset({VALUE_FORM, PHONE_FORM, EMAIL_FORM, EXTERNAL_FORM})


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


def written(kind: IdentifierType, value: str, *, region: str, system: str = "") -> str:
    """The value in its one written form; reading that again gives the same.

    `region` is GUANXI_PHONE_REGION: the country of phones without country code.

    Raises IdentifierNotReadable when the value cannot be one of this type.
    """
    text = plain(value)
    if kind in WITH_SYSTEM and not SYSTEM.fullmatch(system):
        raise IdentifierNotReadable(
            said(
                "{type} needs the system that it comes from, in lower-case letters and digits",
                type=kind.value,
            )
        )
    match kind:
        case IdentifierType.PHONE:
            return phone(text, region=region)
        case IdentifierType.EMAIL:
            return _checked(EMAIL, text.lower(), kind)
        case IdentifierType.GOVERNMENT_ID:
            return _government_id(text)
        case IdentifierType.LOYALTY:
            return _checked(LOYALTY, text.upper(), kind)
        case IdentifierType.WECHAT:
            return _checked(WECHAT, text, kind)
        case IdentifierType.EXTERNAL | IdentifierType.SOCIAL:
            return _checked(None, text, kind)


def key_of(kind: IdentifierType, value: str, system: str = "") -> str:
    """What equal identifiers share: `phone:+8613800138000`, `external:erp:C-1`;
    of government ids the value is a digest.
    """
    return f"{kind.value}:{system}:{value}" if system else f"{kind.value}:{value}"


def filed_under(key: str) -> tuple[str, ...]:
    """The keys under which the holder of an identifier is filed:
    its own, and of a phone with an extension also that of everybody behind the number.
    """
    return (key, without_extension(key) + BEHIND) if EXT in key and _is_phone(key) else (key,)


def looked_up_by(key: str) -> tuple[str, ...]:
    """The keys under which to look for whoever this identifier names.

    A number finds also whoever has an extension behind it, and a number with an extension also who
    is filed by the number alone, but not those with other extensions.
    """
    if not _is_phone(key):
        return (key,)
    return (key, without_extension(key) if EXT in key else key + BEHIND)


# Ends the key of a number behind which others are reached.
BEHIND = ";ext"


def _is_phone(key: str) -> bool:
    return key.startswith(f"{IdentifierType.PHONE.value}:")


def _checked(pattern: re.Pattern[str] | None, value: str, kind: IdentifierType) -> str:
    is_right = value.isprintable() if pattern is None else pattern.fullmatch(value) is not None
    if not is_right or not 0 < len(value) <= LONGEST_VALUE:
        raise IdentifierNotReadable(
            said("{value} cannot be read as {type}", value=shown(value), type=kind.value)
        )
    return value


def _government_id(value: str) -> str:
    number = SEPARATORS.sub("", value).upper()
    if not GOVERNMENT_ID.fullmatch(number):
        raise IdentifierNotReadable("this cannot be read as a government id")
    return number
