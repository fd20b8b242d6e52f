"""What is remembered of clients: fresh enough, and enough to go on without the database."""

import asyncio

from gateway.client.standing import Standings
from gateway.limit.domain import Policy
from gateway.testing import a_client
from service_kit.sqlstates import DatabaseUnavailable

DEFAULT = Policy(quota=10, window=60)


async def test_many_requests_at_once_read_a_client_once(front, monkeypatch):
    client = await a_client(front.gateway)
    standings, reads = Standings(front.gateway.database, DEFAULT), []
    read = standings._read

    async def counting(client_id):
        reads.append(client_id)
        return await read(client_id)

    monkeypatch.setattr(standings, "_read", counting)

    found = await asyncio.gather(*(standings.of(client.client_id) for _ in range(50)))

    assert reads == [client.client_id]
    assert all(standing.is_enabled for standing in found)


async def test_a_known_client_is_served_while_the_database_is_away(front, monkeypatch):
    client = await a_client(front.gateway)
    standings = Standings(front.gateway.database, DEFAULT)
    await standings.of(client.client_id)

    async def away(client_id):
        raise DatabaseUnavailable()

    monkeypatch.setattr(standings, "_read", away)
    monkeypatch.setattr("gateway.client.standing.FRESH_SECONDS", -1.0)
    monkeypatch.setattr("gateway.client.standing.STALE_SECONDS", -1.0)

    assert (await standings.of(client.client_id)).is_enabled


async def test_an_unknown_client_is_not_enabled(front):
    assert not (await Standings(front.gateway.database, DEFAULT).of("nobody")).is_enabled


async def test_requests_go_through_with_known_tokens_when_the_database_is_gone(front):
    assert (await front.partner.get("/v1/customers")).status_code == 200

    await front.gateway.database.close()
    answers = [await front.partner.get("/v1/customers") for _ in range(5)]
    await front.gateway.database.open()

    assert [answer.status_code for answer in answers] == [200] * 5


async def test_a_bug_of_ours_is_a_500_problem(front, monkeypatch):
    def broken(*_):
        raise RuntimeError("a bug")

    monkeypatch.setattr("gateway.edge.front.owner_of", broken)

    answer = await front.partner.get("/v1/customers")

    assert (answer.status_code, answer.headers["content-type"]) == (500, "application/problem+json")
    assert "a bug" not in answer.text
