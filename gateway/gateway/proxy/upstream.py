"""Connections to one service: requests and answers stream, an error says whether anything was sent.

How long a service may take is the settings `answer_seconds` and `upload_seconds`, how long an
answer may pause `idle_seconds`.
"""

import asyncio
from collections.abc import AsyncIterable, AsyncIterator
from contextlib import suppress
from typing import Literal, Protocol
from urllib.parse import unquote

import aiohttp
from multidict import CIMultiDict
from service_kit.words.messages import said
from yarl import URL

from gateway.proxy.headers import RawHeaders

Body = bytes | AsyncIterable[bytes]
Reason = Literal["unreachable", "slow", "broken"]
# Connections are given up well before the services close them (after 75 s), so that no request
# races with a close.
KEPT_ALIVE_SECONDS = 30
NO_AUTOMATIC_HEADERS = ("User-Agent", "Accept", "Accept-Encoding", "Content-Type")


class UpstreamFailed(Exception):
    """The service gave no (whole) answer:
    `unreachable` before anything was sent, `slow` past its deadline, else `broken`.
    """

    def __init__(self, reason: Reason, description: str) -> None:
        super().__init__(description)
        self.reason = reason
        self.description = description


class Answer(Protocol):
    """What a service answered;
    `chunks` is read once, `release` gives the connection back or ends it.
    """

    status: int
    headers: RawHeaders

    def whole(self) -> bytes | None:
        """The body when all of it has arrived already, else None."""

    def chunks(self) -> AsyncIterator[bytes]:
        """The body as it arrives."""

    def release(self) -> None:
        """Give the connection back; one whose answer was not read to its end is closed."""


class Upstream(Protocol):
    async def ask(
        self, method: str, target: str, headers: RawHeaders, body: Body | None, *, within: float
    ) -> Answer:
        """Send a request and wait at most `within` seconds for the head of its answer.

        With a body that streams, the seconds count while the service holds it up and from its end
        on, never while the caller does.
        """


class HttpAnswer:
    """An answer of aiohttp's client."""

    __slots__ = ("_idle_seconds", "_response", "headers", "status")

    def __init__(self, response: aiohttp.ClientResponse, idle_seconds: float) -> None:
        self._response = response
        self._idle_seconds = idle_seconds
        self.status = response.status
        self.headers: RawHeaders = list(response.raw_headers)

    def whole(self) -> bytes | None:
        content = self._response.content
        return content.read_nowait() if content.is_eof() and content.exception() is None else None

    async def chunks(self) -> AsyncIterator[bytes]:
        content = self._response.content
        try:
            while True:
                chunk = await asyncio.wait_for(content.readany(), self._idle_seconds)
                if not chunk:
                    return
                yield chunk
        except TimeoutError as error:
            raise UpstreamFailed(
                "slow", said("the service stopped in the middle of its answer")
            ) from error
        except aiohttp.ClientError as error:
            raise UpstreamFailed(
                "broken", said("the service broke off in the middle of its answer")
            ) from error

    def release(self) -> None:
        if self._response.content.at_eof() or self._response.content.is_eof():
            self._response.release()
        else:
            self._response.close()


class HttpUpstream:
    """One service behind `http://host:port` or a Unix socket (`unix:/path`,
    `http+unix:///path`).
    """

    def __init__(self, url: str, *, idle_seconds: float, connect_seconds: float = 2.0) -> None:
        self.url = url
        self._base, self._socket = parse_upstream(url)
        self._idle_seconds = idle_seconds
        self._connect_seconds = connect_seconds
        self._session: aiohttp.ClientSession | None = None

    async def open(self) -> None:
        """Make the pool of connections; it belongs to the running event loop."""
        self._session = aiohttp.ClientSession(
            connector=self._connector(),
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=NO_AUTOMATIC_HEADERS,
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=self._connect_seconds),
            requote_redirect_url=False,
        )

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    def _connector(self) -> aiohttp.BaseConnector:
        if self._socket is not None:
            return aiohttp.UnixConnector(
                self._socket, limit=0, keepalive_timeout=KEPT_ALIVE_SECONDS
            )
        return aiohttp.TCPConnector(limit=0, keepalive_timeout=KEPT_ALIVE_SECONDS)

    async def ask(
        self, method: str, target: str, headers: RawHeaders, body: Body | None, *, within: float
    ) -> HttpAnswer:
        if self._session is None:
            raise UpstreamFailed("unreachable", said("the proxy is not open"))
        try:
            async with asyncio.timeout(within) as limit:
                response = await self._session.request(
                    method,
                    URL(f"{self._base}{target}", encoded=True),
                    headers=CIMultiDict(
                        (name.decode("latin-1"), value.decode("latin-1")) for name, value in headers
                    ),
                    data=body
                    if body is None or isinstance(body, bytes)
                    else _timed(body, limit, within),
                    allow_redirects=False,
                )
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise UpstreamFailed("unreachable", said("the service cannot be reached")) from error
        except TimeoutError as error:
            raise UpstreamFailed(
                "slow", said("the service did not answer within {seconds} s", seconds=f"{within:g}")
            ) from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise UpstreamFailed(
                "broken", said("the service closed the connection or answered what is not HTTP")
            ) from error
        return HttpAnswer(response, self._idle_seconds)


async def _timed(
    body: AsyncIterable[bytes], limit: asyncio.Timeout, within: float
) -> AsyncIterator[bytes]:
    """The body; the limit stands still while the next piece is waited for,
    and begins anew whenever the service has to go on.
    """
    now = asyncio.get_running_loop().time
    _move(limit, None)
    async for chunk in body:
        _move(limit, now() + within)
        yield chunk
        _move(limit, None)
    _move(limit, now() + within)


def _move(limit: asyncio.Timeout, when: float | None) -> None:
    # An answer that came before the body's end has ended the limit, and the service reads on as it
    # likes.
    with suppress(RuntimeError):
        limit.reschedule(when)


def parse_upstream(url: str) -> tuple[str, str | None]:
    """The base URL for requests, and the path of the Unix socket if the service listens on one."""
    for scheme in ("http+unix://", "unix://", "unix:"):
        if url.startswith(scheme):
            path = unquote(url.removeprefix(scheme)).rstrip("/")
            return "http://localhost", f"/{path.lstrip('/')}"
    return url.rstrip("/"), None
