"""Live news ahead of those of long work:
two lanes of one feed, each with its own cursor, every event once.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from tempfile import TemporaryDirectory
from uuid import UUID

import pytest
from service_kit.access.client import ServiceClient, Tokens
from service_kit.store.events import Told
from service_kit.store.tables import event_head, feed_cursor
from service_kit.testing import serving
from service_kit.testing.news import told
from service_kit.testing.serving import listening
from service_kit.web import feed
from service_kit.work import jobs
from service_kit.work.consumer import Consumer, FamilyHidden
from service_kit.work.jobs import Jobs
from service_kit.work.news import Anything, Heard, News
from service_kit.work.sequencer import Sequencer
from sqlalchemy import insert

AT = datetime(2026, 1, 31, tzinfo=UTC)
CURSORS = "SELECT consumer, cursor FROM feed_cursor ORDER BY consumer"
HEADS = "SELECT string_agg(name, ',' ORDER BY name) FROM event_head WHERE name <> 'feed'"


def an_event(number: int) -> Told:
    return told("note.written", subject=UUID(int=number), at=AT, unit="cn", number=number)


async def tell(database, *numbers: int) -> None:
    async with database.transaction() as tx:
        for number in numbers:
            tx.record(an_event(number))


async def tell_in_long_work(database, *numbers: int) -> None:
    async def work(job) -> None:
        async with job.step() as tx:
            for number in numbers:
                tx.record(an_event(number))

    async with database.transaction() as tx:
        await jobs.enqueue(tx, id=UUID(int=numbers[0]), kind="import", payload={}, at=AT)
    assert await Jobs(database, "import", work, clock=lambda: AT).step()


@pytest.fixture
async def mixed(database):
    """Events 1 and 4 told live, 2 and 3 by long work between them."""
    sequencer = Sequencer(database)
    await sequencer.make_head()
    await tell(database, 1)
    await tell_in_long_work(database, 2, 3)
    await tell(database, 4)
    while await sequencer.step():
        pass


@pytest.mark.parametrize(
    ("lane", "numbers"), [("all", [1, 2, 3, 4]), ("live", [1, 4]), ("bulk", [2, 3])]
)
async def test_a_lane_has_its_own_events_at_the_positions_of_the_one_feed(
    mixed, compose, signing_keys, lane, numbers
):
    async with serving(compose(), signing_keys) as api:
        first = await api.get("/v1/events", params={"lane": lane, "limit": 1})
        rest = await api.get(
            "/v1/events", params={"lane": lane, "after": first.headers["guanxi-cursor"]}
        )

    told = [*first.json(), *rest.json()]
    assert [event["data"]["number"] for event in told] == numbers
    assert [event["cursor"] for event in told] == [str(number) for number in numbers]
    assert rest.headers["guanxi-cursor"] == "4", "what a lane leaves out is passed over"


async def test_a_cursor_beyond_the_feed_is_refused_in_every_lane(mixed, compose, signing_keys):
    async with serving(compose(), signing_keys) as api:
        answers = [
            await api.get("/v1/events", params={"lane": lane, "after": "9"})
            for lane in ("all", "live", "bulk")
        ]
        unknown = await api.get("/v1/events", params={"lane": "fast"})

    assert [(answer.status_code, answer.json()["newest"]) for answer in answers] == [(409, "4")] * 3
    assert unknown.status_code == 422


class Feed(ServiceClient):
    """A neighbor whose even events were told by long work."""

    def __init__(self, *numbers: int) -> None:
        self.numbers = numbers

    async def get_with_headers(self, path: str, **options):
        params = options["params"]
        is_wanted = {"live": lambda number: number % 2, "bulk": lambda number: not number % 2}.get(
            params.get("lane"), bool
        )
        return [
            envelope(number)
            for number in self.numbers
            if number > int(params["after"]) and is_wanted(number)
        ], {}


def envelope(number: int):
    event = {
        "id": str(UUID(int=number)),
        "type": "guanxi.note.written.v1",
        "subject": str(UUID(int=9)),
        "time": "2026-01-31T00:00:00Z",
    }
    return event | {"cursor": str(number), "data": {"number": number}}


class Written(Heard, type="note.written"):
    number: int


async def effect(tx, news: News[Written]) -> None:
    await tx.execute(insert(event_head), name=str(news.data.number), position=0, trimmed_to=0)


def following(
    database, lane, *numbers: int, client: ServiceClient | None = None, **others
) -> Consumer:
    return Consumer(
        source="notes",
        consumer="me",
        client=client or Feed(*numbers),
        database=database,
        clock=lambda: AT,
        lane=lane,
        **{"reads": {Written: effect}} | others,
    )


async def test_two_lanes_have_each_event_once_however_their_steps_fall(database, raw):
    live, bulk = (following(database, lane, 1, 2, 3, 4) for lane in ("live", "bulk"))
    await live.begin()
    await bulk.begin()

    taken = [
        await bulk.follow(wait=0),
        await live.follow(wait=0),
        await live.follow(wait=0),
        await bulk.follow(wait=0),
    ]

    assert taken == [2, 2, 0, 0]
    assert await raw.fetchval(HEADS) == "1,2,3,4"
    assert [tuple(row) for row in await raw.fetch(CURSORS)] == [("me", "4"), ("me:live", "3")]


async def test_a_lane_begins_where_the_whole_feed_was_followed_to(database, raw):
    async with database.transaction() as tx:
        await tx.execute(
            insert(feed_cursor), source="notes", consumer="me", cursor="2", moved_at=AT
        )
    live, bulk = (following(database, lane, 1, 2, 3, 4) for lane in ("live", "bulk"))

    for lane in (live, bulk, live):
        await lane.begin()
        await lane.follow(wait=0)

    assert await raw.fetchval(HEADS) == "3,4"


async def test_a_batch_that_dies_before_its_commit_is_taken_again_by_its_own_lane_alone(
    database, raw
):
    class Killed(BaseException):
        """Who dies has no time to say so."""

    async def dying(tx, batch) -> None:
        for news in batch:
            await effect(tx, news)
        raise Killed

    async def whole(tx, batch) -> None:
        for news in batch:
            await effect(tx, news)

    live = following(database, "live", 1, 2, 3)
    await live.begin()
    await live.follow(wait=0)
    doomed = following(database, "bulk", 1, 2, 3, batch_handler=dying)
    await doomed.begin()
    with pytest.raises(Killed):
        await doomed.follow(wait=0)
    assert await raw.fetchval(HEADS) == "1,3"

    assert await following(database, "bulk", 1, 2, 3, batch_handler=whole).follow(wait=0) == 1
    assert await raw.fetchval(HEADS) == "1,2,3"


async def test_a_batch_that_cannot_be_taken_as_a_whole_is_taken_one_by_one(database, raw):
    async def refusing(tx, batch) -> None:
        raise ValueError("not as a whole")

    follower = following(database, "all", 1, 2, batch_handler=refusing)
    await follower.begin()
    await follower.follow(wait=0)

    assert await raw.fetchval(HEADS) == "1,2"


async def test_the_lane_that_begins_first_makes_room_for_the_other(database, raw):
    """The worker of the live lane is late or its first transaction fails:
    it has lost nothing by that.
    """
    async with database.transaction() as tx:
        await tx.execute(
            insert(feed_cursor), source="notes", consumer="me", cursor="2", moved_at=AT
        )
    live, bulk = (following(database, lane, 1, 2, 3, 4, 5, 6) for lane in ("live", "bulk"))

    for lane in (bulk, live):
        await lane.begin()
        await lane.follow(wait=0)

    assert await raw.fetchval(HEADS) == "3,4,5,6"


async def test_lanes_that_begin_at_once_begin_at_one_cursor(database, raw):
    lanes = [following(database, lane, 1, 2, 3) for lane in ("live", "bulk") * 5]

    await asyncio.gather(*(lane.begin() for lane in lanes))

    assert [tuple(row) for row in await raw.fetch(CURSORS)] == [("me", "0"), ("me:live", "0")]


class Given(Tokens):
    """A token at once."""

    def __init__(self, token: str) -> None:
        self.given = token

    async def token(self) -> str:
        return self.given


@asynccontextmanager
async def the_notes(compose, keys, *scopes: str) -> AsyncIterator[ServiceClient]:
    """The notes' own feed over a socket, asked with a token of these scopes."""
    with TemporaryDirectory(prefix="guanxi-test-") as folder:
        async with listening(compose(work=False), uds=f"{folder}/api.sock"):
            client = ServiceClient(f"unix:{folder}/api.sock", Given(keys.token(*scopes)), seconds=5)
            yield client
            await client.close()


