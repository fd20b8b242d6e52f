"""One child process:
started with a log of its own, asked whether it is ready, stopped in bounded time.
"""

import http.client
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from service_kit.postgres.programs import asker_to_end_with_parent, telling_line

from guanxi_local.forks import Fork, Nursery
from guanxi_local.refusals import LauncherError

OURS = "GUANXI_"
LARGEST_LOG = 20_000_000
TAIL = 20_000


class Child:
    """A module run as a program, in a session of its own, so that Ctrl-C in the terminal reaches
    only the launcher.

    With a nursery it is forked there, else it is started anew. The kernel kills it when the
    launcher is killed; start it from the main thread for that.
    """

    def __init__(
        self,
        name: str,
        module: str,
        arguments: Sequence[str],
        *,
        environment: Mapping[str, str],
        log: Path | None,
        url: str = "",
        nursery: Nursery | None = None,
    ) -> None:
        self.name = name
        self.url = url
        self.log = log
        self._module = module
        self._arguments = arguments
        self._environment = environment
        self._nursery = nursery
        self._process: subprocess.Popen[bytes] | Fork | None = None
        self._log_began_at = 0

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process is not None else None

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def exit_code(self) -> int | None:
        return self._process.returncode if self._process is not None else None

    def facts(self) -> dict[str, object]:
        """What other programs of this user may want to know of it:
        secrets of this instance are among it, nothing else of the caller's.
        """
        told = {name: value for name, value in self._environment.items() if name.startswith(OURS)}
        return {"pid": self.pid, "url": self.url, "environment": told}

    def start(self) -> None:
        try:
            if self.log is None:
                self._process = self._launch(None)
                return
            _rotate(self.log)
            with self.log.open("ab") as log:
                self._log_began_at = log.tell()
                self._process = self._launch(log.fileno())
        except OSError as error:
            raise LauncherError(f"Cannot start {self.name}: {error}.") from error

    def is_ready(self) -> bool:
        """Whether it answers 200 on /readyz just now."""
        place = urlsplit(self.url)
        connection = http.client.HTTPConnection(
            place.hostname or "127.0.0.1", place.port, timeout=2
        )
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def wait(self) -> int:
        if self._process is None:
            raise LauncherError(f"{self.name} was not started.")
        return self._process.wait()

    def ask_to_stop(self) -> None:
        if self._process is not None and self.is_running:
            self._process.send_signal(signal.SIGTERM)

    def ensure_stopped(self, *, within: float) -> None:
        """Waits for it to stop, then kills it with all that it started."""
        if self._process is None:
            return
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(max(within, 0.0))
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def last_words(self) -> str:
        """The line of its log that tells why it ended."""
        if self.log is None or not self.log.exists():
            return "it left no log"
        with self.log.open("rb") as log:
            log.seek(max(self._log_began_at, log.seek(0, os.SEEK_END) - TAIL))
            return telling_line(log.read().decode(errors="replace"))

    def _launch(self, output: int | None) -> "subprocess.Popen[bytes] | Fork":
        if self._nursery is not None and output is not None:
            return self._nursery.fork(
                self._module, self._arguments, environment=self._environment, log=output
            )
        return subprocess.Popen(
            [sys.executable, "-m", self._module, *self._arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=None if output is None else subprocess.STDOUT,
            env=dict(self._environment),
            start_new_session=True,
            preexec_fn=asker_to_end_with_parent(signal.SIGKILL),  # noqa: PLW1509 - it calls one C function and takes no lock
        )


def _rotate(log: Path) -> None:
    if log.exists() and log.stat().st_size > LARGEST_LOG:
        log.replace(log.with_suffix(".log.1"))
