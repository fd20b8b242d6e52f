"""Runs compiled statements on an asyncpg pool: readings, transactions, and what became of a lost connection."""

import re
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Protocol, Self

import asyncpg
from pydantic_core import from_json, to_json
from sqlalchemy.sql.base import Executable

from service_kit import outbox
from service_kit.origin import SYSTEM_ORIGIN, Origin
from service_kit.outbox import Event, Recorded
from service_kit.signals import Signals
from service_kit.sqlstates import TRANSLATED, DatabaseUnavailable, OutcomeUnknown, TransactionRolledBack, is_answered
from service_kit.statements import Statements


class Record(Protocol):
    """A row as asyncpg gives it: by column name or position."""

    def __getitem__(self, key: str | int) -> Any: ...
    def __len__(self) -> int: ...
    def get(self, key: str, default: Any = None) -> Any: ...
    def keys(self) -> Iterable[str]: ...
    def values(self) -> Iterable[Any]: ...
    def items(self) -> Iterable[tuple[str, Any]]: ...


Row = Mapping[str, object]
_element_types = ("uuid", "jsonb", "text", "varchar", "timestamptz", "date", "bytea", "int2", "int4", "int8", "numeric", "float8", "bool")
SNAPSHOT = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
ARRAYS = "SELECT " + ", ".join(f"${number}::{name}[]" for number, name in enumerate(_element_types, start=1))


@dataclass(frozen=True, kw_only=True)
class PoolLimits:
    """Sizes and times of the pool; times in seconds."""

    smallest: int = 1
    largest: int = 10
    connect_within: float = 2.0
    acquire_within: float = 5.0
    statement_within: float = 15.0
    lock_within: float = 2.0
    # A process that was stopped in the middle of a transaction holds its locks no longer than this.
    pause_within: float = 60.0


class _Ended:
    """Stands in for the connection once the block was left: a lost connection may be tried again, this is a mistake of ours."""

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError("the block of this transaction was left already")


ENDED = _Ended()


class Reader:
    """Runs statements on one connection; every parameter goes by name."""

    def __init__(self, connection: Any, statements: Statements) -> None:
        self.connection = connection
        self._statements = statements

    async def fetch(self, statement: Executable, /, **given: object) -> list[Record]:
        """All rows."""
        compiled = self._statements.compiled(statement, given)
        with TRANSLATED:
            rows: list[Record] = await self.connection.fetch(compiled.sql, *compiled.arguments(given))
        return rows

    async def fetch_one(self, statement: Executable, /, **given: object) -> Record | None:
        """The first row, or None."""
        compiled = self._statements.compiled(statement, given)
        with TRANSLATED:
            row: Record | None = await self.connection.fetchrow(compiled.sql, *compiled.arguments(given))
        return row

    async def fetch_value(self, statement: Executable, /, **given: object) -> Any:
        """The first column of the first row, or None."""
        row = await self.fetch_one(statement, **given)
        return None if row is None else row[0]

    async def copy_out(self, statement: Executable, /, **given: object) -> bytes:
        """All rows as one binary COPY: for very many of them that go elsewhere as a whole."""
        compiled = self._statements.compiled(statement, given)
        content = bytearray()

        async def gather(part: bytes) -> None:
            content.extend(part)

        with TRANSLATED:
            await self.connection.copy_from_query(compiled.sql, *compiled.arguments(given), output=gather, format="binary")
        return bytes(content)


