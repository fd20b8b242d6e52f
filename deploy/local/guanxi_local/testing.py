"""An instance for tests:
the launcher in a folder of its own, with small stand-ins for the five programs it starts.
"""

import ast
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from guanxi_local.parts import PARTS
from guanxi_local.ports import free_ports

PROGRAM = """
import http.server, os, pathlib, sys

def serve():
    class Answer(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(repr(sorted(os.environ.items())).encode())
        def log_message(self, *words): pass
    if os.environ.get("FAILING_PART") == {name!r}:
        sys.exit("error: the neighbors are too loud")
    address = os.environ["GUANXI_HOST"], int(os.environ["GUANXI_PORT"])
    http.server.ThreadingHTTPServer(address, Answer).serve_forever()

with open(os.environ["COMMANDS"], "a") as commands:
    commands.write({name!r} + " " + " ".join(sys.argv[1:]) + "\\n")
if sys.argv[1] == "serve":
    serve()
elif sys.argv[1] == "migrate" and os.environ.get("SLOW_MIGRATION"):
    import time
    time.sleep(60)
"""


@dataclass
class Started:
    """A launcher in a folder of its own, talked to as a user would."""

    folder: Path
    port: int
    settings: dict[str, str] = field(default_factory=dict)
    process: "subprocess.Popen[str] | None" = None

    @property
    def home(self) -> Path:
        return self.folder / "home"

    def start(self, *, disk: str | None = None, **settings: str) -> "subprocess.Popen[str]":
        """Starts the launcher;
        `disk` gives its home a disk of that size of its own, which ends with it.
        """
        inherited = {
            name: value for name, value in os.environ.items() if not name.startswith("GUANXI_")
        }
        asked = {
            "GUANXI_HOME": str(self.home),
            "GUANXI_PORT": str(self.port),
            "DEMO": "0",
            "GUANXI_PRELOAD": "0",
            **self.settings,
            **settings,
        }
        path = os.pathsep.join(
            [str(self.folder / "programs"), *filter(None, [os.environ.get("PYTHONPATH")])]
        )
        where = {"PYTHONPATH": path, "COMMANDS": str(self.folder / "commands")}
        self.process = subprocess.Popen(
            [
                *(_with_disk(self.home, disk) if disk else []),
                sys.executable,
                "-m",
                "guanxi_local",
                "run",
            ],
            env={**inherited, **where, **asked},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        return self.process

    def start_until_ready(self, **settings: str) -> "subprocess.Popen[str]":
        process = self.start(**settings)
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("Ready"):
                return process
        raise AssertionError(process.stderr.read() if process.stderr else "")

    def processes(self) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = json.loads((self.home / "processes.json").read_text())
        return found

    def ended(self) -> tuple[int, str]:
        assert self.process is not None
        _, said = self.process.communicate(timeout=90)
        return self.process.returncode, said


@contextmanager
def launcher() -> Iterator[Started]:
    """A launcher in a temporary folder; whatever happens, nothing of it is left."""
    with tempfile.TemporaryDirectory(prefix="gl-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        for part in PARTS:
            package = folder / "programs" / part.package
            package.mkdir(parents=True)
            (package / "__init__.py").touch()
            (package / "__main__.py").write_text(PROGRAM.format(name=part.name))
        made = Started(folder, free_port())
        yield made
        if made.process is not None and made.process.poll() is None:
            made.process.kill()
            made.process.communicate()
        wait_until(lambda: processes_of(folder) == [])


def _with_disk(home: Path, size: str) -> list[str]:
    home.mkdir()
    script = 'mount -t tmpfs -o "size=$1,mode=755" tmpfs "$2" && shift 2 && exec "$@"'
    return ["unshare", "--mount", "sh", "-c", script, "sh", size, str(home)]


def own_database(folder: Path) -> Any:
    from service_kit.postgres.server import PostgresServer

    @contextmanager
    def running() -> Iterator[str]:
        with PostgresServer(folder, durable=False, loopback=True) as server:
            program = (
                "import asyncio, sys; from service_kit.postgres.roles import ensure_database\n"
                "asyncio.run(ensure_database(sys.argv[1], 'mine'))"
            )
            subprocess.run([sys.executable, "-c", program, server.url()], check=True)
            yield server.url("mine")

    return running()


def environment_at(url: str) -> dict[str, str]:
    with urllib.request.urlopen(url, timeout=5) as answer:
        return dict(ast.literal_eval(answer.read().decode()))


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2):
            return True
    except OSError:
        return False


def processes_of(folder: Path) -> list[int]:
    """Every process that names the folder in its command or its environment,
    this one and its own tests aside.
    """
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            words = (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes()
        except OSError:
            continue
        if os.fsencode(folder) in words and int(entry.name) != os.getpid():
            found.append(int(entry.name))
    return found


def free_port() -> int:
    """One that no outgoing connection is lent in the meantime."""
    return free_ports(1)[0]


def wait_until(is_so: Callable[[], bool], *, within: float = 30.0) -> None:
    deadline = time.monotonic() + within
    while not is_so():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)
