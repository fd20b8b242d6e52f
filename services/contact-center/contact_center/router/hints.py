"""LISTEN and NOTIFY between the processes of this service:
only hints, polling finds what they miss.
"""

import asyncio
from contextlib import suppress

import asyncpg
from service_kit.process.signals import Signals
from service_kit.store.database import Database
from service_kit.store.sqlstates import OutcomeUnknown, TransactionRolledBack
from service_kit.words.errors import Unavailable
from service_kit.words.identity import new_id
from sqlalchemy import bindparam, func, select

COMMITTED = "outbox"
"""The kit wakes this topic after every commit of this process that tells something."""
ELSEWHERE = "committed elsewhere"
PAUSE_SECONDS = 0.02
CHECK_SECONDS = 5.0
TELL = select(func.pg_notify(bindparam("channel"), bindparam("sender")))


class Hints:
    """Tells the other processes that something was committed here.

    Notifications are sent apart from the transactions that they are about: NOTIFY inside a
    transaction makes its COMMIT wait for every other one that notifies.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._sender = new_id().hex
        self._task: asyncio.Task[None] | None = None

    @property
    def channel(self) -> str:
        return f"guanxi_{self._database.schema}"

    def is_own(self, sender: str) -> bool:
        return sender == self._sender

    async def start(self) -> None:
        self._task = asyncio.create_task(self._tell_on(), name="hints")

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _tell_on(self) -> None:
        signals = self._database.signals
        while True:
            following = asyncio.create_task(signals.wait(COMMITTED, seconds=CHECK_SECONDS))
            try:
                # What is committed during the pause must not be missed, so that the next hint is
                # awaited from its beginning on.
                await asyncio.sleep(PAUSE_SECONDS)
                if await following:
                    await self._tell()
            finally:
                following.cancel()

    async def _tell(self) -> None:
        with suppress(Unavailable, TransactionRolledBack, OutcomeUnknown):
            async with self._database.reading() as reader:
                await reader.fetch(TELL, channel=self.channel, sender=self._sender)


class Hearing:
    """The worker that listens to the other processes."""

    name = "hearing"

    def __init__(self, database: Database, hints: Hints) -> None:
        self._database = database
        self._hints = hints

    async def run(self) -> None:
        connection = await self._database.listen(self._hints.channel, self._heard)
        try:
            while not connection.is_closed():
                await asyncio.sleep(CHECK_SECONDS)
                # A connection that broke in silence is found by using it.
                await connection.execute("SELECT 1")
        except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            raise ConnectionError("the listening connection was lost") from error
        finally:
            connection.terminate()

    def _heard(self, _connection: object, _process: int, _channel: str, sender: object) -> None:
        if not self._hints.is_own(str(sender)):
            self._database.signals.wake(ELSEWHERE)


async def hinted(signals: Signals, *, seconds: float) -> None:
    """Wait until something was committed here or elsewhere, or the time is over."""
    waits = [
        asyncio.create_task(signals.wait(topic, seconds=seconds))
        for topic in (COMMITTED, ELSEWHERE)
    ]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
