"""`python3 tools/environment.py runtime | dev`: makes .venv with the pinned dependencies and our
packages on its path.

Only the standard library: it runs before there is anything else.
"""

import fcntl
import hashlib
import os
import re
import select
import shutil
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
# By a sign in what pip said; the first that fits is told.
CURES = {
    "No space left on device": "Make room on this disk, or point TMPDIR to one with room.",
    "DO NOT MATCH THE HASHES": (
        "What the index sent is not what was pinned: do not use it; ask whoever runs the index or"
        " the proxy."
    ),
    "Retrying (": (
        "The package index does not answer: is this machine online? `pip config` names another"
        " index."
    ),
    "Read-only file system": "Clone into a folder that can be written to.",
}


def main(kind: str) -> None:
    """Bring .venv up to date; silent when it is."""
    with (ROOT / "pyproject.toml").open("rb") as held:
        # Two makes at once: the second waits here, then finds everything done.
        fcntl.flock(held, fcntl.LOCK_EX)
        if is_stamped(kind):
            return
        make_venv()
        # An interrupted installation is done again.
        stamp_of(kind).unlink(missing_ok=True)
        install(kind)
        link_packages()
        # What the tests need includes what the services need.
        for done in {kind, "runtime"}:
            stamp_of(done).write_text(fingerprint(done), "ascii")


def pins_of(kind: str) -> Path:
    return ROOT / "requirements" / f"{kind}.txt"


def stamp_of(kind: str) -> Path:
    return VENV / f"guanxi-{kind}.stamp"


def fingerprint(kind: str) -> str:
    """What the environment depends on:
    the pins, our packages, this Python, and the folder, since a venv cannot be moved.
    """
    parts = [
        pins_of(kind).read_bytes(),
        repr(package_folders()).encode(),
        sys.version.encode(),
        bytes(VENV),
    ]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def is_stamped(kind: str) -> bool:
    stamp = stamp_of(kind)
    return stamp.is_file() and PYTHON.exists() and stamp.read_text("ascii") == fingerprint(kind)


def make_venv() -> None:
    """A venv of this Python in this folder; one of another Python or folder is made anew."""
    if (
        asked_of_venv("import sys, pip; print(sys.version, sys.prefix, sep='|', end='')")
        == f"{sys.version}|{VENV}"
    ):
        return
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        stop("Python's venv module is missing; on Debian: apt-get install python3-venv")
    print("Making the virtual environment .venv", flush=True)
    shutil.rmtree(VENV, ignore_errors=True)
    run([sys.executable, "-m", "venv", str(VENV)], "The virtual environment .venv cannot be made")


def install(kind: str) -> None:
    wanted = len(re.findall("^[a-z0-9][^ ]*==", pins_of(kind).read_text("utf-8"), re.MULTILINE))
    print(
        f"Installing {wanted} pinned dependencies of requirements/{kind}.txt into .venv (once;"
        " about a minute)",
        flush=True,
    )
    pip = [
        str(PYTHON),
        "-m",
        "pip",
        "--disable-pip-version-check",
        "--no-input",
        "install",
        "--progress-bar",
        "off",
    ]
    run(
        [*pip, "--require-hashes", "--requirement", str(pins_of(kind))],
        "The dependencies cannot be installed",
        Progress(wanted, is_terminal=sys.stdout.isatty()),
    )


class Progress:
    """How far pip is, from the lines that it prints:
    one line written anew on a terminal, elsewhere a line now and then.
    """

    def __init__(self, wanted: int, *, is_terminal: bool) -> None:
        self._wanted = wanted
        self._is_terminal = is_terminal
        self._fetched = 0
        self._doing = "asking the package index"
        self._began = self._told = time.monotonic()

    def hear(self, line: str) -> None:
        """Take a line of pip's."""
        words = line.split()
        if line.startswith(("Collecting ", "Ignoring ", "Requirement already satisfied")):
            self._fetched += 1
            name = re.split("[=<>;: ]", words[1] if line[0] != "R" else words[3])[0]
            self._doing = f"fetching {min(self._fetched, self._wanted)} of {self._wanted}: {name}"
        elif line.startswith("Installing collected"):
            self._doing = f"writing {line.count(',') + 1} packages to disk"
        elif "Retrying" in line:
            self._doing = "the package index does not answer; trying again"
        self.tell()

    def tell(self) -> None:
        """Show where we are; not more often than it can be read."""
        now = time.monotonic()
        if now - self._told < (0.1 if self._is_terminal else 5.0):
            return
        self._told = now
        line = f"  {self._doing} ({now - self._began:.0f} s)"
        print(
            f"\r{line:<79.79}" if self._is_terminal else line,
            end="" if self._is_terminal else "\n",
            flush=True,
        )

    def end(self) -> None:
        """Leave the terminal's line as it was."""
        if self._is_terminal:
            print(f"\r{'':79}\r", end="", flush=True)


def link_packages() -> None:
    """Our own packages are imported from where they lie: no build, no network."""
    site_packages = Path(
        asked_of_venv("import sysconfig; print(sysconfig.get_path('purelib'), end='')")
    )
    (site_packages / "guanxi.pth").write_text(
        "".join(f"{ROOT / folder}\n" for folder in package_folders()), "utf-8"
    )


def package_folders() -> list[str]:
    """The folders that hold our packages."""
    return list(packages().values())


def package_names() -> list[str]:
    return list(packages())


def packages() -> dict[str, str]:
    """The one list of our packages is in pyproject.toml: the folder of each."""
    listed: dict[str, str] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"][
        "guanxi"
    ]["packages"]
    return listed


def asked_of_venv(code: str) -> str:
    """What a line of Python prints in the venv; empty when there is none that works."""
    try:
        return subprocess.run(
            [PYTHON, "-c", code], capture_output=True, text=True, check=True
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        return ""


def run(command: list[str], failed: str, progress: "Progress | None" = None) -> None:
    """Run quietly; when it fails, its last lines say why."""
    said: list[str] = []
    try:
        for line in lines_of(command):
            if line:
                said.append(line)
                if progress:
                    progress.hear(line)
            elif progress:
                progress.tell()
    except subprocess.CalledProcessError:
        last = [line for line in said if not line.startswith("WARNING")][-5:]
        stop("\n  ".join([f"{failed}:", *last, *cures_of(said)]))
    finally:
        if progress:
            progress.end()


def lines_of(command: list[str]) -> Iterator[str]:
    """The lines that a command says as it says them, and an empty one for each second of silence;
    CalledProcessError when it fails.
    """
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        env=environment,
    )
    assert process.stdout is not None
    rest = b""
    try:
        while True:
            if not select.select([process.stdout], [], [], 1.0)[0]:
                yield ""
                continue
            if not (part := os.read(process.stdout.fileno(), 65536)):
                break
            *lines, rest = (rest + part).split(b"\n")
            yield from (line.decode(errors="replace").rstrip() for line in lines)
        yield rest.decode(errors="replace").rstrip()
    except BaseException:
        process.kill()
        process.wait()
        raise
    if code := process.wait():
        raise subprocess.CalledProcessError(code, command)


def cures_of(said: list[str]) -> list[str]:
    """What to do about the failures that people meet."""
    whole = "\n".join(said)
    for sign, cure in CURES.items():
        if sign in whole:
            return [cure]
    return []


def stop(line: str) -> NoReturn:
    raise SystemExit(line)


if __name__ == "__main__":
    try:
        main(sys.argv[1])
    except KeyboardInterrupt:
        stop("Interrupted; the next make goes on from here.")
    except OSError as error:
        stop(f"The environment cannot be made: {error}")
