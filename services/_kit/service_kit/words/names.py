"""Names that say who somebody is:
opaque and exact, in one spelling, without what only looks like another name (see `looks`).
"""

import re
import unicodedata

# A name is written in one script, or in those that East Asian names mix (UTS 39, "highly
# restrictive").
TOGETHER = (
    frozenset({"LATIN", "CJK", "HIRAGANA", "KATAKANA"}),
    frozenset({"LATIN", "CJK", "BOPOMOFO"}),
    frozenset({"LATIN", "CJK", "HANGUL"}),
)
# Scripts that people write their names in. Others have letters that look like these: who needs one
# asks for it here.
_KNOWN = (
    "LATIN CJK HIRAGANA KATAKANA BOPOMOFO HANGUL CYRILLIC GREEK ARABIC HEBREW THAI LAO KHMER"
    " MYANMAR TIBETAN MONGOLIAN DEVANAGARI BENGALI TAMIL TELUGU KANNADA MALAYALAM GUJARATI GURMUKHI"
    " SINHALA GEORGIAN ARMENIAN ETHIOPIC"
)
KNOWN = frozenset(_KNOWN.split())
# Latin letters of phonetics and small capitals: they stand in no name, and look like those that do.
PHONETIC = frozenset(
    map(
        chr,
        (
            *range(0x0250, 0x02B0),
            *range(0x1D00, 0x1DC0),
            *range(0xA720, 0xA800),
            *range(0xAB30, 0xAB70),
        ),
    )
)
# Letters and marks that show nothing: fillers, the grapheme joiner, variation selectors.
INVISIBLE = frozenset("\u2800\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0") | frozenset(
    map(chr, (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)))
)
# What the width of a keyboard decides in a Chinese sentence: it may stand in a title, not in what
# identifies.
WIDE_MARKS = "\uff08\uff09\uff0c\uff1a\uff1b\uff01\uff1f\uff0f\uff06"

# For patterns, which cannot ask for a category: control and format characters (widths, joiners,
# directions), fillers, variation selectors, half characters.
_HIDDEN = (
    r"\x00-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
    r"\u2060-\u206f\u2800\u3164\ufe00-\ufe0e\ufeff\uffa0\ufff0-\uffff"
)
# This one selects the colored form of the sign before it, as people have in their names: ❤️.
_COLORED = r"\ufe0f"
_SHOWN = rf"[^\s{_HIDDEN}{_COLORED}]"
# A name, label, code or reason: one line that begins and ends with what can be seen, and holds
# nothing that cannot.
NAME = rf"^{_SHOWN}([^{_HIDDEN}]*[^\s{_HIDDEN}])?$"
# Those beyond the first plane (tags, of which flags are made) stand in no pattern, since readers of
# contracts compile patterns by UTF-16 units: they are left out where text is cleaned.
_BEYOND = "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
UNSEEN = re.compile(f"[{_HIDDEN}{_BEYOND}]")

SPACES = "it begins or ends with a space"
SPELLING = "it is written in compatibility forms; write it in NFKC"
HIDDEN = "it has characters that cannot be seen"
MIXED = "it mixes letters of scripts that look alike"
UNKNOWN = "it has letters of a script that names are not taken in here"


def fault_of_identity(text: str) -> str | None:
    """Why this cannot name a person or a program, or None when it can."""
    if text != text.strip():
        return SPACES
    if any(_is_hidden(character) for character in text):
        return HIDDEN
    if unicodedata.normalize("NFKC", text) != text:
        return SPELLING
    scripts = scripts_of(text)
    if not scripts <= KNOWN or not PHONETIC.isdisjoint(text):
        return UNKNOWN
    if len(scripts) > 1 and not any(scripts <= together for together in TOGETHER):
        return MIXED
    return None


def fault_of_title(text: str) -> str | None:
    """As `fault_of_identity`, for what people read and no program compares:
    Chinese marks may be of Chinese width.
    """
    return fault_of_identity(text.translate({ord(mark): "-" for mark in WIDE_MARKS}))


def seen(text: str) -> str:
    """What can be seen of a text, on one line, without blanks at its ends."""
    if text.isascii() and text.isprintable():
        return text.strip()
    return UNSEEN.sub("", " ".join(text.split())).strip()


def folded(text: str) -> str:
    """What equal names share: compared without case, width and what cannot be seen."""
    if text.isascii() and text.isprintable():
        return text.strip().lower()
    plain = unicodedata.normalize("NFKC", text).casefold()
    return seen(unicodedata.normalize("NFKC", plain).replace("\ufe0f", ""))


def scripts_of(text: str) -> frozenset[str]:
    """The scripts of the letters; digits, marks and punctuation are of all."""
    return frozenset(
        unicodedata.name(letter, "?").split(" ")[0].split("-")[0]
        for letter in text
        if letter.isalpha() and letter not in "ー々〆"
    )


def _is_hidden(character: str) -> bool:
    category = unicodedata.category(character)
    return (
        character in INVISIBLE
        or category[0] == "C"
        or category in ("Zl", "Zp")
        or (category == "Zs" and character != " ")
    )
