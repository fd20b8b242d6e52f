"""SQLAlchemy Core statements compiled once into what asyncpg runs."""

import sys
from collections.abc import Mapping, Sequence
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import ARRAY, Insert, TableValuedAlias, Update, bindparam, column, func
from sqlalchemy.dialects.postgresql import asyncpg as asyncpg_dialect
from sqlalchemy.sql.base import Executable
from sqlalchemy.sql.compiler import SQLCompiler

DIALECT = asyncpg_dialect.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy leaves the constructor untyped.


def rows(name: str, /, **types: Any) -> TableValuedAlias:
    """Many rows as the parameters of one statement:
    `rows("new", id=Uuid, text=String)` binds the lists `new_id` and `new_text`.
    """
    arrays = [bindparam(f"{name}_{key}", type_=ARRAY(kind)) for key, kind in types.items()]
    columns = [column(key, kind) for key, kind in types.items()]
    return func.unnest(*arrays).table_valued(*columns, name=name).render_derived()


class MissingParameters(TypeError):
    """The statement names parameters that the call did not give,
    or the call names columns that the table does not have: a bug of ours.
    """


class Compiled:
    """The SQL text of one statement and the order of its parameters."""

    __slots__ = ("_defaults", "_names", "sql")

    def __init__(self, statement: Executable, schema: str, columns: Sequence[str] | None) -> None:
        compiler: SQLCompiler = DIALECT.statement_compiler(
            DIALECT,
            statement,  # type: ignore[arg-type]  # Every Executable we write is a ClauseElement.
            column_keys=columns,
            schema_translate_map={None: schema},
            render_schema_translate=True,
        )
        if any(bind.required for bind in compiler.post_compile_params):
            raise MissingParameters(
                "IN takes a list that the statement itself holds; for a parameter write `="
                " any_(...)`"
            )
        required = {name for name, bind in compiler.binds.items() if bind.required}
        state = compiler.construct_expanded_state(dict.fromkeys(required), escape_names=False)
        self.sql = state.statement
        self._names = tuple(state.positiontup or ())
        self._defaults = {
            name: state.parameters[name] for name in self._names if name not in required
        }
        if unknown := set(columns or ()) - set(self._names):
            raise MissingParameters(f"the statement has no place for {', '.join(sorted(unknown))}")

    def arguments(self, given: Mapping[str, object]) -> list[object]:
        """The given parameters and the statement's own literals, in the order of `$1, $2, ...`."""
        defaults = self._defaults
        try:
            return [given[name] if name in given else defaults[name] for name in self._names]
        except KeyError as error:
            raise MissingParameters(f"parameter {error} is missing") from error


class Statements:
    """Compiles for one schema;
    what lives at module level is compiled once, what is built per call is forgotten with it.
    """

    def __init__(self, schema: str) -> None:
        self.schema = schema
        self._compiled: WeakKeyDictionary[Any, dict[frozenset[str] | None, Compiled]] = (
            WeakKeyDictionary()
        )

    def compiled(self, statement: Executable, given: Mapping[str, object]) -> Compiled:
        columns = frozenset(given) if takes_columns(statement) else None
        variants = self._compiled.get(statement)
        if variants is None:
            variants = self._compiled[statement] = {}
        found = variants.get(columns)
        if found is None:
            found = variants[columns] = Compiled(
                statement, self.schema, None if columns is None else sorted(columns)
            )
        return found


class naming:  # noqa: N801  # It is called like a function, and cheaper than one that yields.
    """Around the run of a statement: its errors say in a note which one it was."""

    __slots__ = ("_statement",)

    def __init__(self, statement: Executable) -> None:
        self._statement = statement

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, Exception):
            error.add_note(f"in the statement {name_of(self._statement)}")


def name_of(statement: Executable) -> str:
    """The module and the constant that hold a statement, such as `complaints.case.store.LOCK`;
    what was put together for one call goes by its kind.

    It is asked for where a statement failed, which is seldom enough for a walk over all modules.
    """
    for name, module in list(sys.modules.items()):
        for constant, value in list(vars(module).items()):
            if value is statement:
                return f"{name}.{constant}"
    return f"a {type(statement).__name__.lower()} of its own"


def takes_columns(statement: Executable) -> bool:
    """Whether the statement is an `insert(table)` or `update(table)` whose columns
    are those of the call's parameters.
    """
    if isinstance(statement, Insert):
        return (
            statement._values is None and statement._multi_values == () and statement.select is None
        )
    return isinstance(statement, Update) and not statement._values
