"""The list of taken rights at a service:
kept, recalled, and never taken for empty because it could not be read.
"""

import asyncio
import json

import pytest
from service_kit.access.epochs import PublishedEpochs, TakenRightsUnknown
from service_kit.store.database import Database
from service_kit.store.migrations import migrate
from service_kit.testing import ISSUER, notes, serving

TAKEN, MORE = {"a" * 32: 2}, {"a" * 32: 2, "b" * 32: 1}
BOUNDED_SECONDS = 10
EMPTY = "elsewhere"
NOWHERE = "127.0.0.1:1"


class Gateway:
    """Publishes a list, or answers with another status."""

    def __init__(self, least=None, status=200) -> None:
        self.least, self.status, self.asked = least or {}, status, 0

    async def __aenter__(self):
        self.server = await asyncio.start_server(self._answer, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self.server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_error):
        self.server.close()

    async def _answer(self, reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        body = json.dumps({"epochs": self.least}).encode()
        writer.write(
            b"HTTP/1.1 %d X\r\nConnection: close\r\nContent-Length: %d\r\n\r\n"
            % (self.status, len(body))
            + body
        )
        await writer.drain()
        writer.close()
        self.asked += 1


def published(database, url=f"http://{NOWHERE}") -> PublishedEpochs:
    return PublishedEpochs(database, gateway_url=url, issuer=ISSUER)


async def until(is_so) -> None:
    """Await a condition, which may be a coroutine."""
    async with asyncio.timeout(BOUNDED_SECONDS):
        while not await is_so():  # noqa: ASYNC110 # What is awaited happens in a database and behind sockets.
            await asyncio.sleep(0.02)


async def recalled(database):
    epochs = published(database)
    await epochs.settle()
    return dict(epochs.least)


class Running:
    """The worker of a list, for as long as the block lasts."""

    def __init__(self, epochs) -> None:
        self._epochs = epochs

    async def __aenter__(self):
        self._task = asyncio.create_task(self._epochs.run())

    async def __aexit__(self, *_error):
        self._task.cancel()
        await asyncio.wait({self._task})


async def keep(database, least) -> None:
    async with Gateway(least) as gateway, Running(published(database, gateway.url)):
        await until(lambda: _is(database, least))


async def _is(database, least) -> bool:
    return await recalled(database) == least


async def test_a_gateway_that_could_not_read_takes_nothing_from_what_is_kept(database):
    await keep(database, TAKEN)
    async with Gateway(status=503) as gateway:
        epochs = published(database, gateway.url)
        async with Running(epochs):
            await until(lambda: _asked(gateway, 2))

    assert (epochs.least, await recalled(database)) == (TAKEN, TAKEN)


async def _asked(gateway, times) -> bool:
    return gateway.asked >= times


async def test_what_the_gateway_read_takes_the_place_of_what_is_kept_also_when_it_is_less(database):
    await keep(database, MORE)
    await keep(database, TAKEN)

    assert await recalled(database) == TAKEN


async def test_a_list_that_could_not_be_kept_is_kept_as_soon_as_that_is_possible(database, raw):
    await raw.execute("ALTER TABLE key_set RENAME TO hidden")
    async with Gateway(TAKEN) as gateway:
        epochs = published(database, gateway.url)
        async with Running(epochs):
            await until(lambda: _asked(gateway, 2))
            assert epochs.least == TAKEN
            await raw.execute("ALTER TABLE hidden RENAME TO key_set")
            await until(lambda: _is(database, TAKEN))


async def test_what_is_kept_is_recalled_as_soon_as_that_is_possible_and_until_then_nothing_is_known(
    database, raw
):
    await keep(database, TAKEN)
    await raw.execute("ALTER TABLE key_set RENAME TO hidden")
    epochs = published(database)
    await epochs.settle()
    with pytest.raises(TakenRightsUnknown):
        _ = epochs.least

    async with Running(epochs):
        await raw.execute("ALTER TABLE hidden RENAME TO key_set")
        await until(lambda: _knows(epochs, TAKEN))


async def _knows(epochs, least) -> bool:
    try:
        return epochs.least == least
    except TakenRightsUnknown:
        return False


async def test_what_was_kept_does_not_take_the_place_of_what_the_gateway_says_now(database, raw):
    await keep(database, TAKEN)
    await raw.execute("ALTER TABLE key_set RENAME TO hidden")
    async with Gateway(MORE) as gateway:
        epochs = published(database, gateway.url)
        async with Running(epochs):
            await until(lambda: _knows(epochs, MORE))
            gateway.status = 503
            await raw.execute("ALTER TABLE hidden RENAME TO key_set")
            await until(lambda: _is(database, MORE))
            assert epochs.least == MORE


def a_service(url, *, schema=notes.SCHEMA, is_worker=False):
    settings = notes.Settings(
        database_url=url,
        database_schema=schema,
        issuer=ISSUER,
        secret_key="test",
        gateway_url=f"http://{NOWHERE}",
    )
    service = notes.compose(settings)
    if is_worker:
        service.withdraw_routes()
    return service


@pytest.mark.parametrize("is_worker", [False, True], ids=["serve", "work"])
async def test_a_service_starts_on_a_schema_that_is_not_migrated_and_is_ready_after_it_was(
    url, raw, signing_keys, is_worker
):
    await raw.execute(f"CREATE SCHEMA {EMPTY}")
    async with serving(a_service(url, schema=EMPTY, is_worker=is_worker), signing_keys) as api:
        before = await api.client.get("/readyz")
        await migrate(url, EMPTY, str(notes.MIGRATIONS))
        await until(lambda: _is_ready(api))

    assert (before.status_code, before.json()["reasons"]) == (
        503,
        ["migrations are pending: 0001, 0002, 0003, 0004"],
    )


async def _is_ready(api) -> bool:
    return (await api.client.get("/readyz")).status_code == 200


async def test_a_service_starts_while_the_database_of_its_list_is_away(signing_keys):
    async with serving(a_service(f"postgresql://u:p@{NOWHERE}/x"), signing_keys) as api:
        ready = await api.client.get("/readyz")

    assert (ready.status_code, len(ready.json()["reasons"])) == (503, 1)


async def test_a_database_that_is_away_keeps_no_list_and_stops_nobody(signing_keys):
    away = Database(f"postgresql://u:p@{NOWHERE}/x", notes.SCHEMA)
    await away.open()
    async with Gateway(TAKEN) as gateway:
        epochs = published(away, gateway.url)
        async with Running(epochs):
            await until(lambda: _knows(epochs, TAKEN))
    await away.close()

    assert epochs.least == TAKEN
