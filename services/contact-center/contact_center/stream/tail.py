"""One reader of the own feed per process, which hands each event to the desktops of its agent."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from service_kit.process.logs import logger
from service_kit.store.database import Database
from service_kit.store.running import Record
from service_kit.store.sqlstates import OutcomeUnknown, TransactionRolledBack
from service_kit.words.errors import Unavailable

from contact_center.stream.store import BATCH, FeedStore

log = logger(__name__)
POLL_SECONDS = 0.25
LONGEST_QUEUE = 1_000
MOST_MISSED = 20_000
"""How many positions of the feed are gone through for a desktop that comes back."""

# What a desktop hears of the events of the feed; acceptance and rejection show in the contact
# itself.
HEARD: Mapping[str, str] = {
    "offer.made": "offer.made",
    "offer.withdrawn": "offer.withdrawn",
    "offer.timed_out": "offer.withdrawn",
    "contact.assigned": "contact.changed",
    "contact.on_hold": "contact.changed",
    "contact.resumed": "contact.changed",
    "contact.transferred": "contact.changed",
    "contact.wrapping": "contact.changed",
    "contact.completed": "contact.changed",
    "contact.changed": "contact.changed",
}


@dataclass(frozen=True)
class Heard:
    """An event as a desktop hears it; `position` is where to go on after a broken connection."""

    position: int
    name: str
    payload: Mapping[str, Any]


Line = asyncio.Queue[Heard | None]


class Tail:
    """Reads on while anybody listens;
    a desktop too slow to follow is let go and comes back with its last position.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lines: defaultdict[str, set[Line]] = defaultdict(set)
        self._reading: asyncio.Task[None] | None = None
        self._begun: asyncio.Future[None] | None = None
        self._position = 0

    @asynccontextmanager
    async def listening(self, agent_id: UUID) -> AsyncIterator[tuple[Line, int]]:
        """A line with what happens from now on, and the position behind which that is;
        None on the line ends it.
        """
        reading = await self._read_by_one()
        # From here to the yield nothing is awaited: what is handed out after this position is on
        # the line, and nothing twice.
        line: Line = asyncio.Queue(LONGEST_QUEUE)
        lines = self._lines[str(agent_id)]
        lines.add(line)
        if reading.done():
            let_go(line)
        try:
            yield line, self._position
        finally:
            lines.discard(line)
            if not lines:
                self._lines.pop(str(agent_id), None)

    async def missed(self, agent_id: UUID, *, after: int, until: int) -> list[Heard] | None:
        """What an agent would have heard meanwhile;
        None when that is too long ago to go through.
        """
        if after > until or until - after > MOST_MISSED:
            return None
        async with self._database.reading() as reader:
            feed = FeedStore(reader)
            if after < (await feed.head()).trimmed_to:
                return None
            rows = await feed.of_agent(agent_id, after=after, until=until)
        return [heard for row in rows if (heard := heard_of(row)) is not None]

    def end(self) -> None:
        """Let everybody go: the process stops."""
        for lines in list(self._lines.values()):
            for line in list(lines):
                let_go(line)

    async def close(self) -> None:
        self.end()
        if self._reading is not None:
            self._reading.cancel()
            with suppress(asyncio.CancelledError):
                await self._reading
            self._reading = None

    async def _read_by_one(self) -> asyncio.Task[None]:
        """The one reader, once it knows from where it reads on; a new one where there is none or it
        broke off.

        It is made before anything is awaited, so that desktops that come at once share it. Raises
        Unavailable when it cannot begin.
        """
        if self._reading is None or self._begun is None or self._reading.done():
            self._begun = asyncio.get_running_loop().create_future()
            self._reading = asyncio.create_task(
                self._read_from_head(self._begun), name="stream tail"
            )
        reading = self._reading
        await asyncio.shield(self._begun)
        return reading

    async def _read_from_head(self, begun: asyncio.Future[None]) -> None:
        """Read until the process stops;
        a reader that breaks off lets everybody go, so that they come back to the next one.
        """
        try:
            self._position = await self._head()
            begun.set_result(None)
            await self._read_on()
        except Exception:
            log.exception("the stream's reader broke off")
        finally:
            if not begun.done():
                begun.set_exception(Unavailable("the stream cannot begin at this moment"))
            self.end()

    async def _head(self) -> int:
        async with self._database.reading() as reader:
            return (await FeedStore(reader).head()).position

    async def _read_on(self) -> None:
        while not self._database.signals.is_stopping:
            hint = asyncio.create_task(self._database.signals.wait("feed", seconds=POLL_SECONDS))
            await asyncio.sleep(0)
            try:
                if not await self._read():
                    await hint
            except (Unavailable, TransactionRolledBack, OutcomeUnknown) as error:
                log.warning("the stream waits for the database", reason=str(error)[:200])
                await asyncio.sleep(POLL_SECONDS)
            finally:
                hint.cancel()

    async def _read(self) -> bool:
        async with self._database.reading() as reader:
            rows = await FeedStore(reader).after(self._position)
        for row in rows:
            self._position = row["position"]
            self._hand_out(row)
        return len(rows) == BATCH

    def _hand_out(self, row: Record) -> None:
        heard = heard_of(row)
        if heard is None:
            return
        for name in ("agent_id", "from_agent_id"):
            for line in list(self._lines.get(str(heard.payload.get(name)), ())):
                if line.full():
                    let_go(line)
                else:
                    line.put_nowait(heard)


def heard_of(row: Record) -> Heard | None:
    name = HEARD.get(row["type"])
    return None if name is None else Heard(row["position"], name, row["payload"])


def let_go(line: Line) -> None:
    """End a line, making room for the word that ends it."""
    if line.full():
        line.get_nowait()
    line.put_nowait(None)
