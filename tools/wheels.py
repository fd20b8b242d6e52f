"""`python -m tools.wheels build [folder] | check`: makes all our wheels; installs them into a clean
environment and starts what is in them.

Nothing is downloaded: hatchling is here, and the clean environment sees the pinned dependencies
that are installed here, but none of our sources.
"""

import asyncio
import os
import secrets
import signal
import socket
import subprocess
import sys
import sysconfig
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import asyncpg
from service_kit.postgres.roles import ensure_database
from service_kit.postgres.server import PostgresServer

from tools.environment import ROOT, package_folders, package_names

EVERYTHING = "guanxi-local"
ALONE = "guanxi-complaints"
READY_WITHIN = 60.0


def build(target: Path) -> list[Path]:
    """A wheel of every package; the project's own folder is no distribution."""
    target.mkdir(parents=True, exist_ok=True)
    for folder in package_folders():
        run(
            [
                sys.executable,
                "-m",
                "hatchling",
                "build",
                "--target",
                "wheel",
                "--directory",
                str(target),
            ],
            cwd=ROOT / folder,
        )
    return sorted(target.glob("guanxi_*.whl"))


def check() -> None:
    """What whoever installs the wheels does: install, migrate, serve;
    one service alone, then everything with the launcher.
    """
    with tempfile.TemporaryDirectory(prefix="guanxi-wheels-") as name:
        scratch = Path(name)
        wheels = build(scratch / "dist")
        print(f"wheels: built {len(wheels)}", flush=True)
        programs = install(scratch / "dist", scratch / "clean")
        print(f"wheels: installed {EVERYTHING} with all it needs, without an index", flush=True)
        serve_alone(programs, scratch)
        print(f"wheels: {ALONE} migrated and got ready alone", flush=True)
        serve_everything(programs, scratch)
        print(f"wheels: {EVERYTHING} got everything ready", flush=True)


def install(dist: Path, clean: Path) -> Path:
    """A new environment with our wheels in it; returns the folder of its programs."""
    run([sys.executable, "-m", "venv", "--without-pip", str(clean)])
    programs = clean / "bin"
    site_packages = (
        clean / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}" / "site-packages"
    )
    # A folder that a .pth names is searched, but its own .pth, which names our sources, is not
    # read.
    (site_packages / "pinned.pth").write_text(sysconfig.get_path("purelib") + "\n", "utf-8")
    pip = [
        sys.executable,
        "-m",
        "pip",
        "--disable-pip-version-check",
        "--python",
        str(programs / "python"),
    ]
    run([*pip, "install", "--quiet", "--no-index", "--find-links", str(dist), EVERYTHING])
    require_installed_there(programs, site_packages)
    return programs


def require_installed_there(programs: Path, site_packages: Path) -> None:
    """Nothing that starts from the wheels may come from our sources by accident."""
    names = package_names()
    code = (
        "import importlib; print('\\n'.join(importlib.import_module(name).__file__ for name in"
        f" {names!r}))"
    )
    for file in run([str(programs / "python"), "-c", code], cwd=site_packages.parent).splitlines():
        if not Path(file).is_relative_to(site_packages):
            raise SystemExit(f"wheels: {file} is not from a wheel")


def serve_alone(programs: Path, scratch: Path) -> None:
    """One service on a PostgreSQL of its own, its neighbors absent."""
    with PostgresServer(scratch / "postgres", durable=False, loopback=True) as server:
        asyncio.run(make_database(server, "alone", schema=ALONE.removeprefix("guanxi-")))
        port = free_port()
        settings = {
            "GUANXI_DATABASE_URL": server.url("alone"),
            "GUANXI_SECRET_KEY": secrets.token_hex(16),
            "GUANXI_PORT": str(port),
        }
        run([str(programs / ALONE), "migrate"], cwd=scratch, settings=settings)
        with serving([str(programs / ALONE), "serve"], port, scratch, settings):
            pass


def serve_everything(programs: Path, scratch: Path) -> None:
    """The launcher's own command; the gateway finds the contracts in its wheel."""
    port = free_port()
    settings = {"GUANXI_HOME": str(scratch / "home"), "GUANXI_PORT": str(port), "DEMO": "0"}
    with (
        serving([str(programs / "guanxi"), "run"], port, scratch, settings),
        urllib.request.urlopen(f"http://127.0.0.1:{port}/openapi.json", timeout=10) as answer,
    ):
        if b"/v1/complaints" not in answer.read():
            raise SystemExit(
                "wheels: the gateway's contract lacks the services: are the contracts in its wheel?"
            )


async def make_database(server: PostgresServer, name: str, *, schema: str) -> None:
    await ensure_database(server.url(), name)
    connection = await asyncpg.connect(server.url(name))
    try:
        await connection.execute(f"CREATE SCHEMA {schema}")
    finally:
        await connection.close()


@contextmanager
def serving(
    command: list[str], port: int, scratch: Path, settings: Mapping[str, str]
) -> Iterator[None]:
    """Until it is ready; afterwards it has to end by itself when it is asked to."""
    log = scratch / f"{port}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=scratch,
            env=bare_environment(settings),
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        wait_until_ready(process, port, log)
        yield
        process.send_signal(signal.SIGTERM)
        if (code := process.wait(READY_WITHIN)) not in (0, -signal.SIGTERM):
            raise SystemExit(
                f"wheels: {command[0]} ended with {code}:\n{log.read_text('utf-8', 'replace')}"
            )
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def wait_until_ready(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    deadline = time.monotonic() + READY_WITHIN
    while not is_ready(port):
        if process.poll() is not None or time.monotonic() > deadline:
            raise SystemExit(
                f"wheels: {process.args!r} does not get ready:\n{log.read_text('utf-8', 'replace')}"
            )
        time.sleep(0.1)


def is_ready(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def bare_environment(settings: Mapping[str, str]) -> dict[str, str]:
    """Nothing of ours leaks in: neither a setting nor a path to our sources."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name in ("PATH", "HOME", "LANG", "TMPDIR")
    }
    return {"PATH": os.defpath, **kept, **settings}


def run(command: list[str], *, cwd: Path = ROOT, settings: Mapping[str, str] | None = None) -> str:
    """What a command says; when it fails, that is what we say."""
    environment = bare_environment(settings or {})
    done = subprocess.run(
        command,
        cwd=cwd,
        env=environment,
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode:
        raise SystemExit(f"wheels: {' '.join(command)} failed:\n{done.stdout}")
    return done.stdout


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["check"]:
            check()
        case ["build", *folders]:
            for wheel in build(Path(folders[0] if folders else ROOT / "dist").absolute()):
                print(wheel)
        case _:
            raise SystemExit(__doc__)