async def numbered(database) -> None:
    while await Sequencer(database).step():
        pass


async def cursors(raw) -> dict[str, str]:
    return {row["consumer"]: row["cursor"] for row in await raw.fetch(CURSORS)}


READS = ("events:read", "notes:read")


async def test_a_lane_without_news_goes_on_with_the_feed(
    mixed, database, raw, compose, signing_keys
):
    async with the_notes(compose, signing_keys, *READS) as client:
        live, bulk = (following(database, lane, client=client) for lane in ("live", "bulk"))
        await bulk.begin()
        first = [
            await bulk.follow(wait=0),
            await bulk.follow(wait=0),
            await live.follow(wait=0),
            await live.follow(wait=0),
        ]
        assert await cursors(raw) == {"me": "4", "me:live": "4"}, (
            "the bulk lane has passed over the live event at the end"
        )

        await tell_in_long_work(database, 5, 6)
        await tell(database, 7)
        await tell_in_long_work(database, 8)
        await numbered(database)
        second = [
            await live.follow(wait=0),
            await bulk.follow(wait=0),
            await live.follow(wait=0),
            await bulk.follow(wait=0),
        ]

    assert (first, second) == ([2, 0, 2, 0], [1, 3, 0, 0])
    assert await cursors(raw) == {"me": "8", "me:live": "8"}
    assert await raw.fetchval(HEADS) == "1,2,3,4,5,6,7,8"


