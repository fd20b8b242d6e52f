"""Runs compiled statements on one connection: reads and writes, every parameter by name."""

from collections.abc import Iterable, Mapping, Sequence
from io import BytesIO
from typing import Any, Protocol

from sqlalchemy.sql.base import Executable

from service_kit.store.connection import Patience
from service_kit.store.statements import Statements, naming

# How long one row of many may take on average: the server's limit is that of each row, ours is that
# of all.
ROW_SECONDS = 0.01


class Record(Protocol):
    """A row as asyncpg gives it: by column name or position."""

    def __getitem__(self, key: str | int) -> Any: ...
    def __len__(self) -> int: ...
    def get(self, key: str, default: Any = None) -> Any: ...
    def keys(self) -> Iterable[str]: ...
    def values(self) -> Iterable[Any]: ...
    def items(self) -> Iterable[tuple[str, Any]]: ...


Row = Mapping[str, object]


class Reader:
    """Runs statements on one connection; every parameter goes by name."""

    def __init__(self, connection: Any, statements: Statements, patience: Patience) -> None:
        self.connection = connection
        self._statements = statements
        self._patience = patience

    async def fetch(self, statement: Executable, /, **given: object) -> list[Record]:
        """All rows."""
        rows: list[Record] = await self._answer(statement, "fetch", given)
        return rows

    async def fetch_one(self, statement: Executable, /, **given: object) -> Record | None:
        """The first row, or None."""
        row: Record | None = await self._answer(statement, "fetchrow", given)
        return row

    async def fetch_value(self, statement: Executable, /, **given: object) -> Any:
        """The first column of the first row, or None."""
        row = await self.fetch_one(statement, **given)
        return None if row is None else row[0]

    async def copy_out(self, statement: Executable, /, **given: object) -> bytes:
        """All rows as one binary COPY: for very many of them that go elsewhere as a whole."""
        content = bytearray()

        async def gather(part: bytes) -> None:
            content.extend(part)

        await self._answer(statement, "copy_from_query", given, output=gather, format="binary")
        return bytes(content)

    async def _answer(self, statement: Executable, method: str, given: Row, **options: Any) -> Any:
        """What the connection's method gives for this statement; an error says which one it was."""
        compiled = self._statements.compiled(statement, given)
        arguments = compiled.arguments(given)
        with naming(statement):
            return await self._patience.answer(
                self.connection, method, compiled.sql, *arguments, **options
            )


class Writer(Reader):
    """A reader that may write as well."""

    async def execute(self, statement: Executable, /, **given: object) -> int:
        """Run it and return how many rows it touched."""
        status: str = await self._answer(statement, "execute", given)
        return _touched(status)

    async def execute_many(self, statement: Executable, rows: Sequence[Row]) -> None:
        """Run it once per row of parameters, pipelined; all rows name the same parameters."""
        if not rows:
            return
        compiled = self._statements.compiled(statement, rows[0])
        arguments = [compiled.arguments(row) for row in rows]
        within = self._patience.seconds + ROW_SECONDS * len(rows)
        with naming(statement):
            await self._patience.answer(
                self.connection, "executemany", compiled.sql, arguments, within=within
            )

    async def copy_rows(
        self, table: str, *, columns: Sequence[str], rows: Iterable[Sequence[object]]
    ) -> None:
        """COPY rows into a table of the own schema:
        the fast way for thousands of rows that cannot conflict.
        """
        options: dict[str, Any] = {"columns": list(columns), "schema_name": self._statements.schema}
        await self._patience.answer(
            self.connection, "copy_records_to_table", table, records=rows, **options
        )

    async def copy_in(self, table: str, *, columns: Sequence[str], content: bytes) -> None:
        """Put a binary COPY, such as `copy_out` gives, into a table of the own schema."""
        options: dict[str, Any] = {
            "columns": list(columns),
            "schema_name": self._statements.schema,
            "format": "binary",
        }
        await self._patience.answer(
            self.connection, "copy_to_table", table, source=BytesIO(content), **options
        )


def _touched(status: str) -> int:
    last = status.rpartition(" ")[2]
    return int(last) if last.isdigit() else 0
