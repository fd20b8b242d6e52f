"""Numbers committed events, one sequencer at a time,
so that feeds can be read by position without losing any.
"""

from datetime import datetime, timedelta

from sqlalchemy import BigInteger, Integer, bindparam, delete, func, literal, select, update
from sqlalchemy.dialects.postgresql import insert

from service_kit.store.database import Database
from service_kit.store.tables import event, event_head

BATCH = 2_000
TRIM_BATCH = 5_000
HEAD = "feed"

LOCK_HEAD = (
    select(event_head.c.position).where(event_head.c.name == HEAD).with_for_update(skip_locked=True)
)
MAKE_HEAD = insert(event_head).values(name=HEAD, position=0, trimmed_to=0).on_conflict_do_nothing()
READ_HEAD = select(event_head.c.position, event_head.c.trimmed_to).where(event_head.c.name == HEAD)
READ_TRIMMED = select(event_head.c.trimmed_to).where(event_head.c.name == HEAD)
_waiting = (
    select(
        event.c.subject,
        event.c.id,
        (
            bindparam("head", type_=BigInteger)
            + func.row_number(type_=BigInteger).over(order_by=(event.c.recorded_at, event.c.id))
        ).label("position"),
    )
    .where(event.c.position.is_(None))
    .order_by(event.c.recorded_at, event.c.id)
    .limit(literal(BATCH, Integer))
    .cte("waiting")
)
_numbered = (
    update(event)
    .where(event.c.subject == _waiting.c.subject, event.c.id == _waiting.c.id)
    .values(position=_waiting.c.position)
    .returning(event.c.position)
    .cte("numbered")
)
NUMBER = select(func.count(), func.max(_numbered.c.position)).select_from(_numbered)
MOVE_HEAD = update(event_head).where(event_head.c.name == HEAD).values(position=bindparam("to"))
OLD = select(func.max(event.c.position)).where(
    event.c.position > bindparam("trimmed_to"),
    event.c.position <= bindparam("until"),
    event.c.recorded_at < bindparam("before"),
)
TRIM = delete(event).where(
    event.c.position > bindparam("trimmed_to"), event.c.position <= bindparam("to")
)
MOVE_TRIMMED = (
    update(event_head).where(event_head.c.name == HEAD).values(trimmed_to=bindparam("to"))
)


class Sequencer:
    """Any replica may run one; the locked head row lets one work at a time."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def step(self) -> bool:
        """Number one batch; False when nothing waits or another replica is at it."""
        async with self._database.transaction() as tx:
            head = await tx.fetch_value(LOCK_HEAD)
            if head is None:
                return False
            numbered = await tx.fetch_one(NUMBER, head=head)
            if numbered is None or not numbered[0]:
                return False
            await tx.execute(MOVE_HEAD, to=numbered[1])
        self._database.signals.wake("feed")
        return bool(numbered[0] == BATCH)

    async def make_head(self) -> None:
        async with self._database.transaction() as tx:
            await tx.execute(MAKE_HEAD)

    async def trim(self, *, at: datetime, days: int) -> bool:
        """Delete one batch of events older than they are kept; readers behind them are told 410.
        True when there may be more.
        """
        async with self._database.transaction() as tx:
            if await tx.fetch_value(LOCK_HEAD) is None:
                return False
            trimmed_to = await tx.fetch_value(READ_TRIMMED)
            until = trimmed_to + TRIM_BATCH
            to = await tx.fetch_value(
                OLD, trimmed_to=trimmed_to, until=until, before=at - timedelta(days=days)
            )
            if to is None:
                return False
            await tx.execute(TRIM, trimmed_to=trimmed_to, to=to)
            await tx.execute(MOVE_TRIMMED, to=to)
        return True
