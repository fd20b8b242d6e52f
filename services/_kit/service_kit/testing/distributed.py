"""What a distributed Postgres (Citus, a schema per service) refuses, or plays wrongly,
told from the text of a statement.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy.sql.base import Executable

from service_kit.store.connection import connect
from service_kit.store.statements import Compiled

# Where every name may come from.
SHARED = ("pg_catalog",)
_quoted = re.compile(r"'(?:[^']|'')*'")
_changes = re.compile(
    r"(?<!FOR )(?<!FOR NO KEY"
    r" )\bUPDATE\s+[\w.\"]+\s+(?:AS\s+\w+\s+)?SET\b"
    r"|\bDELETE\s+FROM\b|\bMERGE\s+INTO\b|\bDO\s+UPDATE\b",
    re.IGNORECASE,
)
_called = re.compile(r"\b([a-z_][a-z0-9_]*)\s*\(", re.IGNORECASE)
_named = re.compile(
    r"\b(?:FROM|JOIN|INTO|UPDATE|USING|REFERENCES|TABLE)\s+(?:ONLY\s+|IF\s+(?:NOT\s+)?EXISTS\s+)?\"?(\w+)\"?\.\"?\w+\"?(?!\s*=)",
    re.IGNORECASE,
)
_from = re.compile(
    r"\bFROM\s+([^()]*?)(?:\bWHERE\b|\bGROUP\b|\bORDER\b|\bLIMIT\b|\bFOR\b|\)|$)", re.IGNORECASE
)
_table = re.compile(r"\s*\"?(\w+)\"?\.\"?\w+\"?")
_alias = re.compile(r"\bAS\s+\"?(\w+)", re.IGNORECASE)
_called_elsewhere = re.compile(r"\b\"?(\w+)\"?\.\"?\w+\"?\s*\(", re.IGNORECASE)
_forbidden = {
    "an advisory lock": re.compile(r"\bpg_(?:try_)?advisory_\w+", re.IGNORECASE),
    "a trigger": re.compile(
        r"\bCREATE\s+(?:OR\s+REPLACE\s+)?(?:CONSTRAINT\s+)?TRIGGER\b", re.IGNORECASE
    ),
    "a serial or a sequence": re.compile(
        r"\b(?:small|big)?serial\b|\bnextval\b|\bCREATE\s+(?:TEMP\w*\s+)?SEQUENCE\b", re.IGNORECASE
    ),
    "an identity": re.compile(r"\bAS\s+IDENTITY\b", re.IGNORECASE),
}
_merged = re.compile(r"\bINSERT\s+INTO\b.*?\bON\s+CONFLICT\b(.*)", re.IGNORECASE | re.DOTALL)
_window = r"\w+\s*\([^()]*\)\s*OVER\s*\([^()]*\)"
_operator = r"(?:\|\||::|[-+*/])"
_ranked = re.compile(
    rf"\bINSERT\s+INTO\b.*(?:{_operator}\s*{_window}|{_window}\s*{_operator})",
    re.IGNORECASE | re.DOTALL,
)
VOLATILE = "SELECT DISTINCT proname FROM pg_proc WHERE provolatile = 'v' AND proname = ANY($1)"


def changes(sql: str) -> bool:
    """Whether the statement changes or removes rows that are there."""
    return _changes.search(_quoted.sub("''", sql)) is not None


def calls(sql: str) -> set[str]:
    """The names of all functions that the statement may call."""
    return {name.lower() for name in _called.findall(_quoted.sub("''", sql))}


async def volatile_of(url: str, statements: Iterable[str]) -> set[str]:
    """Those functions of the statements that Postgres itself calls volatile."""
    names = sorted(set().union(*map(calls, statements)))
    connection = await connect(url, within=10.0)
    try:
        return {row["proname"] for row in await connection.fetch(VOLATILE, names)}
    finally:
        await connection.close()


def refusals(sql: str, *, schema: str, volatile: Iterable[str] = ()) -> list[str]:
    """Why a distributed Postgres does not take this statement;
    `volatile` are the functions that must not be in a change.
    """
    text = _quoted.sub("''", sql)
    found = [what for what, pattern in _forbidden.items() if pattern.search(text)]
    found += [f"the schema {name}" for name in sorted(_schemas(text) - {schema, *SHARED})]
    if changes(text):
        found += [f"{name}() in a change" for name in sorted(calls(text) & set(volatile))]
    if _ranked.search(text):
        # What a WITH computes before the INSERT is taken; inside it, the worker is sent "WHERE ( IS
        # NOT NULL)".
        found.append("a value computed from a window function inside INSERT ... SELECT")
    if (
        (conflict := _merged.search(text))
        and re.search(r"\bSELECT\b", text, re.IGNORECASE)
        and re.search(r"\$\d", conflict[1])
    ):
        # The rows pass through the coordinator there: types of the parameters before those of the
        # conflict are forgotten.
        found.append("a parameter behind ON CONFLICT of INSERT ... SELECT")
    return found


def _schemas(text: str) -> set[str]:
    """The schemas from which the statement takes tables and functions."""
    names = {name for pattern in (_named, _called_elsewhere) for name in pattern.findall(text)}
    listed = (part for tables in _from.findall(text) for part in tables.split(","))
    names |= {found[1] for part in listed if (found := _table.match(part))}
    return {name.lower() for name in names} - {alias.lower() for alias in _alias.findall(text)}


@contextmanager
def compiled_statements() -> Iterator[dict[str, str]]:
    """All statements that are compiled from now on, as text,
    with the schema that each was compiled for.
    """
    found: dict[str, str] = {}
    usual = Compiled.__init__

    def watching(
        self: Compiled, statement: Executable, schema: str, columns: Sequence[str] | None
    ) -> None:
        usual(self, statement, schema, columns)
        found[self.sql] = schema

    Compiled.__init__ = watching  # type: ignore[method-assign]
    try:
        yield found
    finally:
        Compiled.__init__ = usual  # type: ignore[method-assign]
