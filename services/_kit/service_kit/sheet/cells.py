"""What spreadsheets and wrong encodings do to cells:
what can be read is mended, what was lost is said, and nothing is guessed.
"""

import re
import unicodedata

from service_kit.words.messages import said

# What a cell shows whose column is too narrow, or whose formula failed.
NOT_SHOWN = re.compile(
    r"#{2,}|#(?:N/A|REF!|VALUE!|DIV/0!|NAME\?|NULL!|NUM!|SPILL!|CALC!|FIELD!|GETTING_DATA|BLOCKED!|UNKNOWN!|CONNECT!|BUSY!)",
    re.IGNORECASE,
)
TYPED_AS_TEXT = re.compile(r"['‘’＇`](?=[+0-9０-９])")
# A spreadsheet makes a number of whatever reads as one: of the code 12E5 as well, so nobody knows
# what such a cell was.
SCIENTIFIC = re.compile(
    r"[+-]?(?:[0-9]+(?:[.,][0-9]*)?|[.,][0-9]+)\s*E\s*[+-]?\s*[0-9]{1,3}", re.IGNORECASE
)
INTEGRAL = re.compile(r"([0-9]+)\.0+")
# No id has a fraction; a long number with one was calculated.
BROKEN = re.compile(r"[+-]?[0-9]{5,}\.[0-9]+")
DIGITS = re.compile(r"[0-9]+")
# A spreadsheet keeps fifteen digits of a number and writes zeros for the others.
DIGITS_KEPT = 15
LEAST_LOST = 2
MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
A_DATE = re.compile(
    rf"[0-9]{{4}}[-/.年][0-9]{{1,2}}[-/.月][0-9]{{1,2}}日?(?:["
    rf" T][0-9:.]+)?|[0-9]{{1,2}}[-/][0-9]{{1,2}}[-/][0-9]{{4}}"
    rf"|[0-9]{{1,2}}[- ]{MONTH}(?:[- ][0-9]{{2,4}})?|{MONTH}[-"
    r" ][0-9]{2,4}|[0-9]{1,2}月[0-9]{1,2}日",
    re.IGNORECASE,
)
LOST = ("\ufffd", "锟斤拷")
ONE_BYTE_EACH = re.compile(r"[\u00a1-\u00ff]{4,}")


class CellSpoiled(Exception):
    """The cell no longer holds what was written into it; the message is one for callers."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


def as_shown(text: str) -> str:
    """The cell without blanks around it and without the mark by which a spreadsheet is told that
    digits are text.

    Raises CellSpoiled for what a spreadsheet shows instead of a value, and for characters that were
    lost.
    """
    plain = (
        TYPED_AS_TEXT.sub("", text.strip(), count=1)
        if TYPED_AS_TEXT.match(text.strip())
        else text.strip()
    )
    if NOT_SHOWN.fullmatch(plain):
        raise CellSpoiled(said("the cell shows an error or number signs instead of its value"))
    if not plain.isascii() and is_garbled(plain):
        raise CellSpoiled(said("the text was lost when the file was saved in a wrong encoding"))
    return plain


def as_number(text: str) -> str:
    """An identifier as it was before a spreadsheet took it for a number: `1001.0` is 1001.
    CellSpoiled where digits are lost.
    """
    plain = as_shown(text)
    if not plain.isascii():
        plain = unicodedata.normalize("NFKC", plain)
    whole = INTEGRAL.fullmatch(plain)
    plain = whole[1] if whole else plain
    if SCIENTIFIC.fullmatch(plain) or BROKEN.fullmatch(plain) or _is_rounded(plain):
        raise CellSpoiled(said("a spreadsheet has rounded this number: write it as text"))
    if A_DATE.fullmatch(plain):
        raise CellSpoiled(
            said("this is a date where a number is expected: a spreadsheet may have made one of it")
        )
    return plain


def _is_rounded(plain: str) -> bool:
    tail = plain[DIGITS_KEPT:]
    return bool(DIGITS.fullmatch(plain)) and len(tail) >= LEAST_LOST and not tail.strip("0")


def is_garbled(text: str) -> bool:
    """Whether it is plainly another text read in a wrong encoding."""
    return (
        any(mark in text for mark in LOST)
        or bool(ONE_BYTE_EACH.search(text))
        or _was(text, "cp1252")
        or _was(text, "gb18030")
    )


def _was(text: str, encoding: str) -> bool:
    """Whether its bytes in an encoding are UTF-8 text of letters:
    then they were so before somebody read them wrongly.
    """
    try:
        before = text.encode(encoding).decode("utf-8")
    except UnicodeError:
        return False
    found = [character for character in before if not character.isascii()]
    # From Chinese bytes two letters of other scripts come by chance, Chinese ones do not.
    return bool(found) and all(
        each.isalpha() and (encoding == "cp1252" or each >= "\u4e00") for each in found
    )
