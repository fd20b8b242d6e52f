"""Who reads a feed within units:
what is hidden is passed by, told by the cursor, and costs no walk through the table.
"""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from service_kit.store.database import Database
from service_kit.store.events import Told
from service_kit.testing import serving
from service_kit.testing.news import told
from service_kit.web import feed
from service_kit.work.sequencer import Sequencer

AT = datetime(2026, 1, 31, tzinfo=UTC)


def an_event(subject: int = 1, *, unit: str | None = "cn") -> Told:
    return told("note.written", subject=UUID(int=subject), at=AT, unit=unit)


async def tell(database: Database, *events: Told) -> None:
    async with database.transaction() as tx:
        for event in events:
            tx.record(event)


@pytest.fixture
async def sequencer(database) -> Sequencer:
    sequencer = Sequencer(database)
    await sequencer.make_head()
    return sequencer


async def read_all(database: Database, units) -> list:
    rows, after = [], 0
    while batch := await feed.read(database, after=after, limit=7, units=units):
        rows += batch
        after = batch[-1]["position"]
    return rows


@pytest.mark.parametrize(
    ("units", "seen"),
    [
        (None, [1, 2, 3, 4, 5]),
        (["cn"], [1, 2, 3]),
        (["cn.gd"], [2, 3]),
        (["cn.gd.gz", "us"], [3, 4]),
        (["c"], []),
        ([], []),
    ],
)
async def test_a_caller_reads_only_what_lies_in_or_under_its_units(
    database, sequencer, units, seen
):
    for position, unit in enumerate(["cn", "cn.gd", "cn.gd.gz", "us", None], start=1):
        await tell(database, an_event(position, unit=unit))
    await sequencer.step()

    assert [row["position"] for row in await read_all(database, units=units)] == seen


async def test_a_cursor_that_units_have_thinned_out_is_not_taken_for_expired(
    database, sequencer, raw
):
    await tell(
        database, *(an_event(number, unit="us" if number % 2 else "cn") for number in range(6))
    )
    await sequencer.step()
    await raw.execute(
        "UPDATE event SET recorded_at = now() - interval '91 days' WHERE position = 1"
    )
    await sequencer.trim(at=datetime.now(UTC), days=90)

    assert [
        row["position"] for row in await feed.read(database, after=2, limit=9, units=["us"])
    ] == [4, 6]
    with pytest.raises(feed.CursorExpired):
        await feed.read(database, after=0, limit=9, units=["us"])


@pytest.fixture
async def foreign(database, sequencer, monkeypatch) -> None:
    """Twenty events of others and one of ours behind them; a statement looks through four."""
    monkeypatch.setattr(feed, "SPAN", 4)
    await tell(
        database, *(an_event(number, unit="us") for number in range(20)), an_event(99, unit="cn")
    )
    await sequencer.step()


async def test_a_caller_of_few_units_gets_past_what_it_may_not_see(database, foreign):
    batch = await feed.batch_or_wait(database, after=0, limit=9, wait=0, units=["cn"])

    assert ([row["position"] for row in batch.rows], batch.reached) == ([21], 21)
    assert [
        row["position"] for row in await feed.read(database, after=0, limit=9, units=["cn"])
    ] == [21]


async def test_an_answer_that_runs_out_of_time_says_how_far_it_came(database, foreign, monkeypatch):
    monkeypatch.setattr(feed, "ANSWER_WITHIN_SECONDS", 0)
    after, seen = 0, []
    for _ in range(6):
        batch = await feed.batch_or_wait(database, after=after, limit=9, wait=0, units=["cn"])
        seen.append((len(batch.rows), batch.reached))
        after = batch.reached

    assert seen == [(0, 4), (0, 8), (0, 12), (0, 16), (0, 20), (1, 21)]


async def test_what_was_looked_through_once_is_not_looked_through_again_while_waiting(
    database, foreign, monkeypatch
):
    asked = []
    original = feed.read_batch

    async def noted(database, *, after, **rest):
        asked.append(after)
        return await original(database, after=after, **rest)

    monkeypatch.setattr(feed, "read_batch", noted)
    monkeypatch.setattr(feed, "POLL_SECONDS", 0.02)
    batch = await feed.batch_or_wait(database, after=0, limit=9, wait=0.3, units=["de"])

    assert batch.rows == []
    assert asked[:6] == [0, 4, 8, 12, 16, 20]
    assert len(asked) > 7
    assert set(asked[6:]) == {21}


async def test_a_full_batch_reaches_no_further_than_its_last_event(database, sequencer):
    await tell(database, *(an_event(number) for number in range(5)))
    await sequencer.step()

    batch = await feed.read_batch(database, after=0, limit=2, units=None)

    assert ([row["position"] for row in batch.rows], batch.reached, batch.newest) == ([1, 2], 2, 5)


async def test_a_reader_that_follows_the_header_is_not_told_410_for_events_it_could_not_see(
    compose, signing_keys, raw
):
    async with serving(compose(work=False), signing_keys) as api:
        sequencer = Sequencer(api.service.database)
        await sequencer.make_head()
        await tell(api.service.database, *(an_event(number, unit="us") for number in range(3)))
        await sequencer.step()
        reader = api.as_("events:read", "notes:read", units=["cn"])
        first = await reader.get("/v1/events")
        await raw.execute("UPDATE event SET recorded_at = now() - interval '91 days'")
        await sequencer.trim(at=datetime.now(UTC), days=90)
        await tell(api.service.database, an_event(9, unit="cn"))
        await sequencer.step()

        second = await reader.get("/v1/events", params={"after": first.headers["guanxi-cursor"]})

    assert (first.json(), first.headers["guanxi-cursor"]) == ([], "3")
    assert [event["cursor"] for event in second.json()] == ["4"]
    assert second.headers["guanxi-cursor"] == "4"


@pytest.mark.parametrize("units", ["NULL", "ARRAY['cn.gd']"])
@pytest.mark.parametrize(
    ("lane", "index"),
    [("all", "ix_event_position"), ("live", "ix_event_live"), ("bulk", "ix_event_position")],
)
async def test_the_plan_of_a_read_walks_the_index_of_positions_whatever_the_parameters(
    database, sequencer, raw, lane, index, units
):
    """A generic plan knows neither the cursor nor the units;
    it must not sort the table for the first rows.
    """
    await raw.execute(
        "INSERT INTO event (subject, id, type, unit, occurred_at, payload, position, is_bulk)"
        " SELECT gen_random_uuid(), gen_random_uuid(), 'x', 'cn', now(), '{}', n, n % 100 > 0 FROM"
        " generate_series(1, 30000) AS n"
    )
    await raw.execute("UPDATE event_head SET position = 30000; ANALYZE event")
    compiled = database.statements.compiled(
        feed.READ[lane], {"after": 0, "until": 1, "limit": 1, "units": None, "families": None}
    )
    given = {
        "after": "29000",
        "until": "79000",
        "limit": "100",
        "units": units,
        "families": "ARRAY['x']",
        "name_1": "'feed'",
    }
    values = ", ".join(
        given.get(name, f"'{compiled._defaults.get(name)}'") for name in compiled._names
    )
    await raw.execute(
        f"SET plan_cache_mode = force_generic_plan; PREPARE reading AS {compiled.sql}"
    )

    plan = "\n".join(row[0] for row in await raw.fetch(f"EXPLAIN EXECUTE reading({values})"))

    assert f"Index Scan using {index}" in plan
    assert "Seq Scan on event " not in plan
