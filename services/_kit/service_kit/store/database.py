"""Runs compiled statements on an asyncpg pool:
readings, transactions, and what became of a lost connection.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, Self
from weakref import WeakSet

import asyncpg

from service_kit.process.origin import SYSTEM_ORIGIN, Origin
from service_kit.process.signals import Signals
from service_kit.store import outbox
from service_kit.store.connection import (
    GRACE_SECONDS,
    LET_GO_SECONDS,
    Connection,
    Hosts,
    Patience,
    PoolLimits,
    connect,
    roll_back,
    teach,
    terminate,
)
from service_kit.store.events import Action, Told
from service_kit.store.outbox import Recorded
from service_kit.store.running import Reader, Row, Writer
from service_kit.store.sqlstates import (
    TRANSLATED,
    DatabaseUnavailable,
    OutcomeUnknown,
    TransactionRolledBack,
    is_answered,
)
from service_kit.store.statements import Statements

SNAPSHOT = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
LOOK_AGAIN_SECONDS = 0.5


class _Ended:
    """Stands in for the connection once the block was left:
    a lost connection may be tried again, this is a mistake of ours.
    """

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError("the block of this transaction was left already")


ENDED = _Ended()


class Transaction(Writer):
    """A reader that may write;
    what it wrote is there when the `async with` block is left without an error.
    """

    def __init__(
        self, connection: Any, statements: Statements, patience: Patience, origin: Origin
    ) -> None:
        super().__init__(connection, statements, patience)
        self.origin = origin
        self.recorded: list[Recorded] = []
        # The columns of the idempotency record that the answer to this request is kept under.
        self.answer: Row | None = None

    def record(
        self,
        event: Told,
        *,
        values: Row | None = None,
        sensitive: Row | None = None,
        proofs: Sequence[outbox.Proof] = (),
    ) -> None:
        """Tell an event: it is written with its audit row just before COMMIT. `values` go to the
        audit alone and may be personal.

        `sensitive` goes there too and is shown to callers with the service's sensitive scope alone;
        `proofs` seal other rows of the change.
        """
        self.recorded.append(
            outbox.recorded(event, values or {}, sensitive=sensitive, proofs=proofs)
        )

    def tell(self, event: Told) -> None:
        """Tell an event without an audit row of its own:
        the change stands in the row of another event of this transaction.
        """
        self.recorded.append(outbox.recorded(event, {}, is_audited=False))

    def audit(self, action: Action, *, sensitive: Row | None = None) -> None:
        """Write an audit row without telling anybody; `sensitive` as in `record`."""
        self.recorded.append(outbox.recorded(action, {}, sensitive=sensitive, is_told=False))

    @asynccontextmanager
    async def savepoint(self) -> AsyncIterator[Self]:
        """What fails inside is undone alone, together with what it told;
        the transaction goes on.
        """
        told = len(self.recorded)
        await self._say("SAVEPOINT step")
        try:
            yield self
        except BaseException:
            del self.recorded[told:]
            # Going back leaves the savepoint there: without the release an outer one of the same
            # name would stay hidden behind it.
            await self._say("ROLLBACK TO SAVEPOINT step; RELEASE SAVEPOINT step")
            raise
        await self._say("RELEASE SAVEPOINT step")

    async def _say(self, command: str) -> None:
        await self._patience.answer(self.connection, "execute", command)


class _TransactionBlock:
    """`async with`: BEGIN with the limits of this transaction in one round trip,
    then COMMIT or ROLLBACK.
    """

    def __init__(
        self, database: "Database", begin: str, patience: Patience, origin: Origin
    ) -> None:
        self._database = database
        self._begin = begin
        self._patience = patience
        self._origin = origin
        self._connection: Any = None
        self._tx: Transaction | None = None

    async def __aenter__(self) -> Transaction:
        self._connection = await self._database.begun(self._begin, self._patience)
        self._tx = Transaction(
            self._connection, self._database.statements, self._patience, self._origin
        )
        return self._tx

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: object
    ) -> None:
        try:
            if kind is None:
                await self._tell_and_commit()
            else:
                await roll_back(self._connection)
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
            await roll_back(self._connection)
            raise
        if told:
            self._database.signals.wake("outbox")

    async def _commit(self, told: Sequence[Recorded]) -> None:
        try:
            outcome = await self._patience.answer(self._connection, "execute", "COMMIT")
        except (TransactionRolledBack, DatabaseUnavailable) as error:
            # A lost connection is read as "rolled back" everywhere but here: COMMIT may have
            # reached the server.
            if is_answered(error.__cause__):
                raise
            raise OutcomeUnknown(told) from error
        # A COMMIT of a failed transaction answers ROLLBACK without any error.
        if outcome != "COMMIT":
            raise TransactionRolledBack("the transaction had failed before its COMMIT")


class Database:
    """The service's own schema on its own pool."""

    def __init__(self, url: str, schema: str, *, limits: PoolLimits | None = None) -> None:
        self.url = url
        self.limits = limits or PoolLimits()
        self.statements = Statements(schema)
        self.signals = Signals()
        self._hosts = Hosts(url)
        self._connections: WeakSet[Connection] = WeakSet()
        self._looking: asyncio.Task[None] | None = None
        self._pool: Any = None
        within = (
            f"SET LOCAL lock_timeout = {int(self.limits.lock_within * 1000)}; SET LOCAL"
            " statement_timeout = "
        )
        self._begin = f"BEGIN; {within}{int(self.limits.statement_within * 1000)}"

    @property
    def schema(self) -> str:
        return self.statements.schema

    async def open(self) -> None:
        """Make the pool; connections are made when they are first needed,
        so that a service starts before its database.
        """
        self._pool = asyncpg.create_pool(
            min_size=0,
            max_size=self.limits.largest,
            max_inactive_connection_lifetime=300,
            connect=self._connect,
            connection_class=Connection,
            init=teach,
            reset=_keep_session,
        )
        await self._pool

    async def close(self) -> None:
        """Close what is open; a server that says nothing is not waited for."""
        if self._looking is not None:
            self._looking.cancel()
        if self._pool is not None:
            # A pool whose closing is interrupted ends its connections at once.
            with suppress(TimeoutError):
                async with asyncio.timeout(LET_GO_SECONDS):
                    await self._pool.close()

    async def _connect(self, *_args: object, **options: Any) -> Connection:
        limits = {
            "idle_in_transaction_session_timeout": self.limits.pause_within,
            # Of a reading; a transaction sets its own.
            "statement_timeout": self.limits.statement_within,
        }
        session = {name: str(int(seconds * 1000)) for name, seconds in limits.items()}
        connection = await self._hosts.connect(
            within=self.limits.connect_within, session=session, **options
        )
        self._leave_others(connection.host)
        self._connections.add(connection)
        return connection

    def _leave_others(self, primary: str) -> None:
        """There is one primary:
        connections to any other host lead to what was one, be it silent or read-only now.
        """
        for connection in list(self._connections):
            if connection.host != primary:
                terminate(connection)

    def _doubt(self) -> None:
        """Somebody kept silent: look for the primary beside the pool,
        whose connections may all hang, and make new ones from now on.
        """
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look(), name="looking for the primary")

    async def _look(self) -> None:
        await self._pool.expire_connections()
        while True:
            try:
                found = await self._hosts.connect(within=self.limits.connect_within)
            except (DatabaseUnavailable, TransactionRolledBack):
                await asyncio.sleep(LOOK_AGAIN_SECONDS)
                continue
            self._leave_others(found.host)
            terminate(found)
            return

    async def acquire(self) -> Any:
        with TRANSLATED:
            try:
                async with asyncio.timeout(self.limits.acquire_within):
                    return await self._pool.acquire()
            except TimeoutError:
                self._doubt()
                raise

    async def begun(self, begin: str, patience: Patience) -> Any:
        """A connection on which a transaction was begun."""
        connection = await self.acquire()
        try:
            await patience.answer(connection, "execute", begin, within=self.limits.answer_within)
        except BaseException:
            await roll_back(connection)
            await self.release(connection)
            raise
        return connection

    async def release(self, connection: Any) -> None:
        """Give a connection back, or end it when it cannot be had back in time.
        Only a cancellation is raised.
        """
        try:
            async with asyncio.timeout(LET_GO_SECONDS):
                await self._pool.release(connection, timeout=LET_GO_SECONDS)
        except (
            asyncpg.PostgresError,
            asyncpg.InterfaceError,
            asyncpg.InternalClientError,
            OSError,
        ):
            terminate(connection)

    def _patience(self, statement_within: float) -> Patience:
        return Patience(statement_within + GRACE_SECONDS, self._doubt)

    def transaction(
        self,
        *,
        origin: Origin = SYSTEM_ORIGIN,
        lock_within: float | None = None,
        statement_within: float | None = None,
        pause_within: float | None = None,
    ) -> _TransactionBlock:
        """A transaction, READ COMMITTED, of that origin;
        limits in seconds where the usual ones do not fit.
        """
        begin = self._begin
        limits = {
            "lock_timeout": lock_within,
            "statement_timeout": statement_within,
            "idle_in_transaction_session_timeout": pause_within,
        }
        for name, seconds in limits.items():
            if seconds is not None:
                begin += f"; SET LOCAL {name} = {max(1, int(seconds * 1000))}"
        patience = self._patience(
            self.limits.statement_within if statement_within is None else statement_within
        )
        return _TransactionBlock(self, begin, patience, origin)

    @asynccontextmanager
    async def reading(self, *, within: float | None = None) -> AsyncIterator[Reader]:
        """A connection for single statements, each its own snapshot and within the usual limit,
        or answered within fewer seconds.
        """
        connection = await self.acquire()
        patience = (
            self._patience(self.limits.statement_within)
            if within is None
            else Patience(within, self._doubt)
        )
        reader = Reader(connection, self.statements, patience)
        try:
            yield reader
        finally:
            reader.connection = ENDED
            await self.release(connection)

    @asynccontextmanager
    async def snapshot(self, *, statement_within: float | None = None) -> AsyncIterator[Reader]:
        """A connection on which all statements see the same moment;
        a limit in seconds where the usual one is too short.
        """
        within = self.limits.statement_within if statement_within is None else statement_within
        patience = self._patience(within)
        connection = await self.begun(
            f"{SNAPSHOT}; SET LOCAL statement_timeout = {int(within * 1000)}", patience
        )
        reader = Reader(connection, self.statements, patience)
        try:
            yield reader
        finally:
            try:
                await roll_back(connection)
            finally:
                reader.connection = ENDED
                await self.release(connection)

    async def listen(self, channel: str, callback: Any) -> Any:
        """A connection of its own that hears NOTIFY on the channel:
        a hint, polling stays the truth. The caller closes it.
        """
        connection = await connect(
            self.url, within=self.limits.connect_within, command_timeout=self.limits.answer_within
        )
        try:
            await connection.add_listener(channel, callback)
        except BaseException:
            terminate(connection)
            raise
        return connection


async def _keep_session(_connection: Any) -> None:
    """Sessions carry no state (SET LOCAL only), so that there is nothing to reset."""
