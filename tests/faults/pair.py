"""A primary with a synchronous standby, and the hands that stop and promote them."""

import asyncio
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import asyncpg
from service_kit.postgres.programs import find_account, installed_binaries, run
from service_kit.postgres.server import PostgresServer

DATABASE = "guanxi"
ATTACHED_WITHIN = 20.0


class Pair:
    """Two servers on loopback: what the first one acknowledges, the second one has."""

    def __init__(self) -> None:
        self._closing = ExitStack()
        folder = self._closing.enter_context(
            tempfile.TemporaryDirectory(prefix="guanxi-pair-", ignore_cleanup_errors=True)
        )
        Path(folder).chmod(0o755)
        self.primary = PostgresServer(Path(folder) / "primary", loopback=True)
        self.standby = PostgresServer(Path(folder) / "standby", loopback=True)

    async def __aenter__(self) -> Self:
        try:
            self._start(self.primary)
            await self.ask(self.primary, f"CREATE DATABASE {DATABASE}")
            self._copy()
            self._start(self.standby)
            await self._wait_for_the_standby()
        except BaseException:
            self._closing.close()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.end_the_primary()
        self._closing.close()

    @property
    def url(self) -> str:
        """Both hosts; whoever connects finds the primary."""
        second = self.standby.url(DATABASE).rpartition("@")[2].partition("/")[0]
        return self.primary.url(DATABASE).replace(f"/{DATABASE}", f",{second}/{DATABASE}")

    async def ask(self, server: PostgresServer, *queries: str) -> Any:
        """The first value of the last query, of one server itself, whatever it is."""
        return await _asked(server.url(), *queries)

    async def ask_inside(self, server: PostgresServer, *queries: str) -> Any:
        """The same of the database that the parts work in."""
        return await _asked(server.url(DATABASE), *queries)

    def freeze(self) -> None:
        """Stop the primary with all its processes:
        its kernel still takes connections, nobody answers.
        """
        while awake := list(self._awake()):
            for pid in awake:
                _send(pid, signal.SIGSTOP)

    def thaw(self) -> None:
        for pid in self._pids():
            _send(pid, signal.SIGCONT)

    async def promote(self) -> None:
        await self.ask(self.standby, "SELECT pg_promote(true, 30)")

    def end_the_primary(self) -> None:
        """Nobody may take it for the primary again."""
        for pid in self._pids():
            _send(pid, signal.SIGKILL)

    def _start(self, server: PostgresServer) -> None:
        self._closing.callback(server.stop)
        server.start()

    def _copy(self) -> None:
        """The standby begins as a copy; the programs that the server found work for it too."""
        home = self.standby.home
        home.mkdir()
        home.chmod(0o711)
        account = find_account(None, self.primary.folder) if os.geteuid() == 0 else None
        shutil.copy(self.primary.home / "superuser-password", home / "superuser-password")
        copied = next(self.primary.home.glob("binaries-*"), None)
        if copied is not None:
            shutil.copytree(copied, home / copied.name)
        programs = (
            installed_binaries() if copied is None else next(home.glob("binaries-*/*/pginstall"))
        )
        fresh = home / "fresh"
        fresh.mkdir(mode=0o700)
        if account is not None:
            os.chown(fresh, account.uid, account.gid)
        command = [
            programs / "bin" / "pg_basebackup",
            "-d",
            self.primary.url(),
            "-D",
            fresh / "data",
            "-R",
            "--checkpoint=fast",
        ]
        run(command, account=account, because="Cannot copy the primary")
        (fresh / "data").rename(self.standby.folder)

    async def _wait_for_the_standby(self) -> None:
        """From now on a commit is acknowledged when the standby has it."""
        async with asyncio.timeout(ATTACHED_WITHIN):
            streams = "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'"
            while not await self.ask(self.primary, streams):  # noqa: ASYNC110
                await asyncio.sleep(0.1)
        await self.ask(
            self.primary,
            "ALTER SYSTEM SET synchronous_standby_names = '*'",
            "SELECT pg_reload_conf()",
        )

    def _pids(self) -> Iterator[int]:
        """The primary's processes: all that work in its folder."""
        for entry in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                if (entry / "cwd").resolve(strict=True) == self.primary.folder.resolve():
                    yield int(entry.name)

    def _awake(self) -> Iterator[int]:
        for pid in self._pids():
            with suppress(OSError):
                if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "TZ":
                    yield pid


async def _asked(url: str, *queries: str) -> Any:
    connection = await asyncpg.connect(url, timeout=5.0)
    try:
        return [await connection.fetchval(query) for query in queries][-1]
    finally:
        await connection.close()


def _send(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)
