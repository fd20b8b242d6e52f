"""The own feed as the streams read it."""

from dataclasses import dataclass
from uuid import UUID

from service_kit.store.running import Reader, Record
from service_kit.store.tables import event
from service_kit.work.sequencer import READ_HEAD
from sqlalchemy import Text, bindparam, or_, select

BATCH = 500
READ = (
    select(event.c.position, event.c.type, event.c.payload)
    .where(event.c.position > bindparam("after"))
    .order_by(event.c.position)
    .limit(BATCH)
)
_agent = bindparam("agent_id", type_=Text)
MISSED = (
    select(event.c.position, event.c.type, event.c.payload)
    .where(
        event.c.position > bindparam("after"),
        event.c.position <= bindparam("until"),
        or_(
            event.c.payload["agent_id"].astext == _agent,
            event.c.payload["from_agent_id"].astext == _agent,
        ),
    )
    .order_by(event.c.position)
)


@dataclass(frozen=True, kw_only=True)
class Head:
    """The last position of the feed, and the last one that is kept no longer."""

    position: int
    trimmed_to: int


class FeedStore:
    """Reads events by their positions."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def head(self) -> Head:
        row = await self._reader.fetch_one(READ_HEAD)
        return (
            Head(position=0, trimmed_to=0)
            if row is None
            else Head(position=row["position"], trimmed_to=row["trimmed_to"])
        )

    async def after(self, position: int) -> list[Record]:
        """The next batch."""
        return await self._reader.fetch(READ, after=position)

    async def of_agent(self, agent_id: UUID, *, after: int, until: int) -> list[Record]:
        """What concerns an agent between two positions, the latter included."""
        return await self._reader.fetch(MISSED, agent_id=str(agent_id), after=after, until=until)
