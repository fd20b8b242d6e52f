"""A service that starts in a bad moment, works without serving,
and checks tokens while keys change.
"""

import asyncio
import json
import socket

import pytest
from joserfc.jwk import KeySet
from service_kit.access.caller import Caller
from service_kit.access.tokens import KeysUnavailable, PublishedKeys
from service_kit.access.units import units_of, within, within_units
from service_kit.store.database import Database
from service_kit.store.sqlstates import TransactionRolledBack
from service_kit.testing import serving
from service_kit.testing.notes import note
from service_kit.web.requests import strict_json
from service_kit.words.errors import Invalid
from service_kit.words.identity import clock
from sqlalchemy import insert, select
from starlette.routing import Route


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


async def test_a_service_starts_while_its_database_refuses_connections(compose, signing_keys):
    service = compose(database_url=f"postgresql://u:p@127.0.0.1:{closed_port()}/x")
    async with serving(service, signing_keys) as api:
        ready, alive, read = [
            await api.client.get(path) for path in ("/readyz", "/livez", "/openapi.json")
        ]
        notes = await api.get("/v1/notes")

    assert [ready.status_code, alive.status_code, read.status_code, notes.status_code] == [
        503,
        200,
        200,
        503,
    ]
    assert notes.headers["content-type"] == "application/problem+json"


async def test_a_service_starts_before_its_schema_was_migrated_and_says_so(compose, signing_keys):
    async with serving(compose(database_schema="elsewhere"), signing_keys) as api:
        ready = await api.client.get("/readyz")

    assert ready.status_code == 503
    assert ready.json()["reasons"] == ["migrations are pending: 0001, 0002, 0003, 0004"]


async def test_a_worker_process_serves_health_and_no_operation(compose, signing_keys):
    service = compose()
    service.withdraw_routes()
    async with serving(service, signing_keys) as api:
        answers = [
            await api.get("/v1/notes"),
            await api.get("/v1/events"),
            await api.client.get("/readyz"),
        ]

    assert [answer.status_code for answer in answers] == [404, 404, 200]


class Gateway:
    """Publishes keys, slowly, and counts who asks."""

    def __init__(self, *keys: KeySet) -> None:
        self.keys, self.asked = list(keys), 0

    async def __aenter__(self):
        self.server = await asyncio.start_server(self._answer, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self.server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_error):
        self.server.close()

    async def _answer(self, reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        self.asked += 1
        await asyncio.sleep(0.2)
        body = json.dumps(
            self.keys[min(self.asked, len(self.keys)) - 1].as_dict(private=False)
        ).encode()
        writer.write(
            b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body
        )
        await writer.drain()
        writer.close()


async def test_a_crowd_at_a_cold_start_waits_for_one_fetch_of_the_keys(database, signing_keys):
    async with Gateway(await signing_keys.key_set(None)) as gateway:
        published = PublishedKeys(database, gateway_url=gateway.url, issuer="i")

        sets = await asyncio.gather(*(published.key_set("test") for _ in range(10)))

    assert gateway.asked == 1
    assert all(found.keys[0].kid == "test" for found in sets)


async def test_strangers_with_made_up_key_ids_do_not_make_the_gateway_busy(database, signing_keys):
    async with Gateway(await signing_keys.key_set(None)) as gateway:
        published = PublishedKeys(database, gateway_url=gateway.url, issuer="i")

        await asyncio.gather(*(published.key_set(f"made up {number}") for number in range(20)))
        await published.key_set("another")

    assert gateway.asked == 1


async def test_kept_keys_let_a_service_start_without_the_gateway(database, signing_keys):
    async with Gateway(await signing_keys.key_set(None)) as gateway:
        await PublishedKeys(database, gateway_url=gateway.url, issuer="i").key_set("test")
        url = gateway.url

    found = await PublishedKeys(database, gateway_url=url, issuer="i").key_set("test")

    assert [key.kid for key in found.keys] == ["test"]
    with pytest.raises(KeysUnavailable):
        await PublishedKeys(database, gateway_url=url, issuer="another").key_set("test")


async def test_keys_cannot_be_had_without_gateway_and_database():
    nowhere = Database(f"postgresql://u:p@127.0.0.1:{closed_port()}/x", "notes")
    await nowhere.open()

    with pytest.raises((KeysUnavailable, TransactionRolledBack)):
        await PublishedKeys(
            nowhere, gateway_url=f"http://127.0.0.1:{closed_port()}", issuer="i"
        ).key_set("test")
    await nowhere.close()


@pytest.mark.parametrize(
    ("units", "seen"), [(None, 3), ((), 0), (("cn",), 2), (("c_",), 0), (("cn.gd", "us"), 2)]
)
async def test_both_ways_to_stay_within_units_see_the_same_and_no_units_see_nothing(
    database, units, seen
):
    caller = Caller(client_id="c", sub="s", units=units)
    async with database.transaction() as tx:
        for number, unit in enumerate(["cn", "cn.gd", "us"]):
            row = {"id": f"00000000-0000-0000-0000-00000000000{number}", "text": "t", "version": 1}
            await tx.execute(insert(note), **row, unit=unit, written_at=clock())
        built = await tx.fetch(select(note.c.id).where(within(note.c.unit, caller)))
        bound = await tx.fetch(
            select(note.c.id).where(within_units(note.c.unit)), units=units_of(caller)
        )

    assert len(built) == len(bound) == seen


@pytest.mark.parametrize("number", ["1e400", "-1E+400", "1" * 400 + ".0", "1" * 300 + "e99"])
def test_a_number_beyond_a_double_is_refused_however_it_is_written(number):
    with pytest.raises(Invalid):
        strict_json(b'{"n": ' + number.encode() + b"}")


def test_ordinary_numbers_and_words_with_digits_pass():
    assert strict_json(b'{"n": [1e3, 2.5E-300, "3e400"]}') == {"n": [1000.0, 2.5e-300, "3e400"]}


async def test_an_unforeseen_error_behind_the_framework_is_a_problem_document_too(
    compose, signing_keys
):
    service = compose()

    async def broken(_request: object) -> None:
        raise RuntimeError("secret detail")

    service.api.router.routes.append(Route("/broken", broken))
    async with serving(service, signing_keys) as api:
        answer = await api.get("/broken")

    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert "secret detail" not in answer.text
