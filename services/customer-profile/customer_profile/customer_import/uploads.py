"""An uploaded sheet on its way in: measured, fingerprinted and looked at before it is kept."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO

from fastapi import UploadFile
from pydantic_core import from_json, to_json
from service_kit.process.scratch import scratch
from service_kit.sheet import reading
from service_kit.sheet.domain import Format
from service_kit.words.errors import TooLarge
from service_kit.words.messages import said

from customer_profile.customer_import.columns import MappingNotUsable, columns_of, key_of
from customer_profile.customer_import.importing import Order

CHUNK = 1 << 20
MOST_MAPPED = 200
LONGEST_NAME = 200


class Upload:
    """A file that lies on this machine while its request lasts."""

    def __init__(self, path: Path, filename: str, digest: bytes) -> None:
        self.filename = filename
        self._path = path
        self._digest = digest

    async def check(self, mapping: dict[str, str], key: str | None, encoding: str) -> None:
        """Refuse at once what can be seen at once: SheetNotReadable, MappingNotUsable.
        Workbooks are unpacked by the work itself.
        """
        sheet = await asyncio.to_thread(reading.opened, str(self._path), self.filename, encoding)
        if sheet.format is not Format.XLSX:
            columns_of(sheet.columns, mapping, key_of(key) if key else None)

    def fingerprint(self, order: Order) -> bytes:
        """What makes two uploads the same: the bytes and what was asked."""
        return hashlib.sha256(self._digest + to_json(order.payload())).digest()

    async def parts(self, size: int) -> AsyncIterator[bytes]:
        with self._path.open("rb") as file:
            while part := await asyncio.to_thread(file.read, size):
                yield part


@asynccontextmanager
async def uploaded(file: UploadFile, *, largest: int) -> AsyncIterator[Upload]:
    """The uploaded file as one on disk, removed afterwards; TooLarge beyond `largest` bytes."""
    with scratch() as folder:
        path = folder / "file"
        digest = await asyncio.to_thread(_copied, file.file, path, largest)
        name = (
            "".join(letter for letter in file.filename or "sheet" if letter.isprintable())
            or "sheet"
        )
        yield Upload(path, name[:LONGEST_NAME], digest)


def mapping_of(text: str | None) -> dict[str, str]:
    """The mapping of the form; MappingNotUsable when it is no JSON object of texts."""
    if not text:
        return {}
    try:
        read = from_json(text)
    except (ValueError, RecursionError) as error:
        raise MappingNotUsable("the mapping is not JSON", pointer="/mapping") from error
    if (
        not isinstance(read, dict)
        or len(read) > MOST_MAPPED
        or not all(isinstance(value, str) for value in read.values())
    ):
        raise MappingNotUsable("the mapping is an object of columns and fields", pointer="/mapping")
    if any("\0" in part for pair in read.items() for part in pair):
        raise MappingNotUsable("text cannot hold the character NUL", pointer="/mapping")
    return read


def _copied(source: IO[bytes], target: Path, largest: int) -> bytes:
    digest = hashlib.sha256()
    size = 0
    source.seek(0)
    with target.open("wb") as file:
        while chunk := source.read(CHUNK):
            size += len(chunk)
            if size > largest:
                raise TooLarge(
                    said("a sheet has at most {largest} bytes; split it", largest=largest)
                )
            digest.update(chunk)
            file.write(chunk)
    return digest.digest()
