"""Which encoding a text file has: the byte order mark or the caller says it, UTF-8 proves itself,
and of the others one alone must fit.
"""

import codecs
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Literal, TypeAlias

from service_kit.sheet.domain import Encoding, SheetNotReadable, ToldBy
from service_kit.sheet.encoding_clues import (
    HEADINGS,
    OTHER_SCRIPTS,
    RIVALS,
    differing_words,
    headings_in,
    is_known,
    is_mixed,
    script_share,
    western_share,
)
from service_kit.words.messages import said

MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
CHUNK = 1 << 20
Named: TypeAlias = Literal[
    "utf-8",
    "utf-16",
    "gb18030",
    "gbk",
    "big5",
    "shift_jis",
    "euc-jp",
    "euc-kr",
    "windows-1252",
    "windows-1250",
    "windows-1251",
]
# What callers name, as the codecs that read most of what programs write under that name.
CODECS: Mapping[str, str] = {
    "utf-8": "utf-8-sig", "utf-16": "utf-16", "gb18030": "gb18030", "gbk": "gb18030",
    "big5": "big5hkscs", "shift_jis": "cp932", "euc-jp": "euc_jp", "euc-kr": "cp949",
    "windows-1252": "cp1252", "windows-1250": "cp1250", "windows-1251": "cp1251",
}  # fmt: skip
HALF_WIDTH_KANA = ("\uff61", "\uff9f")
# Fewer characters may be usual in another encoding by chance.
LEAST_EASTERN = 20
# What has a known heading needs less of the usual, and what may be Japanese is not taken for
# Chinese.
LEAST_HEADED, LEAST_JAPANESE = 0.7, 0.7
# How much of the beginning has to look like another language's, and how much of it is looked at.
RIVAL_SHARE, RIVAL_BYTES = 0.9, 1 << 16
LEAST_MIXED = 2
NOT_CERTAIN = (
    "the file is neither UTF-8 nor UTF-16 text, and no other encoding is certain; save it again as"
    " UTF-8, or name it in `encoding`"
)


class EncodingUnknown(SheetNotReadable):
    """The file's encoding is not certain:
    save it again as UTF-8, or name its encoding in `encoding`.
    """


def encoding_of(path: str, asked: str = "") -> Encoding:
    """The codec that reads the whole file;
    EncodingUnknown when none does, or more than one might.
    """
    if asked:
        return Encoding(_as_asked(path, asked), ToldBy.CALLER)
    with Path(path).open("rb") as file:
        head = file.read(4_096)
    for mark, name in MARKS:
        if head.startswith(mark):
            return Encoding(_proven(path, name), ToldBy.MARK)
    if b"\0" in head:
        is_big_endian = head[::2].count(0) > head[1::2].count(0)
        codec = "utf-16-be" if is_big_endian else "utf-16-le"
        return Encoding(_proven(path, codec), ToldBy.PROOF)
    try:
        found = _proven(path, "utf-8")
    except EncodingUnknown:
        return Encoding(_proven(path, _only_one_that_fits(path)), ToldBy.LIKENESS)
    if is_mixed(_sample(path).decode("utf-8")):
        raise EncodingUnknown(NOT_CERTAIN)
    return Encoding(found, ToldBy.PROOF)


def _as_asked(path: str, asked: str) -> str:
    try:
        return _proven(path, CODECS[asked])
    except EncodingUnknown as error:
        raise EncodingUnknown(said("the file is not text in {encoding}", encoding=asked)) from error


def _only_one_that_fits(path: str) -> str:
    sample = _sample(path)
    if any(_is_utf8(line) for line in sample.splitlines()):
        raise EncodingUnknown("the file mixes UTF-8 with another encoding; save it again as UTF-8")
    by_headings = [
        name
        for name in HEADINGS
        if _fits(sample, name, LEAST_HEADED) and headings_in(sample.decode(name), name)
    ]
    fitting = by_headings or _fitting(sample)
    if len(fitting) != 1:
        raise EncodingUnknown(NOT_CERTAIN)
    return fitting[0]


def _sample(path: str) -> bytes:
    """The beginning in whole lines, so that no character is cut in two."""
    with Path(path).open("rb") as file:
        return file.read(CHUNK) + file.readline()


