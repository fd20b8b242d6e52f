"""A process that is asked to stop keeps nobody waiting."""

import asyncio
import signal
import time

import pytest
import uvicorn
from service_kit.command import Server
from service_kit.process.signals import Signals
from service_kit.store.database import Database
from service_kit.testing import notes
from service_kit.web.feed import read_or_wait
from starlette.routing import Route


async def test_a_long_poll_ends_when_the_process_is_asked_to_stop(make_database):
    database = Database(await make_database(notes.MIGRATIONS, notes.SCHEMA), notes.SCHEMA)
    await database.open()
    try:
        poll = asyncio.create_task(read_or_wait(database, after=0, limit=10, wait=30, units=None))
        await asyncio.sleep(0.1)
        began = time.monotonic()

        database.signals.is_stopping = True

        assert await poll == []
        assert time.monotonic() - began < 5
    finally:
        await database.close()


def test_the_server_says_that_it_stops_when_it_is_asked_to():
    signals = Signals()
    server = Server(uvicorn.Config(lambda: None), signals)

    server.handle_exit(signal.SIGTERM, None)

    assert signals.is_stopping
    assert server.should_exit


async def test_a_request_that_is_cut_off_by_the_stop_is_unavailable_and_no_error_of_ours(
    compose, signing_keys
):
    begun = asyncio.Event()
    service = compose()

    async def endless(_request: object) -> None:
        begun.set()
        await asyncio.Event().wait()

    service.api.router.routes.append(Route("/endless", endless))
    sent: list[dict[str, object]] = []

    async def send(message) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "GET",
        "path": "/endless",
        "raw_path": b"/endless",
        "query_string": b"",
        "headers": [],
        "root_path": "",
    }
    asking = asyncio.create_task(
        service.app({**scope, "http_version": "1.1", "scheme": "http"}, asyncio.Event().wait, send)
    )
    await begun.wait()
    asking.cancel()

    with pytest.raises(asyncio.CancelledError):
        await asking
    assert sent[0]["status"] == 503
    assert b"application/problem+json" in dict(sent[0]["headers"]).values()
