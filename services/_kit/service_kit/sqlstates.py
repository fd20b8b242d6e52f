"""Database errors by SQLSTATE, as the kit's own words."""

from collections.abc import Sequence
from types import TracebackType
from typing import Any

import asyncpg

from service_kit.errors import Invalid, Unavailable


class UniqueViolated(Exception):
    """A unique constraint refused the row; `constraint` is its name. Stores turn it into the refusal of their slice."""

    def __init__(self, constraint: str) -> None:
        super().__init__(constraint)
        self.constraint = constraint


class ForeignKeyViolated(Exception):
    """A foreign key refused the row; `constraint` is its name."""

    def __init__(self, constraint: str) -> None:
        super().__init__(constraint)
        self.constraint = constraint


class CheckViolated(Invalid):
    """A value breaks a rule that the database holds."""


class ValueOutOfRange(Invalid):
    """A value cannot be stored: it is out of range, or holds a character that text cannot hold."""


class TransactionRolledBack(Exception):
    """Nothing was written (serialization failure, deadlock, connection lost before COMMIT): the whole transaction may run again."""


class OutcomeUnknown(Exception):
    """The connection was lost while COMMIT was under way: the outcome must be read back by the ids of what it `told`."""

    def __init__(self, told: Sequence[Any]) -> None:
        super().__init__("the connection was lost while COMMIT was under way")
        self.told = told


class DatabaseUnavailable(Unavailable):
    """The database does not answer at the moment; nothing was written."""


class LockNotAvailable(Unavailable):
    """Another request holds this resource; repeat the request."""


LOST = (ConnectionError, asyncpg.PostgresConnectionError, asyncpg.InterfaceError)
RETRIED = {"40001", "40P01"}
WAITED = {"55P03", "57014"}
# Values that no column can hold: out of range, NUL bytes, lone surrogates, broken dates.
UNSTORABLE_CLASS = "22"


def is_connection_lost(error: BaseException | None) -> bool:
    """Whether the error means that the connection is gone, by its class or by SQLSTATE 08*, 57P0x."""
    state = getattr(error, "sqlstate", None) or ""
    return isinstance(error, LOST) or state.startswith(("08", "57P0"))


def translated(error: BaseException) -> BaseException | None:
    """The kit's word for a database error, or None when it is none of those foreseen."""
    state: str = getattr(error, "sqlstate", None) or ""
    if isinstance(error, asyncpg.DataError | asyncpg.exceptions.DataError) or state.startswith(UNSTORABLE_CLASS):
        return ValueOutOfRange()
    if state == "23505":
        return UniqueViolated(str(getattr(error, "constraint_name", "")))
    if state == "23503":
        return ForeignKeyViolated(str(getattr(error, "constraint_name", "")))
    if state == "23514":
        return CheckViolated(f"the rule {getattr(error, 'constraint_name', '')} does not hold")
    if state in RETRIED:
        return TransactionRolledBack(state)
    if state in WAITED:
        return LockNotAvailable()
    if is_connection_lost(error):
        return TransactionRolledBack("connection lost")
    if isinstance(error, TimeoutError | OSError) or state in {"53300", "28P01", "28000", "3D000"}:
        return DatabaseUnavailable()
    return None


class _Translated:
    """`with TRANSLATED:` raises the kit's word in place of the driver's; it keeps no state, so that one serves all."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if error is not None and (word := translated(error)) is not None:
            raise word from error


TRANSLATED = _Translated()