def _fitting(sample: bytes) -> list[str]:
    """The encodings that a text without known headings may have;
    of the West only cp1252 is read by guess.
    """
    western = [name for name in RIVALS if _may_be(sample, name, western_share)]
    others = [
        name
        for name, script in OTHER_SCRIPTS.items()
        if _may_be(sample, name, partial(script_share, script=script))
    ]
    eastern = [name for name in FITTING if _fits(sample, name, FITTING[name][1])]
    if eastern:
        doubtful = [name for name in eastern if _is_doubtful(sample.decode(name))]
        japanese = (
            ["euc_jp"]
            if _fits(sample, "euc_jp", LEAST_JAPANESE) and "euc_jp" not in eastern
            else []
        )
        return [*eastern, *doubtful, *japanese, *western, *others]
    return ["cp1252"] if not others and _is_cp1252(sample, western) else []


def _may_be(sample: bytes, name: str, share: Callable[[str], float]) -> bool:
    try:
        return share(sample[:RIVAL_BYTES].decode(name)) >= RIVAL_SHARE
    except UnicodeDecodeError:
        return False


def _is_cp1252(sample: bytes, rivals: Sequence[str]) -> bool:
    """Whether all is usual, and each word is the same one in all other encodings that it may be in,
    or a name that people have.
    """
    try:
        text = sample.decode("cp1252")
    except UnicodeDecodeError:
        return False
    differing = set[str]().union(
        *(differing_words(text, sample.decode(rival, "replace")) for rival in rivals)
    )
    return western_share(text) == 1.0 and all(map(is_known, differing))


def _is_doubtful(text: str) -> bool:
    """Whether a text of the East without headings may be another one by chance:
    half-width kana are what Chinese bytes may look like.
    """
    written = [character for character in text if not character.isascii()]
    return len(written) < LEAST_EASTERN or any(
        HALF_WIDTH_KANA[0] <= character <= HALF_WIDTH_KANA[1] for character in written
    )


def _is_utf8(line: bytes) -> bool:
    """Whether a line of Chinese text is UTF-8; a few bytes may look so by chance."""
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    written = [character for character in text if not character.isascii()]
    return len(written) >= LEAST_MIXED and all(
        _is_usual_chinese(text, number) for number, each in enumerate(text) if not each.isascii()
    )


def _fits(sample: bytes, name: str, least: float) -> bool:
    """Whether enough of what is not ASCII consists of the characters that people
    write in this encoding.
    """
    is_usual, _ = FITTING[name]
    try:
        text = sample.decode(name)
    except UnicodeDecodeError:
        return False
    places = [place for place, character in enumerate(text) if not character.isascii()]
    return sum(is_usual(text, place) for place in places) >= least * max(len(places), 1)


def _lead(character: str, name: str) -> int:
    """The first of two bytes: encodings of the East put frequent characters into the
    first rows of their tables. 0 where there is none.
    """
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
    return (
        HALF_WIDTH_KANA[0] <= text[place] <= HALF_WIDTH_KANA[1]
        or 0x81 <= lead <= 0x83
        or 0x88 <= lead <= 0x97
    )


def _is_usual_japanese(text: str, place: int) -> bool:
    lead = _lead(text[place], "euc_jp")
    return 0xA1 <= lead <= 0xA5 or 0xB0 <= lead <= 0xCF


def _is_usual_korean(text: str, place: int) -> bool:
    lead = _lead(text[place], "euc_kr")
    return 0xA1 <= lead <= 0xA3 or 0xB0 <= lead <= 0xC8


# How much of a file has to be usual in its encoding. Found with thousands of made-up sheets of one
# to forty names in each of them: none was taken for another one, and where no heading tells, the
# short ones are refused.
FITTING: Mapping[str, tuple[Callable[[str, int], bool], float]] = {
    "gb18030": (_is_usual_chinese, 0.75),
    "big5hkscs": (_is_usual_traditional, 0.9),
    "cp932": (_is_usual_shifted, 0.9),
    "euc_jp": (_is_usual_japanese, 0.9),
    "cp949": (_is_usual_korean, 0.97),
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
