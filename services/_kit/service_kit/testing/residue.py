"""What is left of a person after an erasure: every table of a service's schema is searched."""

from collections.abc import Iterable
from typing import Any

from service_kit.service import Service

TABLES = (
    "SELECT table_name FROM information_schema.tables WHERE table_schema = $1 ORDER BY table_name"
)


async def residue(service: Service, words: Iterable[str]) -> set[tuple[str, str]]:
    """Every pair of a table and a word that some row of it holds, in any column,
    in capitals or not.
    """
    schema, wanted = service.settings.database_schema, {word.casefold(): word for word in words}
    found = set()
    async with service.database.snapshot(statement_within=60) as reader:
        for (table,) in await reader.connection.fetch(TABLES, schema):
            everything = f'SELECT * FROM "{schema}"."{table}"'  # noqa: S608  # Both names are those of the catalog.
            for row in await reader.connection.fetch(everything):
                text = " ".join(_read(value) for value in row.values()).casefold()
                found |= {(table, word) for folded, word in wanted.items() if folded in text}
    return found


def _read(value: Any) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)
