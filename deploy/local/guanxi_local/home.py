"""The folder of one instance: its lock, its secrets, what it remembers between starts."""

import fcntl
import json
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from guanxi_local.refusals import LauncherError


class Home:
    """`.guanxi/`: `postgres/`, `logs/`, `credentials.json`, `secrets.json` (mode 600),
    `state.json`, `processes.json`.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.logs = folder / "logs"
        self.postgres = folder / "postgres"
        self.credentials = folder / "credentials.json"

    def prepare(self) -> None:
        """Makes the folders;
        as root others may pass through, for PostgreSQL's account must reach its own.
        """
        try:
            if not self.folder.exists():
                self.folder.mkdir(parents=True)
                # Said again because the umask takes rights away.
                self.folder.chmod(0o711 if os.geteuid() == 0 else 0o700)
            self.logs.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise LauncherError(f"Cannot use the home {self.folder}: {error.strerror}.") from error

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Holds the home for this process; the kernel lets go of it however the process ends."""
        with (self.folder / "lock").open("a+") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise LauncherError(
                    f"The home {self.folder} is in use by process {self.holder() or 'unknown'}: "
                    "stop it, or set GUANXI_HOME and GUANXI_PORT to run beside it."
                ) from error
            lock.truncate(0)
            lock.write(str(os.getpid()))
            lock.flush()
            try:
                yield
            finally:
                lock.truncate(0)

    def holder(self) -> int | None:
        """The process that holds the home, if any."""
        try:
            with (self.folder / "lock").open() as lock:
                written = lock.read().strip()
                try:
                    fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
                except OSError:
                    return int(written) if written.isdigit() else None
        except FileNotFoundError:
            pass
        return None

    def secret(self, name: str) -> str:
        """A secret of this instance, made when it is first asked for."""
        kept = self._read("secrets.json")
        if name not in kept:
            kept[name] = secrets.token_urlsafe(32)
            self._write("secrets.json", kept)
        return str(kept[name])

    def has_secret(self, name: str) -> bool:
        return name in self._read("secrets.json")

    def recall(self, name: str) -> Any:
        return self._read("state.json").get(name)

    def remember(self, **facts: object) -> None:
        self._write("state.json", {**self._read("state.json"), **facts})

    def publish_processes(self, processes: Mapping[str, object]) -> None:
        """Tells other programs of this user which processes run, and where."""
        self._write("processes.json", processes)

    def processes(self) -> dict[str, Any]:
        """What was published last; nothing of an instance that has stopped."""
        return self._read("processes.json")

    def write_credentials(self, base_url: str, *, client_id: str) -> None:
        client_secret = self.secret(f"client {client_id}")
        kept = {"base_url": base_url, "token_url": f"{base_url}/oauth/token"}
        self._write(
            "credentials.json", {**kept, "client_id": client_id, "client_secret": client_secret}
        )

    def _read(self, name: str) -> dict[str, Any]:
        try:
            kept = json.loads((self.folder / name).read_text())
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            raise LauncherError(f"Cannot read {self.folder / name}: {error}.") from error
        if not isinstance(kept, dict):
            raise LauncherError(f"Cannot read {self.folder / name}: it holds no JSON object.")
        return kept

    def _write(self, name: str, content: Mapping[str, object]) -> None:
        """Writes beside and moves, so that a full disk or a kill leaves the old content whole."""
        fresh = self.folder / f"{name}.new"
        try:
            fresh.unlink(missing_ok=True)
            descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as file:
                json.dump(content, file, indent=2)
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(self.folder / name)
        except OSError as error:
            with suppress(OSError):
                fresh.unlink(missing_ok=True)
            raise LauncherError(f"Cannot write {self.folder / name}: {error.strerror}.") from error
