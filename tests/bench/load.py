"""A load generator of its own process:
raw HTTP/1.1 over keep-alive connections, so that the server is what is measured.
"""

import asyncio
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import uvloop


@dataclass(frozen=True, kw_only=True)
class Load:
    """What one run measured; times in milliseconds."""

    requests: int
    failures: int
    seconds: float
    per_second: float
    p50: float
    p95: float
    p99: float


class _Connection(asyncio.Protocol):
    """Sends the next request as soon as the answer to the last one is complete."""

    def __init__(
        self,
        requests: Sequence[bytes],
        offset: int,
        stride: int,
        until: float,
        done: asyncio.Future[None],
    ) -> None:
        self._requests = requests
        self._next = offset
        self._stride = stride
        self._until = until
        self._done = done
        self._buffer = b""
        self._started = 0.0
        self.times: list[float] = []
        self.failures = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._send()

    def _send(self) -> None:
        request = self._requests[self._next % len(self._requests)]
        self._next += self._stride
        self._started = time.perf_counter()
        self._transport.write(request)  # type: ignore[attr-defined]  # asyncio hands us a stream transport.

    def data_received(self, received: bytes) -> None:
        self._buffer += received
        head, separator, body = self._buffer.partition(b"\r\n\r\n")
        if not separator:
            return
        length = _content_length(head)
        if len(body) < length:
            return
        now = time.perf_counter()
        self.times.append(now - self._started)
        if not head.startswith((b"HTTP/1.1 2", b"HTTP/1.1 304")):
            self.failures += 1
        self._buffer = b""
        if now >= self._until:
            self._transport.close()
        else:
            self._send()

    def connection_lost(self, error: Exception | None) -> None:
        if not self._done.done():
            self._done.set_result(None)


def _content_length(head: bytes) -> int:
    at = head.lower().find(b"content-length:")
    return (
        int(head[at + 15 : head.find(b"\r\n", at) if head.find(b"\r\n", at) > 0 else None])
        if at >= 0
        else 0
    )


def _same(connection: _Connection) -> _Connection:
    return connection


async def run(
    host: str, port: int, requests: Sequence[bytes], *, connections: int, seconds: float
) -> Load:
    """Send the requests round and round for some seconds; only loopback addresses are loaded."""
    if host not in ("127.0.0.1", "::1", "localhost"):
        raise ValueError("load goes to loopback only")
    loop = asyncio.get_running_loop()
    started = time.perf_counter()
    until = started + seconds
    running = []
    for number in range(connections):
        done: asyncio.Future[None] = loop.create_future()
        connection = _Connection(requests, number, connections, until, done)
        _, protocol = await loop.create_connection(partial(_same, connection), host, port)
        running.append((protocol, done))
    await asyncio.wait_for(asyncio.gather(*(done for _, done in running)), seconds + 30)
    took = time.perf_counter() - started
    times = sorted(time_ for protocol, _ in running for time_ in protocol.times)
    return Load(
        requests=len(times),
        failures=sum(protocol.failures for protocol, _ in running),
        seconds=round(took, 3),
        per_second=round(len(times) / took, 1),
        **{
            f"p{share}": round(times[min(len(times) - 1, len(times) * share // 100)] * 1000, 3)
            for share in (50, 95, 99)
        },
    )


def main() -> None:
    """`python load.py HOST PORT CONNECTIONS SECONDS REQUESTS_FILE`: prints the figures as JSON;
    the file holds a JSON list of texts.
    """
    host, port, connections, seconds, path = sys.argv[1:]
    requests = [text.encode("latin-1") for text in json.loads(Path(path).read_text())]
    load = uvloop.run(
        run(host, int(port), requests, connections=int(connections), seconds=float(seconds))
    )
    print(json.dumps(asdict(load)))


if __name__ == "__main__":
    main()
