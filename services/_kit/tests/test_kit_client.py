"""Clients of neighbors:
deadlines that hold, one retry with the same key, a breaker, and tokens that outlive an outage.
"""

import asyncio
import json

import pytest
from service_kit.access.client import (
    BREAKER_FAILURES,
    NeighborRefused,
    NeighborUnavailable,
    ServiceClient,
    Tokens,
)


class Neighbor:
    """Answers what its script says, one entry per request;
    `slow` trickles for ten seconds, `dead` closes at once.
    """

    def __init__(self, *script: object) -> None:
        self.script, self.requests = list(script), []

    async def __aenter__(self):
        self.server = await asyncio.start_server(self._answer, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self.server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_error):
        self.server.close()

    async def _answer(self, reader, writer):
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        self.requests.append(dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:-2]))
        step = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if step == "slow":
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n")
            for _ in range(100):
                if writer.is_closing():
                    break
                writer.write(b" ")
                await asyncio.sleep(0.1)
        elif step != "dead":
            status, body = step if isinstance(step, tuple) else (200, step)
            content = body if isinstance(body, bytes) else json.dumps(body).encode()
            writer.write(
                b"HTTP/1.1 %d X\r\nConnection: close\r\nContent-Length: %d\r\n\r\n"
                % (status, len(content))
                + content
            )
        writer.close()


class Given(Tokens):
    """A token at once."""

    def __init__(self) -> None:
        self.given = "own-token"

    async def token(self) -> str:
        return self.given


def granted(name: str, seconds: float) -> dict[str, object]:
    return {"access_token": name, "expires_in": seconds}


async def took(call) -> float:
    began = asyncio.get_running_loop().time()
    with pytest.raises(NeighborUnavailable):
        await call
    return asyncio.get_running_loop().time() - began


async def test_an_answer_that_trickles_in_does_not_outlast_the_deadline():
    async with Neighbor("slow") as neighbor:
        client = ServiceClient(neighbor.url, Given(), seconds=0.5)

        assert await took(client.get("/x")) < 3


async def test_a_gateway_that_hangs_does_not_outlast_the_deadline_either():
    async with Neighbor("slow") as gateway, Neighbor({}) as neighbor:
        client = ServiceClient(
            neighbor.url,
            Tokens(gateway_url=gateway.url, client_id="c", client_secret="s"),
            seconds=0.5,
        )

        assert await took(client.get("/x")) < 2.5
        assert neighbor.requests == []


@pytest.mark.parametrize("failure", ["dead", (503, {})])
async def test_a_call_is_tried_once_more_a_write_with_the_same_key(failure):
    async with Neighbor(failure, {"n": 1}) as neighbor:
        client = ServiceClient(neighbor.url, Given())

        assert await client.post("/x", {}) == {"n": 1}
    keys = [request["idempotency-key"] for request in neighbor.requests]
    assert len(keys) == 2
    assert len(set(keys)) == 1
    assert neighbor.requests[0]["authorization"] == "bearer own-token"


async def test_what_a_neighbor_refuses_is_not_tried_again():
    async with Neighbor((409, {"detail": "no"})) as neighbor:
        with pytest.raises(NeighborRefused) as refused:
            await ServiceClient(neighbor.url, Given()).post("/x", {})

    assert (refused.value.status, refused.value.problem) == (409, {"detail": "no"})
    assert len(neighbor.requests) == 1


async def test_what_is_not_there_is_none_and_what_is_no_json_is_an_outage():
    async with Neighbor((404, {}), b"<html>") as neighbor:
        client = ServiceClient(neighbor.url, Given())

        assert await client.get("/x") is None
        with pytest.raises(NeighborUnavailable):
            await client.get("/x")


async def test_the_breaker_opens_after_failures_in_a_row_and_closes_again(monkeypatch):
    monkeypatch.setattr("service_kit.access.client.BREAKER_SECONDS", 0.3)
    async with Neighbor(*["dead"] * (BREAKER_FAILURES + 1), {"n": 1}) as neighbor:
        client = ServiceClient(neighbor.url, Given())
        while not client.breaker.is_open:
            await took(client.get("/x"))
        asked = len(neighbor.requests)
        await took(client.get("/x"))
        assert len(neighbor.requests) == asked
        await asyncio.sleep(0.35)

        assert await client.get("/x") == {"n": 1}


async def test_a_token_is_kept_until_shortly_before_its_end():
    async with Neighbor(granted("a", 60), granted("b", 60)) as gateway:
        tokens = Tokens(gateway_url=gateway.url, client_id="c", client_secret="s")

        assert [await tokens.token(), await tokens.token()] == ["a", "a"]


async def test_while_the_gateway_is_down_the_last_token_serves_until_its_end():
    async with Neighbor(granted("a", 1.0), (500, {}), "dead", {"odd": 1}, []) as gateway:
        tokens = Tokens(gateway_url=gateway.url, client_id="c", client_secret="s")

        assert [await tokens.token() for _ in range(5)] == ["a"] * 5
        await asyncio.sleep(1.0)
        with pytest.raises(NeighborUnavailable):
            await tokens.token()


async def test_a_token_that_is_refused_is_given_up_for_a_new_one():
    async with (
        Neighbor(granted("old", 3600), granted("new", 3600)) as gateway,
        Neighbor((401, {}), {"n": 1}) as neighbor,
    ):
        client = ServiceClient(
            neighbor.url, Tokens(gateway_url=gateway.url, client_id="c", client_secret="s")
        )

        assert await client.get("/x") == {"n": 1}
    assert [request["authorization"] for request in neighbor.requests] == [
        "bearer old",
        "bearer new",
    ]


async def test_a_token_that_is_refused_again_and_again_is_told_after_the_second_try():
    async with (
        Neighbor(granted("old", 3600), granted("new", 3600)) as gateway,
        Neighbor((401, {"detail": "no"})) as neighbor,
    ):
        client = ServiceClient(
            neighbor.url, Tokens(gateway_url=gateway.url, client_id="c", client_secret="s")
        )

        with pytest.raises(NeighborRefused) as refused:
            await client.get("/x")

    assert refused.value.status == 401
    assert len(neighbor.requests) == 2
