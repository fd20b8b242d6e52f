"""A whole Guanxi in a temporary home, and the hand that kills its processes."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.request import urlopen

from guanxi_local.ports import free_ports

START_WITHIN = 180.0
READY_WITHIN = 30.0
PARTS = ("customer-profile", "complaints", "scoring", "contact-center", "gateway")


class Instance:
    """`python -m guanxi_local run` with DEMO=0; everything is gone when the block is left."""

    def __init__(
        self, log: Path | None = None, *, environment: Mapping[str, str] | None = None
    ) -> None:
        self._folder = tempfile.TemporaryDirectory(
            prefix="guanxi-faults-", ignore_cleanup_errors=True
        )
        # PostgreSQL's own account must pass through when we are root.
        Path(self._folder.name).chmod(0o755)
        self.home = Path(self._folder.name) / "home"
        self.port = free_ports(1)[0]
        self.base_url = f"http://127.0.0.1:{self.port}"
        self._environment = dict(environment or {})
        self._log = log or Path(self._folder.name) / "launcher.log"
        self._launcher: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        environment = {
            **os.environ,
            "GUANXI_HOME": str(self.home),
            "GUANXI_PORT": str(self.port),
            "DEMO": "0",
            **self._environment,
        }
        with self._log.open("ab") as log:
            command = [sys.executable, "-m", "guanxi_local", "run"]
            self._launcher = subprocess.Popen(
                command, env=environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL
            )
        try:
            self._wait_for_start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """SIGTERM to the launcher, SIGKILL after a while; then the folder goes."""
        if self._launcher is not None and self._launcher.poll() is None:
            self._launcher.terminate()
            with suppress(subprocess.TimeoutExpired):
                self._launcher.wait(60)
            if self._launcher.poll() is None:
                self._launcher.kill()
                self._launcher.wait()
        self._folder.cleanup()

    def _wait_for_start(self) -> None:
        assert self._launcher is not None
        deadline = time.monotonic() + START_WITHIN
        while not (self.home / "credentials.json").exists() or not self.is_ready("gateway"):
            if self._launcher.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the instance did not start: {self._log.read_text()[-2000:]}")
            time.sleep(0.1)
        self.wait_ready(within=READY_WITHIN)

    @property
    def credentials(self) -> dict[str, str]:
        found: dict[str, str] = json.loads((self.home / "credentials.json").read_text())
        return found

    @property
    def processes(self) -> dict[str, dict[str, Any]]:
        with suppress(OSError, ValueError):
            found: dict[str, dict[str, Any]] = json.loads(
                (self.home / "processes.json").read_text()
            )
            return found
        return {}

    def pid(self, name: str) -> int:
        return int(self.processes[name]["pid"])

    def url(self, name: str) -> str:
        return str(self.processes[name]["url"])

    def environment(self, name: str) -> dict[str, str]:
        """What the process was told when it started."""
        told: dict[str, str] = self.processes[name]["environment"]
        return told

    def signal(self, name: str, number: signal.Signals) -> int:
        """Send a signal to one of our processes and return its pid."""
        pid = self.pid(name)
        os.kill(pid, number)
        return pid

    def is_ready(self, name: str) -> bool:
        url = self.base_url if name == "gateway" else self.url(name)
        with suppress(OSError, KeyError), urlopen(f"{url}/readyz", timeout=2) as answer:
            return bool(answer.status == 200)
        return False

    def wait_ready(self, *, within: float, replaced: int | None = None) -> float:
        """Seconds until every part is ready again, the killed process replaced;
        TimeoutError when that takes too long.
        """
        began = time.monotonic()
        while time.monotonic() - began < within:
            pids = {int(facts["pid"]) for facts in self.processes.values() if facts.get("pid")}
            if replaced not in pids and all(self.is_ready(name) for name in PARTS):
                return time.monotonic() - began
            time.sleep(0.05)
        raise TimeoutError(
            f"not ready within {within:g} s: {[name for name in PARTS if not self.is_ready(name)]}"
        )
