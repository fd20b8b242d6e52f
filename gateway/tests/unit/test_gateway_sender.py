"""One attempt at a webhook: the status is what counts."""

import asyncio

import pytest
from gateway.webhook.sender import Sender
from gateway.webhook.target_check import TargetCheck

HEAD = b"HTTP/1.1 %d OK\r\nContent-Length: 5\r\n\r\n"


@pytest.mark.parametrize(
    ("status", "is_success"), [(200, True), (204, True), (500, False), (302, False)]
)
@pytest.mark.parametrize("is_closed", [True, False])
async def test_the_head_of_the_answer_decides_whatever_becomes_of_its_body(
    status, is_success, is_closed
):
    done = asyncio.Event()

    async def receiver(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(HEAD % status)
        await writer.drain()
        if not is_closed:
            await done.wait()
        writer.close()

    server = await asyncio.start_server(receiver, "127.0.0.1", 0)
    async with server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook"
        outcome = await Sender(
            TargetCheck(is_loopback_allowed=True, is_http_allowed=False), seconds=5
        ).send(url, {}, b"{}")
        done.set()

    assert (outcome.status, outcome.is_success, outcome.error) == (status, is_success, None)
