"""Search keys: what of a customer is indexed as tokens, and what a query asks of them."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from customer_profile.search.readings import is_han, simplified, syllables

# Beginnings of words are indexed up to this length; longer queries are narrowed by it and then compared as text.
PREFIX = 7
# Parts of numbers: every run of four digits. Three would be in every hundredth phone, five would miss "the last four".
GRAM = 4
LONGEST_TEXT = 400
MOST_TOKENS = 160
HAN = "\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
RUN = re.compile(f"[{HAN}]+|[0-9]+|[^\\W0-9_{HAN}]+")
NUMBER = re.compile(r"\+?[0-9][0-9 ().\-/]*")
CHINA = "+86"


@dataclass(frozen=True, kw_only=True, slots=True)
class SearchKeys:
    """The tokens of one customer and the text that matches are compared with: words between spaces, folded."""

    tokens: tuple[str, ...]
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Query:
    """What must be among the tokens, what must be in the text (`parts`), and which spellings rank first (`wholes`)."""

    tokens: tuple[str, ...]
    parts: tuple[str, ...]
    wholes: tuple[str, ...]

    @property
    def is_empty(self) -> bool:
        return not self.tokens


def folded(text: str) -> str:
    """One written form for the eye's equals: compatibility forms, case, traditional characters, accents."""
    if text.isascii():
        return text.lower()
    plain = unicodedata.normalize("NFKC", text).casefold()
    plain = "".join(simplified(character) for character in plain)
    return "".join(letter for letter in unicodedata.normalize("NFD", plain) if not unicodedata.combining(letter))


def runs(text: str) -> list[str]:
    """The runs of Chinese characters, of letters and of digits in folded text."""
    return RUN.findall(text)


def of_customer(names: Iterable[str], *, phones: Iterable[str] = (), emails: Iterable[str] = (), numbers: Iterable[str] = ()) -> SearchKeys:
    """The keys of a file: names in every form, phones and numbers by their parts, e-mails whole."""
    tokens: dict[str, None] = {}
    words: dict[str, None] = {}
    for name in names:
        _add_name(name, tokens, words)
    for number in phones:
        national = national_digits(number)
        words[national] = None
        tokens.update(dict.fromkeys(grams(national)))
    for email in emails:
        words[email] = None
        tokens[email] = None
    for number in numbers:
        _add_number(number, tokens, words)
    tokens.pop("", None)
    words.pop("", None)
    return SearchKeys(tokens=tuple(tokens)[:MOST_TOKENS], text=f" {' '.join(words)[:LONGEST_TEXT]} ")


def query(text: str) -> Query:
    """What to look for when somebody types this."""
    plain = folded(text).strip()
    if "@" in plain and " " not in plain:
        return Query(tokens=(plain[:LONGEST_TEXT],), parts=(plain,), wholes=(plain,))
    if NUMBER.fullmatch(plain):
        return _number_query(plain)
    words = runs(plain)
    # A single letter is no token of longer words; beside others it is only compared.
    asked = [word for word in words if len(word) > 1 or not word.isascii() or word.isdigit()] or words
    tokens = dict.fromkeys(token for word in asked for token in _asked(word))
    return Query(tokens=tuple(tokens), parts=tuple(dict.fromkeys(words)), wholes=tuple(dict.fromkeys(("".join(words), " ".join(words)))))


def national_digits(e164: str) -> str:
    """The digits as people say them: without +86, landlines with their leading zero."""
    digits = "".join(character for character in e164 if character.isdigit())
    if not e164.startswith(CHINA):
        return digits
    national = digits[2:]
    is_mobile = len(national) == 11 and national[0] == "1"
    is_landline = not is_mobile and national[:3] not in ("400", "800")
    return f"0{national}" if is_landline else national


def grams(digits: str) -> list[str]:
    """Every run of four digits; what is shorter stands for itself."""
    if len(digits) <= GRAM:
        return [digits]
    return [digits[start : start + GRAM] for start in range(len(digits) - GRAM + 1)]


def _add_name(name: str, tokens: dict[str, None], words: dict[str, None]) -> None:
    found = runs(folded(name[:LONGEST_TEXT]))
    words[" ".join(found)] = None
    words["".join(found)] = None
    for run in found:
        if is_han(run[0]):
            _add_chinese(run, tokens, words)
        elif run[0].isdigit():
            tokens.update(dict.fromkeys(grams(run)))
        else:
            tokens.update(dict.fromkeys(_prefixes(run)))


def _add_chinese(run: str, tokens: dict[str, None], words: dict[str, None]) -> None:
    tokens.update(dict.fromkeys(run))
    tokens.update(dict.fromkeys(_pairs(run)))
    read = syllables(run)
    initials = "".join(sound[0] for sound in read)
    joined = "".join(read)
    words[joined] = None
    words[initials] = None
    tokens.update(dict.fromkeys(_prefixes(joined)))
    tokens.update(dict.fromkeys(_prefixes(initials)))
    for start in range(1, len(read)):
        tokens[read[start]] = None
        tokens["".join(read[start : start + 2])[:PREFIX]] = None
        tokens["".join(read[start:])[:PREFIX]] = None
    if len(read) == 3:
        tokens[initials[1:]] = None


def _add_number(number: str, tokens: dict[str, None], words: dict[str, None]) -> None:
    parts = runs(folded(number))
    words[" ".join(parts)] = None
    words["".join(parts)] = None
    for part in parts:
        tokens.update(dict.fromkeys(_asked(part) if is_han(part[0]) or part[0].isdigit() else _prefixes(part)))


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


def _number_query(plain: str) -> Query:
    digits = "".join(character for character in plain if character.isdigit())
    if plain.startswith(CHINA) or (digits.startswith("0086") and len(digits) > 8):
        digits = national_digits(CHINA + digits.removeprefix("00")[2:])
    return Query(tokens=tuple(dict.fromkeys(grams(digits))), parts=(digits,), wholes=(digits,))
