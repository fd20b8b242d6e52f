"""Search keys: what of a customer is indexed as tokens, and what a query asks of them."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from service_kit.words import names
from service_kit.words.not_readable import IdentifierNotReadable
from service_kit.words.phones import EXT, phone

from customer_profile.search.chinese import is_han, simplified, syllables

# Beginnings of words are indexed up to this length; longer queries are narrowed by it and then
# compared as text.
PREFIX = 7
# Parts of numbers: every run of four digits. Three would be in every hundredth phone, five would
# miss "the last four".
GRAM = 4
LONGEST_TEXT = 400
# A surname and two characters: their given name is also searched by its initials.
PERSON = 3
MOST_TOKENS = 160
HAN = "\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
RUN = re.compile(f"[{HAN}]+|[0-9]+|[^\\W0-9_{HAN}]+")
NUMBER = re.compile(r"\+?[0-9][0-9 ().\-/]*")
CHINA = "+86"


@dataclass(frozen=True, kw_only=True, slots=True)
class SearchKeys:
    """The tokens of one customer and the text that matches are compared with:
    words between spaces, folded.
    """

    tokens: tuple[str, ...]
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Query:
    """What must be among the tokens, what must be in the text (`parts`),
    and which spellings rank first (`wholes`).
    """

    tokens: tuple[str, ...]
    parts: tuple[str, ...]
    wholes: tuple[str, ...]

    @property
    def is_empty(self) -> bool:
        return not self.tokens


def folded(text: str) -> str:
    """One written form for the eye's equals:
    compatibility forms, case, traditional characters, accents.
    """
    if text.isascii():
        return text.lower()
    plain = "".join(simplified(character) for character in names.folded(text))
    return "".join(
        letter
        for letter in unicodedata.normalize("NFD", plain)
        if not unicodedata.combining(letter)
    )


def runs(text: str) -> list[str]:
    """The runs of Chinese characters, of letters and of digits in folded text."""
    return RUN.findall(text)


def of_customer(
    names: Iterable[str],
    *,
    phones: Iterable[str] = (),
    emails: Iterable[str] = (),
    numbers: Iterable[str] = (),
) -> SearchKeys:
    """The keys of a file: names in every form, phones and numbers by their parts, e-mails whole."""
    named: list[str] = []
    spelled: list[str] = []
    for name in names:
        known = of_name(name)
        named += known.tokens
        spelled.append(known.text)
    tokens: list[str] = []
    words: list[str] = []
    for number in phones:
        national = national_digits(number)
        words.append(national)
        tokens += grams(national)
    for email in map(folded, emails):
        words.append(email)
        tokens.append(email)
    for number in numbers:
        _add_number(number, tokens, words)
    text = f"{_joined(spelled)} {_joined(words)}".strip()
    return SearchKeys(tokens=_shared(named, tokens), text=f" {text} ")


def _shared(named: list[str], numbered: list[str]) -> tuple[str, ...]:
    """The tokens of names and of numbers within the bound:
    each may take half of it, and more where the other leaves room.
    """
    half = MOST_TOKENS // 2
    names = [token for token in dict.fromkeys(named) if token]
    numbers = [token for token in dict.fromkeys(numbered) if token]
    kept = names[: max(half, MOST_TOKENS - len(numbers))]
    return tuple(dict.fromkeys([*kept, *numbers[: MOST_TOKENS - len(kept)]]))


def _joined(words: list[str]) -> str:
    return " ".join(dict.fromkeys(word for word in words if word))[:LONGEST_TEXT]


def query(text: str, *, region: str) -> Query:
    """What to look for when somebody types this."""
    plain = folded(text).strip()
    if "@" in plain and " " not in plain:
        return Query(tokens=(plain[:LONGEST_TEXT],), parts=(plain,), wholes=(plain,))
    whole = _whole_phone(text, region)
    if whole or NUMBER.fullmatch(plain):
        return _number_query(whole or plain)
    words = runs(plain)
    # A single letter is no token of longer words; beside others it is only compared.
    asked = [
        word for word in words if len(word) > 1 or not word.isascii() or word.isdigit()
    ] or words
    tokens = dict.fromkeys(token for word in asked for token in _asked(word))
    return Query(
        tokens=tuple(tokens),
        parts=tuple(dict.fromkeys(words)),
        wholes=tuple(dict.fromkeys(("".join(words), " ".join(words)))),
    )


def national_digits(written: str) -> str:
    """The digits as people say them: without +86, landlines with their leading zero,
    extensions at the end.
    """
    e164, _, extension = written.partition(EXT)
    digits = "".join(character for character in e164 if character.isdigit())
    if not e164.startswith(CHINA):
        return digits + extension
    national = digits[2:]
    is_mobile = len(national) == 11 and national[0] == "1"
    is_landline = not is_mobile and national[:3] not in ("400", "800")
    return f"0{national}{extension}" if is_landline else national + extension


def grams(digits: str) -> list[str]:
    """Every run of four digits; what is shorter stands for itself."""
    if len(digits) <= GRAM:
        return [digits]
    return [digits[start : start + GRAM] for start in range(len(digits) - GRAM + 1)]


# Names come again and again, above all in imports: the commonest hundred name one Chinese in ten.
@lru_cache(maxsize=4_096)
def of_name(name: str) -> SearchKeys:
    """The tokens and words of one name."""
    tokens: list[str] = []
    found = runs(folded(name[:LONGEST_TEXT]))
    words = [" ".join(found), "".join(found)]
    for run in found:
        if is_han(run[0]):
            _add_chinese(run, tokens, words)
        elif run[0].isdigit():
            tokens += grams(run)
        else:
            tokens += _prefixes(run)
    return SearchKeys(tokens=tuple(dict.fromkeys(tokens)), text=" ".join(dict.fromkeys(words)))


def _add_chinese(run: str, tokens: list[str], words: list[str]) -> None:
    tokens += run
    tokens += _pairs(run)
    read = syllables(run)
    initials = "".join([sound[0] for sound in read])
    joined = "".join(read)
    words += (joined, initials)
    tokens += _prefixes(joined)
    tokens += _prefixes(initials)
    for start in range(1, len(read)):
        tokens.append(read[start])
        tokens.append("".join(read[start : start + 2])[:PREFIX])
        tokens.append("".join(read[start:])[:PREFIX])
    if len(read) == PERSON:
        tokens.append(initials[1:])


def _add_number(number: str, tokens: list[str], words: list[str]) -> None:
    parts = runs(number.lower() if number.isascii() else folded(number))
    words += (" ".join(parts), "".join(parts))
    for part in parts:
        tokens += _asked(part) if is_han(part[0]) or part[0].isdigit() else _prefixes(part)


def _prefixes(word: str) -> list[str]:
    return [word[:length] for length in range(min(2, len(word)), min(len(word), PREFIX) + 1)]


def _pairs(run: str) -> list[str]:
    return [run[start : start + 2] for start in range(len(run) - 1)]


def _asked(word: str) -> list[str]:
    """The tokens that a customer must have to be found by this word."""
    if is_han(word[0]):
        return list(_pairs(word)) if len(word) > 1 else [word]
    if word[0].isdigit():
        return grams(word)
    return [word[:PREFIX]]


def _whole_phone(text: str, region: str) -> str:
    """The digits of a phone that is written with the code of its country or place, or with an
    extension; nothing for others, which may be a part of a longer one.
    """
    try:
        number = phone(text, region=region)
    except IdentifierNotReadable:
        return ""
    return national_digits(number) if EXT in number or text.strip()[0] in "+0(（０＋" else ""


def _number_query(plain: str) -> Query:
    digits = "".join(character for character in plain if character.isdigit())
    if plain.startswith(CHINA) or (digits.startswith("0086") and len(digits) > 8):
        digits = national_digits(CHINA + digits.removeprefix("00")[2:])
    return Query(tokens=tuple(dict.fromkeys(grams(digits))), parts=(digits,), wholes=(digits,))
