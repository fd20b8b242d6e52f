"""Which encoding a text file has: the byte order mark tells it, else UTF-8 is tried before GB18030."""

import codecs
from pathlib import Path

from service_kit.sheet.domain import SheetNotReadable

MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
CHUNK = 1 << 20


class EncodingUnknown(SheetNotReadable):
    """The file is no text in UTF-8, UTF-16 or GB18030; save it again as UTF-8."""


def encoding_of(path: str) -> str:
    """The name of the encoding that reads the whole file; SheetNotReadable when none does."""
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
        return _proven(path, "gb18030")


def _proven(path: str, name: str) -> str:
    decoder = codecs.getincrementaldecoder(name)(errors="strict")
    try:
        with Path(path).open("rb") as file:
            while chunk := file.read(CHUNK):
                if "\0" in decoder.decode(chunk):
                    raise SheetNotReadable("the file holds NUL characters: it is not a text file")
            decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        raise EncodingUnknown("the file is neither UTF-8, UTF-16 nor GB18030 text") from error
    return name
