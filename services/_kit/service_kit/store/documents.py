"""Documents that people name and of which every version is kept, so that what was reckoned by one
can be reckoned again: a table of names with their present versions, and a table of all versions.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Generic, TypeVar
from uuid import NAMESPACE_URL, UUID, uuid5

from sqlalchemy import ARRAY, String, Table, any_, bindparam, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from service_kit.store.database import Transaction
from service_kit.store.running import Reader, Record
from service_kit.words.errors import NotFound, PreconditionFailed

Document = TypeVar("Document")


class Documents(Generic[Document]):
    """One kind of document, named like its table;
    `made` is what a row says, `missing` is raised where there is none.
    """

    def __init__(
        self,
        names: Table,
        versions: Table,
        *,
        made: Callable[[Record], Document],
        missing: type[NotFound],
    ) -> None:
        self.kind = names.name
        self.made = made
        self._missing = missing
        present = names.join(
            versions, (versions.c.name == names.c.name) & (versions.c.version == names.c.version)
        )
        self._all = select(versions).select_from(present)
        self._find = self._all.where(names.c.name == bindparam("name"))
        self._lock = self._find.with_for_update(of=names)
        self._find_version = select(versions).where(
            versions.c.name == bindparam("name"), versions.c.version == bindparam("version")
        )
        self._page = (
            self._all.where(names.c.name > bindparam("after"))
            .order_by(names.c.name)
            .limit(bindparam("limit"))
        )
        self._versions = select(names.c.name, names.c.version).where(
            names.c.name == any_(bindparam("names", type_=ARRAY(String)))
        )
        self._create = (
            upsert(names)
            .values(name=bindparam("name"), version=1)
            .on_conflict_do_nothing()
            .returning(names.c.name)
        )
        self._raise = (
            update(names).where(names.c.name == bindparam("of")).values(version=bindparam("to"))
        )
        self._write = insert(versions)

    async def get(self, reader: Reader, name: str, *, version: int | None = None) -> Record:
        """The present version, or the asked one; raises what is `missing`."""
        if version is None:
            row = await reader.fetch_one(self._find, name=name)
        else:
            row = await reader.fetch_one(self._find_version, name=name, version=version)
        if row is None:
            raise self._missing
        return row

    async def page(self, reader: Reader, *, after: str, limit: int) -> Sequence[Record]:
        """The present versions, by name."""
        return await reader.fetch(self._page, after=after, limit=limit)

    async def all(self, reader: Reader) -> Sequence[Record]:
        """All present versions."""
        return await reader.fetch(self._all)

    async def versions(self, reader: Reader, names: Iterable[str]) -> Mapping[str, int]:
        """The present version of each document that exists."""
        rows = await reader.fetch(self._versions, names=sorted(set(names)))
        return {row["name"]: row["version"] for row in rows}

    async def lock(self, tx: Transaction, name: str) -> int | None:
        """The present version, which nobody else replaces before this transaction ends;
        None where there is none.
        """
        row = await tx.fetch_one(self._lock, name=name)
        return None if row is None else int(row["version"])

    async def write(self, tx: Transaction, name: str, version: int, **columns: object) -> Record:
        """The first version of a document, or the next one of a locked document;
        PreconditionFailed when a rival was faster.
        """
        if version > 1:
            await tx.execute(self._raise, of=name, to=version)
        elif await tx.fetch_one(self._create, name=name) is None:
            raise PreconditionFailed
        await tx.execute(self._write, name=name, version=version, **columns)
        return await self.get(tx, name, version=version)

    def subject_of(self, name: str) -> UUID:
        """The id by which the audit knows a document:
        the same one for the same name, in every process.
        """
        return uuid5(NAMESPACE_URL, f"guanxi:{self.kind.replace('_', '-')}:{name}")


class Shelf(Generic[Document]):
    """Documents read before: a version never changes, so that a process makes each of them once.

    Only what was read after its commit is put here.
    """

    def __init__(self, documents: Documents[Document]) -> None:
        self._documents = documents
        self._kept: dict[tuple[str, int], Document] = {}

    async def get(self, reader: Reader, name: str, version: int) -> Document:
        kept = self._kept.get((name, version))
        return (
            self._put(await self._documents.get(reader, name, version=version))
            if kept is None
            else kept
        )

    async def all(self, reader: Reader) -> list[Document]:
        """All present versions."""
        return [self._put(row) for row in await self._documents.all(reader)]

    def _put(self, row: Record) -> Document:
        key = (row["name"], row["version"])
        if key not in self._kept:
            self._kept[key] = self._documents.made(row)
        return self._kept[key]
