"""The gateway reads its own feed as its consumers read those of the neighbors."""

import pytest
from gateway.app import MIGRATIONS
from gateway.neighbors import OwnFeed
from service_kit.access.client import NeighborRefused
from service_kit.store.database import Database


async def test_a_cursor_ahead_of_a_restored_feed_is_refused_as_a_neighbor_refuses_it(make_database):
    database = Database(await make_database(MIGRATIONS, "gateway"), "gateway")
    await database.open()
    try:
        with pytest.raises(NeighborRefused) as refused:
            await OwnFeed(database).get(
                "/v1/events", params={"after": "5000", "limit": 10, "wait": 0}
            )
    finally:
        await database.close()

    assert refused.value.status == 409
    assert refused.value.problem["newest"].isdigit()
