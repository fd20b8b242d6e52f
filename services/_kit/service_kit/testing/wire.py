"""A wire to Postgres that a test may cut, at the worst moment too."""

import asyncio
from contextlib import suppress
from typing import Literal, Self
from urllib.parse import parse_qsl, urlsplit

COMMIT = b"COMMIT\x00"
Cut = Literal["before", "after"]


class Wire:
    """Passes bytes between a client and a server on a Unix socket or a port; `url` is where the
    client connects.

    `cut_commit` loses a COMMIT on its way ("before") or its answer ("after") and ends the
    connection; once per setting.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        options = dict(parse_qsl(parts.query))
        self._host, self._port = (
            parts.hostname or options["host"],
            int(options.get("port", parts.port or 5432)),
        )
        self._parts = parts
        self._ends: set[asyncio.StreamWriter] = set()
        self._passing: set[asyncio.Task[object]] = set()
        self.cut_commit: Cut | None = None
        self.cuts = 0
        # What clients have sent.
        self.heard = bytearray()
        self.connected = 0
        # What must be sent for the silence to begin.
        self.freeze_at: bytes | None = None
        self._passes = asyncio.Event()
        self._passes.set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_error: object) -> None:
        self._server.close()
        self.thaw()
        self.cut()
        await asyncio.gather(*self._passing, return_exceptions=True)

    @property
    def url(self) -> str:
        port = self._server.sockets[0].getsockname()[1]
        return f"postgresql://{self._parts.netloc.rpartition('@')[0]}@127.0.0.1:{port}{self._parts.path}"

    def cut(self) -> None:
        """End all connections now."""
        for end in self._ends:
            with suppress(RuntimeError):
                end.transport.abort()
        self._ends.clear()

    def freeze(self) -> None:
        """Keep silent from now on, as a stopped server does:
        connections are taken, nothing is answered.
        """
        self._passes.clear()

    def thaw(self) -> None:
        """Go on, with all that was held back."""
        self._passes.set()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connected += 1
        if self._host.startswith("/"):
            to_server = await asyncio.open_unix_connection(f"{self._host}/.s.PGSQL.{self._port}")
        else:
            to_server = await asyncio.open_connection(self._host, self._port)
        self._ends |= {writer, to_server[1]}
        both = (self._asked(reader, to_server[1], writer), self._answered(to_server[0], writer))
        self._passing |= {asyncio.create_task(one) for one in both}

    async def _asked(
        self,
        reader: asyncio.StreamReader,
        server: asyncio.StreamWriter,
        client: asyncio.StreamWriter,
    ) -> None:
        while chunk := await reader.read(65_536):
            self.heard.extend(chunk)
            if self.freeze_at is not None and self.freeze_at in chunk:
                self.freeze()
            await self._passes.wait()
            how, self.cut_commit = (
                (self.cut_commit, None) if COMMIT in chunk else (None, self.cut_commit)
            )
            if how is not None:
                self.cuts += 1
                client.transport.abort()
            if how != "before":
                server.write(chunk)
            if how is not None:
                await asyncio.sleep(0.1)
                break
        server.close()

    async def _answered(self, reader: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
        while chunk := await reader.read(65_536):
            await self._passes.wait()
            client.write(chunk)
        client.close()
