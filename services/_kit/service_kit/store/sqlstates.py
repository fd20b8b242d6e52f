"""Database errors by SQLSTATE, as the kit's own words."""

from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any

import asyncpg

from service_kit.words.errors import Invalid, Unavailable
from service_kit.words.messages import said


class UniqueViolated(Exception):
    """A unique constraint refused the row; `constraint` is its name.
    Stores turn it into the refusal of their slice.
    """

    def __init__(self, constraint: str) -> None:
        super().__init__(constraint)
        self.constraint = constraint


class ExclusionViolated(UniqueViolated):
    """An exclusion constraint refused the row: it overlaps another one;
    `constraint` is its name.
    """


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
    """Nothing was written (serialization failure, deadlock, connection lost before COMMIT):
    the whole transaction may run again.
    """


class OutcomeUnknown(Exception):
    """The connection was lost while COMMIT was under way:
    the outcome must be read back by the ids of what it `told`.
    """

    def __init__(self, told: Sequence[Any]) -> None:
        super().__init__("the connection was lost while COMMIT was under way")
        self.told = told


class DatabaseUnavailable(Unavailable):
    """The database does not answer at the moment; nothing was written."""


class LockNotAvailable(Unavailable):
    """Another request holds this resource; repeat the request."""


class StatementTooSlow(Unavailable):
    """This took longer than one request may take; ask for less at once, or repeat it later."""


# The server lives and says so: what was asked for is to blame, and comes after the others.
OWN_FAULTS = (LockNotAvailable, StatementTooSlow)
BY_STATE: Mapping[str, Callable[[str], Exception]] = {
    "23505": UniqueViolated,
    "23P01": ExclusionViolated,
    "23503": ForeignKeyViolated,
    "23514": lambda constraint: CheckViolated(
        said("the rule {constraint} does not hold", constraint=constraint)
    ),
    "55P03": lambda _: LockNotAvailable(),
    "57014": lambda _: StatementTooSlow(),
}
# The driver loses its place when the server ends a session between two statements; that connection
# is of no use either.
LOST = (ConnectionError, asyncpg.PostgresConnectionError, asyncpg.InternalClientError)
# The session was ended by the server: connection failures, shutdowns, and a pause inside a
# transaction that was too long.
ENDED = ("08", "57P0", "25P03")
RETRIED = {"40001", "40P01"}
# A migration changed what a prepared statement reads; the driver has forgotten the statement and
# prepares it anew.
OUTDATED = (asyncpg.InvalidCachedStatementError, asyncpg.OutdatedSchemaCacheError)
# Too many connections, disk or memory full; no right to enter; a standby that cannot write.
REFUSED = ("53", "28", "3D000", "25006")
# Values that no column can hold: out of range, NUL bytes, lone surrogates, broken dates.
UNSTORABLE_CLASS = "22"


def is_connection_lost(error: BaseException | None) -> bool:
    """Whether the error means that the connection is gone, by its class, by SQLSTATE,
    or by the driver's own words.
    """
    if isinstance(error, asyncpg.InterfaceError):
        # The driver has one class for closed connections, which leave the pool, and for calls that
        # are mistakes of ours.
        return any(word in str(error) for word in ("closed", "closing", "released back"))
    return isinstance(error, LOST) or _state(error).startswith(ENDED)


def is_answered(error: BaseException | None) -> bool:
    """Whether the server itself said what became of the statement, and lives on."""
    return bool(_state(error)) and not is_connection_lost(error)


def is_unstorable(error: BaseException) -> bool:
    """Whether a value cannot be stored, by what the server says or by what the driver finds before
    it asks the server.

    A value of another type than the column's, which only the driver finds, is a mistake of ours and
    not of the caller.
    """
    return _state(error).startswith(UNSTORABLE_CLASS) and not isinstance(error.__cause__, TypeError)


def _state(error: BaseException | None) -> str:
    return getattr(error, "sqlstate", None) or ""


def translated(error: BaseException) -> BaseException | None:
    """The kit's word for a database error, or None when it is none of those foreseen."""
    state = _state(error)
    if is_unstorable(error):
        return ValueOutOfRange()
    if state in RETRIED or isinstance(error, OUTDATED):
        return TransactionRolledBack(state)
    if is_connection_lost(error):
        return TransactionRolledBack("connection lost")
    if isinstance(error, TimeoutError | OSError) or state.startswith(REFUSED):
        return DatabaseUnavailable()
    return (
        BY_STATE[state](str(getattr(error, "constraint_name", ""))) if state in BY_STATE else None
    )


class _Translated:
    """`with TRANSLATED:` raises the kit's word in place of the driver's;
    it keeps no state, so that one serves all.
    """

    def __enter__(self) -> None:
        return None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is not None and (word := translated(error)) is not None:
            raise word from error


TRANSLATED = _Translated()
