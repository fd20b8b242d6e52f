"""What is remembered of clients: fresh enough, and enough to go on without the database."""

import asyncio

import pytest
from gateway.api_key.tokens import ApiKeyInvalid, ApiKeyTokens
from gateway.client.status import ClientStatuses
from gateway.limit.domain import Policy
from gateway.testing import a_client
from service_kit.store.sqlstates import DatabaseUnavailable

DEFAULT = Policy(quota=10, window=60)


async def test_many_requests_at_once_read_a_client_once(front, monkeypatch):
    client = await a_client(front.gateway)
    statuses, reads = ClientStatuses(front.gateway.database, DEFAULT), []
    read = statuses._read

    async def counting(client_id):
        reads.append(client_id)
        return await read(client_id)

    monkeypatch.setattr(statuses, "_read", counting)

    found = await asyncio.gather(*(statuses.of(client.client_id) for _ in range(50)))

    assert reads == [client.client_id]
    assert all(status.is_enabled for status in found)


async def test_a_known_client_is_served_while_the_database_is_away(front, monkeypatch):
    client = await a_client(front.gateway)
    statuses = ClientStatuses(front.gateway.database, DEFAULT)
    await statuses.of(client.client_id)

    async def away(client_id):
        raise DatabaseUnavailable()

    monkeypatch.setattr(statuses, "_read", away)
    monkeypatch.setattr("gateway.client.status.FRESH_SECONDS", -1.0)
    monkeypatch.setattr("gateway.client.status.STALE_SECONDS", -1.0)

    assert (await statuses.of(client.client_id)).is_enabled


class Held:
    """A read that has its answer and is held back before it tells."""

    def __init__(self, read):
        self._read = read
        self.has_read, self.may_tell = asyncio.Event(), asyncio.Event()

    async def __call__(self, *asked):
        found = await self._read(*asked)
        self.has_read.set()
        await self.may_tell.wait()
        return found


async def test_a_read_from_before_a_change_does_not_bring_the_old_status_back(front, monkeypatch):
    client = await a_client(front.gateway)
    statuses = ClientStatuses(front.gateway.database, DEFAULT)
    old_read = Held(statuses._read)
    monkeypatch.setattr(statuses, "_read", old_read)
    before = asyncio.create_task(statuses.of(client.client_id))
    await old_read.has_read.wait()
    monkeypatch.undo()

    await front.partner.patch(f"/v1/clients/{client.id}", {"state": "disabled"}, match='"1"')
    statuses.forget_all()
    old_read.may_tell.set()

    assert (await before).is_enabled
    assert not (await statuses.of(client.client_id)).is_enabled


async def test_an_older_read_that_ends_leaves_the_newer_one_in_its_place(front, monkeypatch):
    client = await a_client(front.gateway)
    statuses = ClientStatuses(front.gateway.database, DEFAULT)
    reads = [Held(statuses._read), Held(statuses._read)]
    waiting = []
    for read in reads:
        monkeypatch.setattr(statuses, "_read", read)
        statuses.forget_all()
        waiting.append(asyncio.create_task(statuses.of(client.client_id)))
        await read.has_read.wait()

    reads[0].may_tell.set()
    await waiting[0]
    newer = statuses._reading.get(client.client_id)
    reads[1].may_tell.set()

    assert newer is not None
    assert (await waiting[1]).is_enabled


async def test_a_check_from_before_a_revocation_does_not_bring_the_key_back(front, monkeypatch):
    key = (await front.partner.post("/v1/api-keys", {"name": "Sheet", "scopes": []})).json()
    key_tokens = front.gateway.parts[ApiKeyTokens]
    old_check = Held(key_tokens._checked)
    monkeypatch.setattr(key_tokens, "_checked", old_check)
    before = asyncio.create_task(key_tokens.token_for(key["key"]))
    await old_check.has_read.wait()
    monkeypatch.undo()

    await front.partner.post(f"/v1/api-keys/{key['id']}/revocation")
    old_check.may_tell.set()
    await before

    assert not key_tokens.knows(key["key"])
    with pytest.raises(ApiKeyInvalid):
        await key_tokens.token_for(key["key"])


async def test_an_unknown_client_is_not_enabled(front):
    assert not (await ClientStatuses(front.gateway.database, DEFAULT).of("nobody")).is_enabled


async def test_requests_go_through_with_known_tokens_when_the_database_is_gone(front):
    assert (await front.partner.get("/v1/customers")).status_code == 200

    await front.gateway.database.close()
    answers = [await front.partner.get("/v1/customers") for _ in range(5)]
    await front.gateway.database.open()

    assert [answer.status_code for answer in answers] == [200] * 5


async def test_a_bug_of_ours_is_a_500_problem(front, monkeypatch):
    def broken(*_):
        raise RuntimeError("a bug")

    monkeypatch.setattr("gateway.contract.paths.Paths.owner_of", broken)

    answer = await front.partner.get("/v1/customers")

    assert (answer.status_code, answer.headers["content-type"]) == (500, "application/problem+json")
    assert "a bug" not in answer.text
