"""Bodies that arrive slowly: the caller's time is not the service's, and neither waits for ever."""

import asyncio
import contextlib
from urllib.parse import urlsplit

import pytest
from gateway.testing import Neighbor, running

SMALL = (
    b"POST %s HTTP/1.1\r\nHost: gateway.test\r\nAuthorization: %s\r\nContent-Type:"
    b" %s\r\nContent-Length: 1000\r\n\r\n"
)


async def raw(front, path, first, *, content_type="application/json", is_trickling=False):
    """The whole answer to a request whose body stops after `first`,
    or goes on byte by byte until the gateway closes the connection.
    """
    address = urlsplit(front.url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    writer.write(
        SMALL % (path.encode(), front.partner.authorization.encode(), content_type.encode()) + first
    )
    answer = asyncio.create_task(reader.read())
    try:
        async with asyncio.timeout(20):
            while is_trickling and not answer.done():
                writer.write(b" ")
                await asyncio.wait([answer], timeout=0.05)
            return (await answer).decode()
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


@pytest.mark.parametrize("first", [b"", b'{"name'])
async def test_a_body_that_does_not_come_is_408(database_url, first):
    async with running(database_url, idle_seconds=0.3) as front:
        passed_on = await raw(front, "/v1/complaints", first)
        own = await raw(front, "/v1/clients", first)
        form = await raw(
            front, "/oauth/token", first, content_type="application/x-www-form-urlencoded"
        )

    for answer in (passed_on, own, form):
        head = answer.partition("\r\n\r\n")[0].lower()
        assert head.startswith("http/1.1 408 "), answer
        assert "connection: close" in head
        assert "/problems/request-timeout" in answer


async def test_a_body_that_trickles_in_for_ever_is_408(database_url):
    async with running(database_url, upload_seconds=0.4) as front:
        answer = await raw(front, "/v1/complaints", b"{", is_trickling=True)

    assert answer.startswith("HTTP/1.1 408 ")


async def slowly(pieces, *, pause):
    for piece in pieces:
        yield piece
        await asyncio.sleep(pause)


async def test_the_time_that_a_caller_takes_to_send_is_not_the_services(database_url):
    async with running(database_url, answer_seconds=0.4) as front:
        headers = {
            "Authorization": front.partner.authorization,
            "Content-Type": "application/json",
            "Content-Length": "6",
        }
        answer = await front.partner.http.post(
            "/v1/complaints", content=slowly([b"12", b"34", b"56"], pause=0.3), headers=headers
        )

    assert (answer.status_code, answer.json()["body"]) == (200, "123456")


async def test_a_service_that_does_not_answer_a_slow_body_is_504(database_url):
    async def silent(scope, receive, send):
        while (await receive()).get("more_body"):
            pass
        await asyncio.sleep(5)

    async with running(
        database_url, {"complaints": Neighbor({"/v1/complaints": silent})}, answer_seconds=0.3
    ) as front:
        headers = {
            "Authorization": front.partner.authorization,
            "Content-Type": "application/json",
            "Content-Length": "4",
        }
        answer = await front.partner.http.post(
            "/v1/complaints", content=slowly([b"12", b"34"], pause=0.1), headers=headers
        )

    assert answer.status_code == 504


async def test_an_answer_that_comes_before_the_end_of_the_body_comes_through(database_url):
    async def hasty(scope, receive, send):
        await receive()
        await send(
            {"type": "http.response.start", "status": 413, "headers": [(b"content-length", b"2")]}
        )
        await send({"type": "http.response.body", "body": b"no"})

    async with running(database_url, {"complaints": Neighbor({"/v1/complaints": hasty})}) as front:
        headers = {
            "Authorization": front.partner.authorization,
            "Content-Type": "application/json",
            "Content-Length": "4",
        }
        answer = await front.partner.http.post(
            "/v1/complaints", content=slowly([b"12", b"34"], pause=0.2), headers=headers
        )

    assert (answer.status_code, answer.content) == (413, b"no")
