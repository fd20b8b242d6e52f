"""Documents that people name and of which every version is kept: what was reckoned by one can be reckoned again."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from service_kit.access.caller import Caller
from service_kit.store.database import Transaction
from service_kit.store.running import Reader, Record
from service_kit.words.errors import Forbidden, PreconditionFailed
from sqlalchemy import ARRAY, String, Table, any_, bindparam, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert


class LevelsAreCompanyWide(Forbidden):
    """Calendars and service-level policies hold for the whole company; a token that is limited to units may read them, not change them."""


def check_whole_company(caller: Caller) -> None:
    """Raises LevelsAreCompanyWide for a caller who is kept to units."""
    if caller.units is not None:
        raise LevelsAreCompanyWide


@dataclass(frozen=True, kw_only=True)
class Condition:
    """What a PUT says of the version that it is based on: none at all (`If-None-Match: *`), or one that must match."""

    creates_only: bool
    require_match: Callable[[int], None]


class Documents:
    """One kind of document: a table of names with their present versions, and a table of all versions."""

    def __init__(self, names: Table, versions: Table) -> None:
        present = names.join(versions, (versions.c.name == names.c.name) & (versions.c.version == names.c.version))
        self.all_present = select(versions).select_from(present)
        self._find = self.all_present.where(names.c.name == bindparam("name"))
        self._lock = self._find.with_for_update(of=names)
        self._find_version = select(versions).where(versions.c.name == bindparam("name"), versions.c.version == bindparam("version"))
        self._list = self.all_present.where(names.c.name > bindparam("after")).order_by(names.c.name).limit(bindparam("limit"))
        self._versions = select(names.c.name, names.c.version).where(names.c.name == any_(bindparam("names", type_=ARRAY(String))))
        self._create = upsert(names).values(name=bindparam("name"), version=1).on_conflict_do_nothing().returning(names.c.name)
        self._raise = update(names).where(names.c.name == bindparam("of")).values(version=bindparam("to"))
        self._write = insert(versions)

    async def find(self, reader: Reader, name: str, *, version: int | None = None) -> Record | None:
        """The present version, or the asked one."""
        if version is not None:
            return await reader.fetch_one(self._find_version, name=name, version=version)
        return await reader.fetch_one(self._find, name=name)

    async def page(self, reader: Reader, *, after: str, limit: int) -> Sequence[Record]:
        """The present versions, by name."""
        return await reader.fetch(self._list, after=after, limit=limit)

    async def present(self, reader: Reader, names: Iterable[str]) -> Mapping[str, int]:
        """The present version of each document that exists."""
        rows = await reader.fetch(self._versions, names=sorted(set(names)))
        return {row["name"]: row["version"] for row in rows}

    async def put(
        self, tx: Transaction, name: str, content: Mapping[str, Any], *, condition: Condition, at: datetime, **columns: object
    ) -> Record:
        """The version that a PUT writes: the first one, or the next one after that which the caller has seen.

        Raises PreconditionRequired and PreconditionFailed.
        """
        version = await self._next_version(tx, name, condition)
        await tx.execute(self._write, name=name, version=version, content=dict(content), written_at=at, **columns)
        row = await self.find(tx, name, version=version)
        assert row is not None
        return row

    async def _next_version(self, tx: Transaction, name: str, condition: Condition) -> int:
        if condition.creates_only:
            if await tx.fetch_one(self._create, name=name) is None:
                raise PreconditionFailed
            return 1
        row = await tx.fetch_one(self._lock, name=name)
        if row is None:
            condition.require_match(0)
            raise PreconditionFailed
        condition.require_match(row["version"])
        await tx.execute(self._raise, of=name, to=row["version"] + 1)
        return int(row["version"]) + 1