class Transaction(Reader):
    """A reader that may write; what it wrote is there when the `async with` block is left without an error."""

    def __init__(self, connection: Any, statements: Statements, origin: Origin) -> None:
        super().__init__(connection, statements)
        self.origin = origin
        self.recorded: list[Recorded] = []
        # The columns of the idempotency record that the answer to this request is kept under.
        self.answer: Row | None = None

    def record(self, event: Event, *, values: Row | None = None, sensitive: Row | None = None, proofs: Sequence[outbox.Proof] = ()) -> None:
        """Tell an event: it is written with its audit row just before COMMIT. `values` go to the audit alone and may be personal.

        `sensitive` goes there too and is shown to callers with the service's sensitive scope alone; `proofs` seal other rows of the change.
        """
        self.recorded.append(outbox.recorded(event, values or {}, sensitive=sensitive, proofs=proofs))

    def tell(self, event: Event) -> None:
        """Tell an event without an audit row of its own: the change stands in the row of another event of this transaction."""
        self.recorded.append(outbox.recorded(event, {}, is_audited=False))

    def audit(self, event: Event, *, values: Row | None = None, sensitive: Row | None = None) -> None:
        """Write an audit row without telling anybody, such as for the reading of a sensitive fact; values as in `record`."""
        self.recorded.append(outbox.recorded(event, values or {}, sensitive=sensitive, is_told=False))

    async def execute(self, statement: Executable, /, **given: object) -> int:
        """Run it and return how many rows it touched."""
        compiled = self._statements.compiled(statement, given)
        with TRANSLATED:
            status: str = await self.connection.execute(compiled.sql, *compiled.arguments(given))
        return _touched(status)

    async def execute_many(self, statement: Executable, rows: Sequence[Row]) -> None:
        """Run it once per row of parameters, pipelined; all rows name the same parameters."""
        if not rows:
            return
        compiled = self._statements.compiled(statement, rows[0])
        with TRANSLATED:
            await self.connection.executemany(compiled.sql, [compiled.arguments(row) for row in rows])

    async def copy_rows(self, table: str, *, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """COPY rows into a table of the own schema: the fast way for thousands of rows that cannot conflict."""
        with TRANSLATED:
            await self.connection.copy_records_to_table(table, records=rows, columns=list(columns), schema_name=self._statements.schema)

    async def copy_in(self, table: str, *, columns: Sequence[str], content: bytes) -> None:
        """Put a binary COPY, such as `copy_out` gives, into a table of the own schema."""
        options = {"columns": list(columns), "schema_name": self._statements.schema, "format": "binary"}
        with TRANSLATED:
            await self.connection.copy_to_table(table, source=BytesIO(content), **options)

    @asynccontextmanager
    async def savepoint(self) -> AsyncIterator[Self]:
        """What fails inside is undone alone, together with what it told; the transaction goes on."""
        told = len(self.recorded)
        await self._say("SAVEPOINT step")
        try:
            yield self
        except BaseException:
            del self.recorded[told:]
            # Going back leaves the savepoint there: without the release an outer one of the same name would stay hidden behind it.
            await self._say("ROLLBACK TO SAVEPOINT step; RELEASE SAVEPOINT step")
            raise
        await self._say("RELEASE SAVEPOINT step")

    async def _say(self, command: str) -> None:
        with TRANSLATED:
            await self.connection.execute(command)


class _TransactionBlock:
    """`async with`: BEGIN with the limits of this transaction in one round trip, then COMMIT or ROLLBACK."""

    def __init__(self, database: "Database", begin: str, origin: Origin) -> None:
        self._database = database
        self._begin = begin
        self._origin = origin
        self._connection: Any = None
        self._tx: Transaction | None = None

    async def __aenter__(self) -> Transaction:
        self._connection = await self._database.acquire()
        try:
            with TRANSLATED:
                await self._connection.execute(self._begin)
        except BaseException:
            await self._database.release(self._connection)
            raise
        self._tx = Transaction(self._connection, self._database.statements, self._origin)
        return self._tx

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        try:
            if kind is None:
                await self._tell_and_commit()
            else:
                await self._roll_back()
        finally:
            if self._tx is not None:
                self._tx.connection = ENDED
            await self._database.release(self._connection)

    async def _tell_and_commit(self) -> None:
        assert self._tx is not None
        told = self._tx.recorded
        try:
            if told or self._tx.answer is not None:
                await outbox.write(self._tx, told, self._origin, self._tx.answer)
            await self._commit(told)
        except BaseException:
            await self._roll_back()
            raise
        if told:
            self._database.signals.wake("outbox")

    async def _commit(self, told: Sequence[Recorded]) -> None:
        try:
            with TRANSLATED:
                outcome = await self._connection.execute("COMMIT")
        except (TransactionRolledBack, DatabaseUnavailable) as error:
            # A lost connection is read as "rolled back" everywhere but here: COMMIT may have reached the server.
            if is_answered(error.__cause__):
                raise
            raise OutcomeUnknown(told) from error
        # A COMMIT of a failed transaction answers ROLLBACK without any error.
        if outcome != "COMMIT":
            raise TransactionRolledBack("the transaction had failed before its COMMIT")

    async def _roll_back(self) -> None:
        await _roll_back(self._connection)


async def _roll_back(connection: Any) -> None:
    try:
        await connection.execute("ROLLBACK")
    except (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError):
        # The server forgets the transaction with the connection; the error that brought us here is the one to tell.
        # A connection that is lost already has left the pool, and even asking it whether it is closed raises.
        with suppress(asyncpg.InterfaceError):
            connection.terminate()


class Database:
    """The service's own schema on its own pool."""

    def __init__(self, url: str, schema: str, *, limits: PoolLimits | None = None) -> None:
        self.url = url
        self.limits = limits or PoolLimits()
        self.statements = Statements(schema)
        self.signals = Signals()
        self._pool: Any = None
        within = f"SET LOCAL lock_timeout = {int(self.limits.lock_within * 1000)}; SET LOCAL statement_timeout = "
        self._begin = f"BEGIN; {within}{int(self.limits.statement_within * 1000)}"

    @property
    def schema(self) -> str:
        return self.statements.schema

    async def open(self) -> None:
        """Make the pool; connections are made when they are first needed, so that a service starts before its database."""
        self._pool = asyncpg.create_pool(
            min_size=0,
            max_size=self.limits.largest,
            max_inactive_connection_lifetime=300,
            connect=self._connect,
            init=_teach,
            reset=_keep_session,
        )
        await self._pool

    async def close(self) -> None:
        if self._pool is not None:
            await self._pool.close()

    async def _connect(self, *_args: object, **options: Any) -> Any:
        limits = {
            "idle_in_transaction_session_timeout": self.limits.pause_within,
            # Of a reading; a transaction sets its own.
            "statement_timeout": self.limits.statement_within,
        }
        session = {name: str(int(seconds * 1000)) for name, seconds in limits.items()}
        return await connect(self.url, within=self.limits.connect_within, session=session, **options)

    async def acquire(self) -> Any:
        with TRANSLATED:
            return await self._pool.acquire(timeout=self.limits.acquire_within)

    async def release(self, connection: Any) -> None:
        await self._pool.release(connection)

    def transaction(
        self, *, origin: Origin = SYSTEM_ORIGIN, lock_within: float | None = None, statement_within: float | None = None
    ) -> _TransactionBlock:
        """A transaction, READ COMMITTED, of that origin; limits in seconds where the usual ones do not fit."""
        begin = self._begin
        if lock_within is not None:
            begin += f"; SET LOCAL lock_timeout = {int(lock_within * 1000)}"
        if statement_within is not None:
            begin += f"; SET LOCAL statement_timeout = {int(statement_within * 1000)}"
        return _TransactionBlock(self, begin, origin)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Reader]:
        """A connection for single statements, each its own snapshot and within the usual limit."""
        connection = await self.acquire()
        reader = Reader(connection, self.statements)
        try:
            yield reader
        finally:
            reader.connection = ENDED
            await self.release(connection)

    @asynccontextmanager
    async def snapshot(self, *, statement_within: float | None = None) -> AsyncIterator[Reader]:
        """A connection on which all statements see the same moment; a limit in seconds where the usual one is too short."""
        within = self.limits.statement_within if statement_within is None else statement_within
        connection = await self.acquire()
        reader = Reader(connection, self.statements)
        try:
            with TRANSLATED:
                await connection.execute(f"{SNAPSHOT}; SET LOCAL statement_timeout = {int(within * 1000)}")
            yield reader
        finally:
            await _roll_back(connection)
            reader.connection = ENDED
            await self.release(connection)

    async def listen(self, channel: str, callback: Any) -> Any:
        """A connection of its own that hears NOTIFY on the channel: a hint, polling stays the truth. The caller closes it."""
        connection = await connect(self.url, within=self.limits.connect_within)
        await connection.add_listener(channel, callback)
        return connection