async def test_a_walk_that_no_answer_has_time_for_is_gone_on_with(
    database, raw, compose, signing_keys, monkeypatch
):
    """Each answer looks through four events;
    behind ten live ones is what the bulk lane lives on.
    """
    monkeypatch.setattr(feed, "SPAN", 4)
    monkeypatch.setattr(feed, "ANSWER_WITHIN_SECONDS", 0)
    await Sequencer(database).make_head()
    await tell(database, *range(1, 11))
    await tell_in_long_work(database, 11)
    await numbered(database)

    async with the_notes(compose, signing_keys, *READS) as client:
        bulk = following(database, "bulk", client=client)
        await bulk.begin()
        assert [await bulk.follow(wait=0) for _ in range(4)] == [0, 0, 1, 0]

    assert await raw.fetchval(HEADS) == "11"


async def test_nothing_is_called_missed_when_a_lane_had_no_news_for_as_long_as_they_are_kept(
    mixed, database, raw, compose, signing_keys, capsys
):
    async with the_notes(compose, signing_keys, *READS) as client:
        bulk = following(database, "bulk", client=client)
        await bulk.begin()
        await bulk.follow(wait=0)
        await tell(database, 5)
        await numbered(database)
        await bulk.follow(wait=0)
        await raw.execute("UPDATE event SET recorded_at = now() - interval '91 days'")
        await Sequencer(database).trim(at=datetime.now(UTC), days=90)
        await tell_in_long_work(database, 6)
        await numbered(database)

        assert [await bulk.follow(wait=0), await bulk.follow(wait=0)] == [1, 0]

    assert "missed" not in "".join(capsys.readouterr())
    assert await raw.fetchval(HEADS) == "2,3,6"


async def test_a_lane_passes_over_nothing_when_another_replica_has_moved(database, raw):
    class Late(Feed):
        """By the time it has answered, another replica has taken more."""

        async def get_with_headers(self, path: str, **options):
            await raw.execute("UPDATE feed_cursor SET cursor = '7' WHERE consumer = 'me'")
            return [], {"Guanxi-Cursor": "5"}

    bulk = following(database, "bulk", client=Late())
    await bulk.begin()
    await bulk.follow(wait=0)

    assert await cursors(raw) == {"me": "7", "me:live": "0"}


async def test_the_whole_feed_is_never_passed_over(mixed, database, raw, compose, signing_keys):
    """What its token may not read now is there when it may."""
    async with the_notes(compose, signing_keys, "events:read") as client:
        whole = following(database, "all", client=client, reads={Anything: effect})
        await whole.begin()
        assert await whole.follow(wait=0) == 0

    assert await cursors(raw) == {"me": "0"}


@pytest.mark.parametrize("lane", ["all", "live", "bulk"])
async def test_who_may_not_read_what_it_lives_on_waits_instead_of_losing_it(
    mixed, database, raw, compose, signing_keys, lane
):
    async with the_notes(compose, signing_keys, "events:read") as client:
        hidden = following(database, lane, client=client)
        await hidden.begin()
        with pytest.raises(FamilyHidden, match="note"):
            await hidden.follow(wait=0)
    assert set((await cursors(raw)).values()) == {"0"}

    async with the_notes(compose, signing_keys, *READS) as client:
        assert await following(database, lane, client=client).follow(wait=0) == {"all": 4}.get(
            lane, 2
        )


async def test_a_consumer_that_waits_for_a_scope_says_so(
    mixed, database, compose, signing_keys, monkeypatch
):
    said: asyncio.Queue[str] = asyncio.Queue()
    monkeypatch.setattr(
        "service_kit.work.consumer.log.error",
        lambda *_words, **facts: said.put_nowait(facts["families"]),
    )
    async with the_notes(compose, signing_keys, "events:read") as client:
        running = asyncio.create_task(following(database, "bulk", client=client).run())
        assert await asyncio.wait_for(said.get(), 20) == "note"
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
