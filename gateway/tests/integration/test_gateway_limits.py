"""Limits per client, shared by replicas through the database."""

import asyncio

import pytest
from gateway.limit.allowance import Allowances
from gateway.limit.domain import Policy
from gateway.limit.store import SharedLeases
from gateway.testing import running
from service_kit.store.database import Database
from service_kit.store.sqlstates import DatabaseUnavailable


async def allowed(allowances, key, policy, count):
    return sum([(await allowances.spend(key, policy)).is_allowed for _ in range(count)])


async def test_two_replicas_together_allow_no_more_than_the_quota(database_url):
    database = Database(database_url, "gateway")
    await database.open()
    policy = Policy(quota=100, window=3600)
    replicas = [Allowances(SharedLeases(database), now=lambda: 7200.0) for _ in range(2)]

    # Each asks past the quota: a replica that stops asking earlier may keep a lease it fetched
    # ahead.
    counts = await asyncio.gather(*(allowed(replica, "shop", policy, 150) for replica in replicas))

    await database.close()
    assert sum(counts) == 100


async def test_an_odd_quota_is_spent_to_the_last_request(database_url):
    database = Database(database_url, "gateway")
    await database.open()
    policy = Policy(quota=73, window=60)

    spent = await allowed(Allowances(SharedLeases(database), now=lambda: 60.0), "shop", policy, 200)

    await database.close()
    assert spent == 73


async def test_the_next_window_begins_with_a_whole_quota(database_url):
    database = Database(database_url, "gateway")
    await database.open()
    moment = [0.0]
    policy = Policy(quota=3, window=60)
    allowances = Allowances(SharedLeases(database), now=lambda: moment[0])
    assert await allowed(allowances, "shop", policy, 5) == 3

    moment[0] = 60.0

    assert await allowed(allowances, "shop", policy, 5) == 3
    await database.close()


async def test_every_answer_tells_the_limit_and_the_last_one_says_when_to_go_on(database_url):
    async with running(database_url, rate_limit_requests=3, rate_limit_seconds=3600) as front:
        answers = [await front.partner.get("/v1/customers") for _ in range(5)]

    assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
    assert answers[0].headers["ratelimit-policy"] == '"default";q=3;w=3600'
    assert answers[0].headers["ratelimit"].startswith('"default";r=2;t=')
    assert answers[3].headers["ratelimit"].startswith('"default";r=0;t=')
    assert 1 <= int(answers[3].headers["retry-after"]) <= 3600
    assert answers[3].json()["type"].endswith("/problems/too-many-requests")


async def test_a_clients_own_limit_takes_the_place_of_that_of_all(front):
    shop = await front.partner.post(
        "/v1/clients",
        {
            "name": "Shop",
            "scopes": ["customers:read"],
            "rate_limit": {"requests": 2, "seconds": 600},
        },
    )
    token = await front.partner.token(shop.json()["client_id"], shop.json()["client_secret"])
    partner = front.partner.with_(f"Bearer {token}")

    statuses = [(await partner.get("/v1/customers")).status_code for _ in range(3)]

    assert statuses == [200, 200, 429]
    assert (await front.partner.get("/v1/customers")).status_code == 200


async def test_strangers_are_counted_by_address_and_refused_with_a_problem(database_url):
    async with running(database_url, anonymous_limit_requests=4) as front:
        stranger = front.partner.with_("Bearer forged")
        statuses = [(await stranger.get("/v1/customers")).status_code for _ in range(5)]

    assert statuses[-1] == 429
    assert 401 in statuses


async def test_health_is_never_counted(database_url):
    async with running(database_url, anonymous_limit_requests=1) as front:
        statuses = {(await front.partner.http.get("/livez")).status_code for _ in range(5)}

    assert statuses == {200}


async def test_the_counter_is_written_once_per_lease_not_per_request(database_url):
    database = Database(database_url, "gateway")
    await database.open()
    leases, taken = SharedLeases(database), []

    class Counting:
        async def take(self, key, policy, window):
            taken.append(key)
            return await leases.take(key, policy, window)

    await allowed(
        Allowances(Counting(), now=lambda: 60.0), "shop", Policy(quota=1000, window=60), 400
    )

    await database.close()
    assert len(taken) <= 12


async def test_without_the_database_requests_still_pass(database_url):
    database = Database("postgresql://nobody@127.0.0.1:1/none", "gateway")
    await database.open()

    spent = await allowed(
        Allowances(SharedLeases(database), now=lambda: 60.0),
        "shop",
        Policy(quota=100, window=60),
        3,
    )

    await database.close()
    assert spent == 3


class NoCounter:
    """The shared counter while its database is away."""

    async def take(self, key, policy, window):
        raise DatabaseUnavailable()


@pytest.mark.parametrize("quota", [3, 73, 100])
async def test_without_the_database_no_more_than_the_quota_passes(quota):
    moment, policy = [60.0], Policy(quota=quota, window=60)
    allowances = Allowances(NoCounter(), now=lambda: moment[0])

    assert await allowed(allowances, "shop", policy, 3 * quota) == quota
    assert allowances.is_drained("shop")
    moment[0] = 120.0
    assert not allowances.is_drained("shop")