async def connect(url: str, *, within: float = 2.0, session: Mapping[str, str] | None = None, **options: Any) -> Any:
    """One connection to the primary among the hosts of the URL; each host is tried for `within` seconds.

    `session` holds settings of the server for this connection.

    Raises DatabaseUnavailable, or TransactionRolledBack when the last host refused the connection.
    """
    settings = {"jit": "off", **(session or {})}
    failure: BaseException = ConnectionError("the database URL names no host")
    for single in single_host_urls(url):
        try:
            return await asyncpg.connect(single, timeout=within, target_session_attrs="primary", server_settings=settings, **options)
        except asyncpg.TargetServerAttributeNotMatched as error:
            failure = ConnectionError(str(error))
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            failure = error
    with TRANSLATED:
        raise failure


def single_host_urls(url: str) -> list[str]:
    """`postgresql://u:p@a:1,b:2/d` as one URL per host; the libpq form `postgresql:///d?host=/dir` stays one."""
    scheme, separator, rest = url.partition("://")
    authority = re.split("[/?]", rest, maxsplit=1)[0]
    user, at, hosts = authority.rpartition("@")
    return [f"{scheme}{separator}{user}{at}{host}{rest.removeprefix(authority)}" for host in hosts.split(",")]


async def _teach(connection: Any) -> None:
    """Values of jsonb columns are Python's own; in the binary format, which COPY needs, the text stands behind a version byte.

    The array types that statements bind are learned at once, instead of one by one at their first use.
    """
    await connection.set_type_codec(
        "jsonb",
        encoder=lambda value: b"\x01" + to_json(value),
        decoder=lambda stored: from_json(stored[1:]),
        schema="pg_catalog",
        format="binary",
    )
    await connection.prepare(ARRAYS)


async def _keep_session(_connection: Any) -> None:
    """Sessions carry no state (SET LOCAL only), so that there is nothing to reset."""


def _touched(status: str) -> int:
    last = status.rpartition(" ")[2]
    return int(last) if last.isdigit() else 0
