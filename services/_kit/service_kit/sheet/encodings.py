"""Which encoding a text file has: the byte order mark or the caller says it, UTF-8 proves itself, and of the others one alone must fit."""

import codecs
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal, TypeAlias

from service_kit.messages import said
from service_kit.sheet.domain import SheetNotReadable

MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
CHUNK = 1 << 20
Named: TypeAlias = Literal[
    "utf-8", "utf-16", "gb18030", "gbk", "big5", "shift_jis", "euc-jp", "euc-kr", "windows-1252", "windows-1250", "windows-1251"
]
# What callers name, as the codecs that read most of what programs write under that name.
CODECS: Mapping[str, str] = {
    "utf-8": "utf-8-sig", "utf-16": "utf-16", "gb18030": "gb18030", "gbk": "gb18030", "big5": "big5hkscs", "shift_jis": "cp932",
    "euc-jp": "euc_jp", "euc-kr": "cp949", "windows-1252": "cp1252", "windows-1250": "cp1250", "windows-1251": "cp1251",
}  # fmt: skip
# Letters of the West have the same bytes here wherever they are read for certain.
LIKE_WESTERN = ("cp1250", "cp1254")
WESTERN_MARKS = "’‘–—“”«»…"
KANA = ("\u3041", "\u30fe")
LEAST_MIXED = 2
NOT_CERTAIN = (
    "the file is neither UTF-8 nor UTF-16 text, and no other encoding is certain; save it again as UTF-8, or name it in `encoding`"
)


class EncodingUnknown(SheetNotReadable):
    """The file's encoding is not certain: save it again as UTF-8, or name its encoding in `encoding`."""


def encoding_of(path: str, asked: str = "") -> str:
    """The codec that reads the whole file; EncodingUnknown when none does, or more than one might."""
    if asked:
        return _as_asked(path, asked)
    with Path(path).open("rb") as file:
        head = file.read(4_096)
    for mark, name in MARKS:
        if head.startswith(mark):
            return _proven(path, name)
    if b"\0" in head:
        is_big_endian = head[::2].count(0) > head[1::2].count(0)
        return _proven(path, "utf-16-be" if is_big_endian else "utf-16-le")
    try:
        return _proven(path, "utf-8")
    except EncodingUnknown:
        return _proven(path, _only_one_that_fits(path))


def _as_asked(path: str, asked: str) -> str:
    try:
        return _proven(path, CODECS[asked])
    except EncodingUnknown as error:
        raise EncodingUnknown(said("the file is not text in {encoding}", encoding=asked)) from error


def _only_one_that_fits(path: str) -> str:
    with Path(path).open("rb") as file:
        # Whole lines, so that no character is cut in two.
        sample = file.read(CHUNK) + file.readline()
    if any(_is_utf8(line) for line in sample.splitlines()):
        raise EncodingUnknown("the file mixes UTF-8 with another encoding; save it again as UTF-8")
    fitting = [name for name, (is_usual, least) in FITTING.items() if _share(sample, name, is_usual) >= least]
    if len(fitting) != 1:
        raise EncodingUnknown(NOT_CERTAIN)
    return fitting[0]


def _is_utf8(line: bytes) -> bool:
    """Whether a line of Chinese text is UTF-8; a few bytes may look so by chance."""
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    written = [character for character in text if not character.isascii()]
    return len(written) >= LEAST_MIXED and all(_is_usual_chinese(text, number) for number, each in enumerate(text) if not each.isascii())


def _share(sample: bytes, name: str, is_usual: Callable[[str, int], bool]) -> float:
    """How much of what is not ASCII consists of the characters that people write in this encoding; 0 when it is not valid in it."""
    try:
        text = sample.decode(name)
    except UnicodeDecodeError:
        return 0.0
    if name == "cp1252" and any(sample.decode(other, "replace") != text for other in LIKE_WESTERN):
        return 0.0
    if name == "euc_jp" and not any(KANA[0] <= character <= KANA[1] for character in text):
        return 0.0
    places = [place for place, character in enumerate(text) if not character.isascii()]
    return sum(is_usual(text, place) for place in places) / max(len(places), 1)


def _lead(character: str, name: str) -> int:
    """The first of two bytes: encodings of the East put frequent characters into the first rows of their tables. 0 where there is none."""
    try:
        written = character.encode(name)
    except UnicodeEncodeError:
        return 0
    return written[0] if len(written) == 2 else 0


def _is_usual_chinese(text: str, place: int) -> bool:
    lead = _lead(text[place], "gb2312")
    return 0xA1 <= lead <= 0xA3 or 0xB0 <= lead <= 0xD7


def _is_usual_traditional(text: str, place: int) -> bool:
    return 0xA1 <= _lead(text[place], "big5") <= 0xC6


def _is_usual_shifted(text: str, place: int) -> bool:
    lead = _lead(text[place], "cp932")
    return 0x81 <= lead <= 0x83 or 0x88 <= lead <= 0x97


def _is_usual_japanese(text: str, place: int) -> bool:
    lead = _lead(text[place], "euc_jp")
    return 0xA1 <= lead <= 0xA5 or 0xB0 <= lead <= 0xCF


def _is_usual_korean(text: str, place: int) -> bool:
    lead = _lead(text[place], "euc_kr")
    return 0xA1 <= lead <= 0xA3 or 0xB0 <= lead <= 0xC8


def _is_usual_western(text: str, place: int) -> bool:
    """A letter beside a letter of ASCII: what is really Chinese shows as long runs of others."""
    beside = text[max(place - 1, 0) : place] + text[place + 1 : place + 2]
    return text[place] in WESTERN_MARKS or (text[place].isalpha() and any(each.isascii() and each.isalpha() for each in beside))


# How much of a file has to be usual in its encoding. Found with thousands of made-up sheets of one to twenty names in each of them:
# none was taken for another one, and the shortest are refused where two fit.
FITTING: Mapping[str, tuple[Callable[[str, int], bool], float]] = {
    "gb18030": (_is_usual_chinese, 0.75),
    "big5hkscs": (_is_usual_traditional, 0.9),
    "cp932": (_is_usual_shifted, 0.9),
    "euc_jp": (_is_usual_japanese, 0.9),
    "cp949": (_is_usual_korean, 0.97),
    "cp1252": (_is_usual_western, 1.0),
}


def _proven(path: str, name: str) -> str:
    decoder = codecs.getincrementaldecoder(name)(errors="strict")
    try:
        with Path(path).open("rb") as file:
            while chunk := file.read(CHUNK):
                if "\0" in decoder.decode(chunk):
                    raise SheetNotReadable("the file holds NUL characters: it is not a text file")
            decoder.decode(b"", final=True)
    except UnicodeError as error:
        raise EncodingUnknown(NOT_CERTAIN) from error
    return name
