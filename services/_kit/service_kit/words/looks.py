"""Whether two names of persons are one person in disguise:
duties that are kept apart are not joined by another spelling.
"""

import unicodedata

# Letters of other scripts that a reader takes for Latin ones, capitals first: some look like
# another letter than their small form does.
_CAPITALS = str.maketrans(
    "\u0410\u0412\u0415\u041a\u041c\u041d\u041e\u0420\u0421\u0422\u0423\u0425\u0405\u0406\u0408\u051a\u051c\u0391"
    "\u0392\u0395\u0396\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7",
    "ABEKMHOPCTYXSIJQWABEZHIKMNOPTYX",
)
_SMALL = str.maketrans(
    "\u0430\u0432\u0435\u043a\u043c\u043d\u043e\u0440\u0441\u0442\u0443\u0445\u0455\u0456\u0458\u051b\u051d\u04bb"
    "\u0501\u04cf\u043f\u0433\u044c\u03b1\u03b2\u03b5\u03b7\u03b9\u03ba\u03bd\u03bf\u03c1\u03c4\u03c5\u03c7\u03b3"
    "\u03c9\u0585\u057d\u0570\u0578\u0581\u0566\u0251\u0261\u0131\u0142\u00f8\u0111",
    "abekmhopctyxsijqwhdlnrbabenikvoptuxywouhngqagilod",
)
_DIGITS = str.maketrans("01", "ol")
_TALL = str.maketrans("I|", "ll")


def is_same_person(one: str, other: str) -> bool:
    """Compared without case, width, accents, blanks and invisible signs, and with look-alikes
    folded.

    A capital I is an i to one reader and an l to another: either way of reading is enough.
    """
    return _folded(one) == _folded(other) or _folded(_tall(one)) == _folded(_tall(other))


def _tall(name: str) -> str:
    return unicodedata.normalize("NFKC", name).translate(_CAPITALS).translate(_TALL)


def _folded(name: str) -> str:
    seen = (
        unicodedata.normalize("NFKC", name)
        .translate(_CAPITALS)
        .casefold()
        .translate(_SMALL)
        .translate(_DIGITS)
    )
    apart = unicodedata.normalize("NFKD", seen)
    # Letters and digits alone: what stands above or between them, or is not to be seen at all,
    # makes no other person.
    return (
        "".join(sign for sign in apart if unicodedata.category(sign)[0] in "LN")
        .replace("rn", "m")
        .replace("vv", "w")
    )
