"""Reads a neighbor's feed: each event's effect and the cursor behind it are committed together."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import String, bindparam, delete, func, literal, select, update
from sqlalchemy.dialects.postgresql import insert

from service_kit.access.client import NeighborRefused, NeighborUnavailable, ServiceClient
from service_kit.process.logs import logger
from service_kit.process.origin import Origin
from service_kit.store.database import Database, Transaction
from service_kit.store.sqlstates import OWN_FAULTS, OutcomeUnknown, TransactionRolledBack
from service_kit.store.tables import Moment, feed_cursor, parked_event
from service_kit.words.errors import Unavailable
from service_kit.words.identity import Clock
from service_kit.words.messages import said
from service_kit.work.lanes import ALL, FAMILIES, REACHED, Lane
from service_kit.work.news import Arrived, Heard, News, arrived, families_of

log = logger(__name__)
BATCH = 500
WAIT_SECONDS = 10
MOST_TRIES = 5

FIND_CURSOR = select(feed_cursor.c.cursor).where(
    feed_cursor.c.source == bindparam("source"), feed_cursor.c.consumer == bindparam("consumer")
)
LOCK_CURSOR = FIND_CURSOR.with_for_update()
# A lane that is followed for the first time goes on where the whole feed was followed to.
_followed = select(feed_cursor.c.cursor).where(
    feed_cursor.c.source == bindparam("source", type_=String),
    feed_cursor.c.consumer == bindparam("whole", type_=String),
)
BEGIN_LANE = (
    insert(feed_cursor)
    .from_select(
        ["source", "consumer", "cursor", "moved_at"],
        select(
            bindparam("source", type_=String),
            bindparam("consumer", type_=String),
            func.coalesce(_followed.scalar_subquery(), literal("0", String)),
            bindparam("at", type_=Moment),
        ),
    )
    .on_conflict_do_nothing()
)
MOVE_CURSOR = (
    update(feed_cursor)
    .where(
        feed_cursor.c.source == bindparam("of_source"),
        feed_cursor.c.consumer == bindparam("of_consumer"),
    )
    .values(cursor=bindparam("to"), moved_at=bindparam("at"))
)
MOVE_UNMOVED = MOVE_CURSOR.where(feed_cursor.c.cursor == bindparam("unmoved"))
PARK = insert(parked_event).on_conflict_do_nothing()
REQUEUED = (
    select(parked_event.c.envelope)
    .where(
        parked_event.c.source == bindparam("source"),
        parked_event.c.consumer == bindparam("consumer"),
        parked_event.c.requeued,
    )
    .limit(100)
)
LOCK_REQUEUED = (
    select(parked_event.c.id)
    .where(
        parked_event.c.source == bindparam("source"),
        parked_event.c.consumer == bindparam("consumer"),
        parked_event.c.id == bindparam("id"),
        parked_event.c.requeued,
    )
    .with_for_update(skip_locked=True)
)
UNPARK = delete(parked_event).where(
    parked_event.c.source == bindparam("source"),
    parked_event.c.consumer == bindparam("consumer"),
    parked_event.c.id == bindparam("id"),
)
REPARK = (
    update(parked_event)
    .where(
        parked_event.c.source == bindparam("of_source"),
        parked_event.c.consumer == bindparam("of_consumer"),
        parked_event.c.id == bindparam("of"),
    )
    .values(requeued=False, reason=bindparam("reason"))
)


class FamilyHidden(Exception):
    """The own token lacks the scope of events that the handler lives on:
    to go on would be to lose them without a word.
    """


def written_reason(error: Exception) -> str:
    """Why something failed, as text that a column can hold."""
    return f"{type(error).__name__}: {error}".replace("\0", " ")[:2_000]


def require_families(needed: Collection[str], headers: Mapping[str, str]) -> None:
    """FamilyHidden when the feed says that it hides one of these;
    the release before says nothing of it.
    """
    hidden = set(needed) - set(headers[FAMILIES].split(",")) if FAMILIES in headers else set()
    if hidden:
        raise FamilyHidden(", ".join(sorted(hidden)))


def cursors_of(consumer: str, lane: Lane) -> Mapping[Lane, str]:
    """The names of the cursors that must be there before this lane is followed.

    The bulk lane keeps the name, and so the cursor, under which the whole feed was followed by the
    release before.
    """
    return {ALL: consumer} if lane == ALL else {"bulk": consumer, "live": f"{consumer}:live"}


Handler = Callable[[Transaction, News[Any]], Awaitable[None]]
# What is done about each type of event that is read.
Reads = Mapping[type[Heard], Handler]
Prepare = Callable[[Sequence[News[Any]]], Awaitable[None]]
BatchHandler = Callable[[Transaction, Sequence[News[Any]]], Awaitable[None]]


class Consumer:
    """A worker that follows one feed under one name. Any number of replicas may run: the locked
    cursor row orders them.

    `prepare` is called with each batch before the transaction: the place for questions to other
    services. An event that lacks a member, or whose handler keeps failing, is parked with its
    reason and can be requeued; the others go on. `batch_handler` does for a whole batch in few
    statements what the handlers do for each of its events; when it fails, these are handled one by
    one.

    While the own token may not read a family of the types in `reads`, nothing is taken.

    A consumer of one lane has a cursor of its own. Who follows two lanes hears of one subject in
    any order: its handlers must not let an older state undo a newer one.
    """

    def __init__(
        self,
        *,
        source: str,
        consumer: str,
        client: ServiceClient,
        database: Database,
        reads: Reads,
        clock: Clock,
        prepare: Prepare | None = None,
        batch_handler: BatchHandler | None = None,
        lane: Lane = ALL,
    ) -> None:
        self.source = source
        self.reads = reads
        self._whole = consumer
        self._cursors = cursors_of(consumer, lane)
        self._consumer = self._cursors[lane]
        self.name = f"{self._consumer}<{source}"
        self._client = client
        self._database = database
        self._clock = clock
        self._prepare = prepare
        self._batch_handler = batch_handler
        self._lane = lane
        self._tries: dict[UUID, int] = {}

    async def run(self) -> None:
        await self.begin()
        while True:
            await self._requeued()
            try:
                await self.follow(wait=WAIT_SECONDS)
            except NeighborUnavailable:
                await asyncio.sleep(0.5)
            except FamilyHidden as hidden:
                log.error(
                    "waits for the scopes of its news", consumer=self.name, families=str(hidden)
                )
                await asyncio.sleep(WAIT_SECONDS)

    async def begin(self) -> None:
        """Make the cursors where there are none yet: those of both lanes, whichever begins first.

        A lane that went on alone would pass over the news of the other, which then began behind
        them and never read them.
        """
        async with self._database.transaction() as tx:
            for name in self._cursors.values():
                await tx.execute(
                    BEGIN_LANE,
                    source=self.source,
                    consumer=name,
                    whole=self._whole,
                    at=self._clock(),
                )

    async def follow(self, *, wait: int) -> int:
        """Read one batch and take it in; how many events it had."""
        async with self._database.reading() as reader:
            after = await reader.fetch_value(
                FIND_CURSOR, source=self.source, consumer=self._consumer
            )
        batch, reached = await self._read(str(after), wait)
        if not batch:
            await self._pass_over(str(after), reached)
            return 0
        try:
            await self._ask(batch)
            await self._take(batch, str(after))
        except OWN_FAULTS as error:
            await self._take_one_by_one(batch, error)
        except (Unavailable, TransactionRolledBack, OutcomeUnknown):
            raise
        except Exception as error:
            await self._take_one_by_one(batch, error)
        return len(batch)

    async def _take_one_by_one(self, batch: Sequence[Arrived], failure: Exception) -> None:
        log.error("a batch of news failed", consumer=self.name, exc_info=failure)
        for each in batch:
            await self._take_alone(each)

    async def _pass_over(self, after: str, reached: int) -> None:
        """Go on behind what the lane leaves out, unless another replica has moved; each time after
        a whole wait, so seldom enough.

        Else a lane without news would walk the same events again with every question, and be told
        of missed events once those are trimmed. Who follows the whole feed never moves so: what was
        hidden from it for want of a scope would be lost.
        """
        if self._lane != ALL and reached > int(after):
            await self._move_unmoved(after, str(reached))

    async def _move_unmoved(self, after: str, to: str) -> None:
        async with self._database.transaction() as tx:
            await tx.execute(
                MOVE_UNMOVED,
                of_source=self.source,
                of_consumer=self._consumer,
                unmoved=after,
                to=to,
                at=self._clock(),
            )

    async def _read(self, after: str, wait: int) -> tuple[list[Arrived], int]:
        """The next news, and how far the feed was read for them."""
        params = {"after": after, "limit": BATCH, "wait": wait} | (
            {} if self._lane == ALL else {"lane": self._lane}
        )
        try:
            envelopes, headers = await self._client.get_with_headers(
                "/v1/events", params=params, seconds=wait + 5.0
            )
        except NeighborRefused as refused:
            if refused.status not in (409, 410) or "newest" not in refused.problem:
                raise NeighborUnavailable(
                    said(
                        "the feed of {source} refuses: {why}", source=self.source, why=str(refused)
                    )
                ) from refused
            await self._start_over(refused, after)
            return [], int(after)
        if envelopes is None:
            raise NeighborUnavailable(
                said("{source} has no feed at this address", source=self.source)
            )
        require_families(families_of(self.reads), headers)
        batch = [arrived(envelope, self.reads) for envelope in envelopes]
        return batch, int(headers.get(REACHED, after))

    async def _start_over(self, refused: NeighborRefused, after: str) -> None:
        """The feed no longer has what we missed, or ends before our cursor:
        go on from what it still has and say so loudly.
        """
        log.error("events were missed", consumer=self.name, detail=str(refused))
        await self._move_unmoved(
            after, str(refused.problem.get("oldest", refused.problem["newest"]))
        )

    async def _take(self, batch: Sequence[Arrived], after: str) -> None:
        async with self._database.transaction(origin=self._origin(batch[-1])) as tx:
            if (
                await tx.fetch_value(LOCK_CURSOR, source=self.source, consumer=self._consumer)
                != after
            ):
                return
            if self._batch_handler is not None:
                await self._batch_handler(tx, readable(batch))
            else:
                for news in readable(batch):
                    await self._handle(tx, news)
            await self._move(tx, batch[-1])

    async def _ask(self, batch: Sequence[Arrived]) -> None:
        news = readable(batch)
        if self._prepare is not None and news:
            await self._prepare(news)

    async def _unprepared(self, each: Arrived) -> Exception | None:
        """Why the questions that this event raises cannot be asked, or None when they were."""
        try:
            await self._ask([each])
        except (Unavailable, TransactionRolledBack, OutcomeUnknown):
            raise
        except Exception as error:
            return error
        return None

    async def _take_alone(self, each: Arrived) -> None:
        unprepared = await self._unprepared(each)
        async with self._database.transaction(origin=self._origin(each)) as tx:
            cursor = await tx.fetch_value(LOCK_CURSOR, source=self.source, consumer=self._consumer)
            if int(cursor) >= int(each.cursor):
                return
            try:
                async with tx.savepoint():
                    await self._take_in(tx, each, unprepared)
            except (Unavailable, TransactionRolledBack) as error:
                if not isinstance(error, OWN_FAULTS):
                    raise
                await self._fail(tx, each, error)
            except Exception as error:
                await self._fail(tx, each, error)
            await self._move(tx, each)
        self._tries.pop(each.id, None)

    async def _fail(self, tx: Transaction, news: Arrived, error: Exception) -> None:
        """Park it after its tries;
        before that, Unavailable is raised, so that it is tried again.
        """
        if not self._is_given_up(news):
            raise Unavailable(said("news {id} is tried again", id=news.id)) from error
        await self._park(tx, news, error)

    def _is_given_up(self, news: Arrived) -> bool:
        tries = self._tries[news.id] = self._tries.get(news.id, 0) + 1
        return news.fault is not None or tries >= MOST_TRIES

    async def _move(self, tx: Transaction, news: Arrived) -> None:
        await tx.execute(
            MOVE_CURSOR,
            of_source=self.source,
            of_consumer=self._consumer,
            to=news.cursor,
            at=self._clock(),
        )

    async def _park(self, tx: Transaction, news: Arrived, error: Exception) -> None:
        log.error("news was parked", consumer=self.name, news=str(news.id), reason=str(error)[:500])
        await tx.execute(
            PARK,
            source=self.source,
            consumer=self._consumer,
            id=news.id,
            subject=news.subject,
            envelope=dict(news.envelope),
            reason=written_reason(error),
            parked_at=self._clock(),
            requeued=False,
        )

    async def _requeued(self) -> None:
        """Take in parked events that an operator asked to try again."""
        async with self._database.reading() as reader:
            rows = await reader.fetch(REQUEUED, source=self.source, consumer=self._consumer)
        for row in rows:
            await self._take_requeued(arrived(row["envelope"], self.reads))

    async def _take_requeued(self, news: Arrived) -> None:
        unprepared = await self._unprepared(news)
        async with self._database.transaction(origin=self._origin(news)) as tx:
            if (
                await tx.fetch_value(
                    LOCK_REQUEUED, source=self.source, consumer=self._consumer, id=news.id
                )
                is None
            ):
                return
            try:
                async with tx.savepoint():
                    await self._take_in(tx, news, unprepared)
                    await tx.execute(
                        UNPARK, source=self.source, consumer=self._consumer, id=news.id
                    )
            except (Unavailable, TransactionRolledBack):
                raise
            except Exception as error:
                log.error(
                    "parked news failed again",
                    consumer=self.name,
                    news=str(news.id),
                    reason=str(error)[:500],
                )
                await tx.execute(
                    REPARK,
                    of=news.id,
                    of_source=self.source,
                    of_consumer=self._consumer,
                    reason=written_reason(error),
                )

    def _origin(self, news: Arrived) -> Origin:
        return Origin(client_id=f"feed:{self.source}", actor="system", traceparent=news.traceparent)

    async def _take_in(self, tx: Transaction, each: Arrived, unprepared: Exception | None) -> None:
        if unprepared is not None:
            raise unprepared
        for news in readable([each]):
            await self._handle(tx, news)

    async def _handle(self, tx: Transaction, news: News[Any]) -> None:
        handler = self.reads.get(type(news.data))
        if handler is None:
            raise LookupError(news.type)
        await handler(tx, news)


def readable(batch: Iterable[Arrived]) -> list[News[Any]]:
    """What of a batch is read here; raises the fault of an event that lacks what is read."""
    for each in batch:
        if each.fault is not None:
            raise each.fault
    return [each.news for each in batch if each.news is not None]
