"""Following a neighbor's feed:
effect and cursor together, poison parked, questions asked before anything is locked.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from service_kit.access.client import ServiceClient
from service_kit.store.database import Database, PoolLimits
from service_kit.store.tables import event_head
from service_kit.testing import notes
from service_kit.words.errors import Unavailable
from service_kit.work import consumer
from service_kit.work.consumer import MOST_TRIES, Consumer
from service_kit.work.news import Heard, News
from sqlalchemy import insert

AT = datetime(2026, 1, 31, tzinfo=UTC)
PARKED = "SELECT id, reason, requeued FROM parked_event ORDER BY id"
HEADS = "SELECT string_agg(name, ',' ORDER BY name) FROM event_head"


def envelope(number: int) -> Mapping[str, Any]:
    return {
        "id": str(UUID(int=number)),
        "type": "guanxi.note.written.v1",
        "subject": str(UUID(int=100 + number)),
        "time": "2026-01-31T00:00:00Z",
        "cursor": str(number),
        "data": {"number": number},
    }


class Written(Heard, type="note.written"):
    number: int


class Feed(ServiceClient):
    """A neighbor with these events; `odd` are those told in another way."""

    def __init__(self, *numbers: int, odd: Mapping[int, Mapping[str, Any]] | None = None) -> None:
        self.numbers = numbers
        self.odd = odd or {}

    async def get_with_headers(self, path: str, **options: Any) -> Any:
        after = int(options["params"]["after"])
        told = [number for number in self.numbers if number > after]
        return [{**envelope(number), **self.odd.get(number, {})} for number in told], {}


class Effects:
    """Writes one row for each event, and fails for those that are called poison."""

    def __init__(self, *poison: int) -> None:
        self.poison = set(poison)

    async def __call__(self, tx, news: News[Written]) -> None:
        await tx.execute(insert(event_head), name=str(news.data.number), position=0, trimmed_to=0)
        if news.data.number in self.poison:
            raise ValueError("poison")


async def following(database: Database, handler, *numbers: int, prepare=None) -> Consumer:
    made = Consumer(
        source="notes",
        consumer="me",
        client=Feed(*numbers),
        database=database,
        reads={Written: handler},
        clock=lambda: AT,
        prepare=prepare,
    )
    await made.begin()
    return made


async def parked(raw) -> Sequence[tuple[int, str, bool]]:
    return [(row["id"].int, row["reason"], row["requeued"]) for row in await raw.fetch(PARKED)]


async def until_parked(follower: Consumer, *, poison: int = 1) -> None:
    """Each poisonous event is tried some times before the feed goes on behind it."""
    for _ in range(poison * (MOST_TRIES - 1)):
        with pytest.raises(Unavailable):
            await follower.follow(wait=0)
    await follower.follow(wait=0)


async def test_each_event_has_its_effect_once(database, raw):
    follower = await following(database, Effects(), 1, 2, 3)

    assert [await follower.follow(wait=0), await follower.follow(wait=0)] == [3, 0]
    assert await raw.fetchval(HEADS) == "1,2,3"


async def test_what_keeps_failing_is_parked_without_its_effect_and_the_others_go_on(database, raw):
    await until_parked(await following(database, Effects(2), 1, 2, 3))

    assert await raw.fetchval(HEADS) == "1,3"
    assert await parked(raw) == [(2, "ValueError: poison", False)]


async def test_a_parked_event_that_is_requeued_is_taken_in_and_forgotten(database, raw):
    effects = Effects(2)
    follower = await following(database, effects, 1, 2)
    await until_parked(follower)
    effects.poison.clear()

    await follower._requeued()
    assert await raw.fetchval(HEADS) == "1"
    await raw.execute("UPDATE parked_event SET requeued = true")
    await follower._requeued()

    assert await raw.fetchval(HEADS) == "1,2"
    assert await parked(raw) == []


async def test_a_requeued_event_that_fails_again_stays_parked_and_spoils_no_other(database, raw):
    effects = Effects(1, 2)
    follower = await following(database, effects, 1, 2)
    await until_parked(follower, poison=2)
    effects.poison = {1}
    await raw.execute("UPDATE parked_event SET requeued = true")

    await follower._requeued()

    assert await raw.fetchval(HEADS) == "2"
    assert await parked(raw) == [(1, "ValueError: poison", False)]


async def test_questions_about_requeued_events_are_asked_with_no_connection_in_hand(url, raw):
    """The only connection of this pool is free while the neighbor is asked."""
    database = Database(url, notes.SCHEMA, limits=PoolLimits(largest=1, acquire_within=0.2))
    await database.open()
    asked = []

    async def ask(batch: Sequence[News[Written]]) -> None:
        async with database.reading() as reader:
            asked.append(await reader.fetch(consumer.REQUEUED, source="notes", consumer="me"))

    effects = Effects(1)
    follower = await following(database, effects, 1, prepare=ask)
    await until_parked(follower)
    effects.poison.clear()
    await raw.execute("UPDATE parked_event SET requeued = true")
    asked.clear()

    await follower._requeued()

    assert len(asked) == 1
    assert await parked(raw) == []
    await database.close()


async def test_two_replicas_take_a_requeued_event_once(database, raw):
    effects = Effects(1)
    follower = await following(database, effects, 1)
    await until_parked(follower)
    effects.poison.clear()
    await raw.execute("UPDATE parked_event SET requeued = true")
    rival = await following(database, effects, 1)

    async def rival_first(batch: Sequence[News[Written]]) -> None:
        follower._prepare = None
        await rival._requeued()

    follower._prepare = rival_first
    await follower._requeued()

    assert await raw.fetchval(HEADS) == "1"
    assert await parked(raw) == []


async def test_an_event_that_lacks_what_is_read_is_parked_at_once_and_the_others_go_on(
    database, raw
):
    follower = await following(database, Effects(), 1, 2, 3)
    follower._client = Feed(1, 2, 3, odd={2: {"data": {"nummer": 2}}})

    assert await follower.follow(wait=0) == 3

    assert await raw.fetchval(HEADS) == "1,3"
    ((number, reason, _),) = await parked(raw)
    assert number == 2
    assert "number" in reason
    assert "Field required" in reason


async def test_an_event_of_a_type_that_nobody_reads_is_passed_over(database, raw):
    follower = await following(database, Effects(), 1, 2)
    follower._client = Feed(1, 2, odd={2: {"type": "guanxi.note.shredded.v1"}})

    assert await follower.follow(wait=0) == 2

    assert await raw.fetchval(HEADS) == "1"
    assert await parked(raw) == []
    assert await follower.follow(wait=0) == 0
