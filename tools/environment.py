"""`python3 tools/environment.py runtime | dev`: makes .venv with the pinned dependencies and our packages on its path.

Only the standard library: it runs before there is anything else.
"""

import fcntl
import hashlib
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"


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
    """What the environment depends on: the pins, our packages, this Python, and the folder, since a venv cannot be moved."""
    parts = [pins_of(kind).read_bytes(), repr(package_folders()).encode(), sys.version.encode(), bytes(VENV)]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def is_stamped(kind: str) -> bool:
    stamp = stamp_of(kind)
    return stamp.is_file() and PYTHON.exists() and stamp.read_text("ascii") == fingerprint(kind)


def make_venv() -> None:
    """A venv of this Python in this folder; one of another Python or folder is made anew."""
    if asked_of_venv("import sys, pip; print(sys.version, sys.prefix, sep='|', end='')") == f"{sys.version}|{VENV}":
        return
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        stop("Python's venv module is missing; on Debian: apt-get install python3-venv")
    shutil.rmtree(VENV, ignore_errors=True)
    run([sys.executable, "-m", "venv", str(VENV)], "The virtual environment .venv cannot be made")


def install(kind: str) -> None:
    print(f"Installing the pinned dependencies of requirements/{kind}.txt into .venv (once; about a minute)", flush=True)
    pip = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "--no-input"]
    run([*pip, "install", "--require-hashes", "--requirement", str(pins_of(kind))], "The dependencies cannot be installed")


def link_packages() -> None:
    """Our own packages are imported from where they lie: no build, no network."""
    site_packages = Path(asked_of_venv("import sysconfig; print(sysconfig.get_path('purelib'), end='')"))
    (site_packages / "guanxi.pth").write_text("".join(f"{ROOT / folder}\n" for folder in package_folders()), "utf-8")


def package_folders() -> list[str]:
    """The folders that hold our packages; the one list of them is in pyproject.toml."""
    return list(tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["guanxi"]["packages"].values())


def asked_of_venv(code: str) -> str:
    """What a line of Python prints in the venv; empty when there is none that works."""
    try:
        return subprocess.run([PYTHON, "-c", code], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return ""


def run(command: list[str], failed: str) -> None:
    """Run quietly; when it fails, its last lines say why."""
    done = subprocess.run(command, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    if done.returncode:
        last = [line for line in done.stdout.splitlines() if line.strip() and not line.startswith("WARNING")][-5:]
        stop("\n  ".join([f"{failed}:", *last]))


def stop(line: str) -> NoReturn:
    raise SystemExit(line)


if __name__ == "__main__":
    try:
        main(sys.argv[1])
    except KeyboardInterrupt:
        stop("Interrupted; the next make goes on from here.")
    except OSError as error:
        stop(f"The environment cannot be made: {error}")
