"""How PostgreSQL's account gets at what lies behind folders that it may not enter: /root, or any
folder of mode 700.

Data are entered through folders that root opened: `/proc/self/fd/N` leads right into them, whatever
the modes of the folders above. So the data stay in the home, no mode is changed, and no privilege
is given. The programs find their libraries by their own path and cannot be opened so: a copy of
them, of which only root may change anything, lies in a place that everybody can enter.
"""

import hashlib
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from service_kit.postgres.programs import Account, installed_binaries, run
from service_kit.postgres.roles import PostgresServerError

OPENED = Path("/proc/self/fd")
# Tried in this order: the first may be read-only, or mounted so that nothing in it can be run.
SYSTEM_PLACES = (Path("/var/lib/guanxi"), Path("/opt/guanxi"), Path("/usr/local/lib/guanxi"))


@contextmanager
def opened_for(*folders: Path, is_closed: bool) -> Iterator[tuple[list[Path], list[int]]]:
    """How a child of ours calls these folders, and what it has to inherit for that."""
    if not is_closed:
        yield list(folders), []
        return
    if not OPENED.exists():
        raise PostgresServerError(
            f"PostgreSQL's account cannot enter {folders[0]}, and this system has no {OPENED}: set"
            " GUANXI_HOME to a folder elsewhere."
        )
    with ExitStack() as held:
        opened = [
            os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC) for folder in folders
        ]
        for each in opened:
            held.callback(os.close, each)
        yield [OPENED / str(each) for each in opened], opened


def reachable_binaries(account: Account | None, *, also_in: Path | None) -> Path:
    """The programs' folder; a copy where the account cannot run the installed ones.
    `also_in` is a last place for it.
    """
    installed = installed_binaries()
    if account is None or _refusal_to_run(installed, account) is None:
        return installed
    refusals = []
    for place in (*SYSTEM_PLACES, *([also_in] if also_in else [])):
        try:
            copied = _copied_to(place, installed) / installed.parent.name / installed.name
        except (OSError, PostgresServerError) as error:
            refusals.append(f"{place}: {error}")
            continue
        if (refusal := _refusal_to_run(copied, account)) is None:
            return copied
        refusals.append(refusal)
    raise PostgresServerError(
        f"PostgreSQL runs as {account.name}, which cannot run {installed}, and no copy was possible"
        f" ({'; '.join(refusals)}): make one of these folders writable for root, or clone into a"
        " folder that others may enter."
    )


def _refusal_to_run(binaries: Path, account: Account) -> str | None:
    """Asked of the system itself:
    a folder may be closed, a disk mounted without the right to run programs.
    """
    try:
        run(
            [binaries / "bin" / "postgres", "--version"],
            account=account,
            because=f"Cannot run {binaries}",
        )
    except PostgresServerError as error:
        return str(error)
    return None


def _copied_to(place: Path, installed: Path) -> Path:
    """The copy of these very programs in a place, made when it is first needed."""
    place.mkdir(mode=0o755, exist_ok=True)
    if place in SYSTEM_PLACES:
        _require_that_only_root_writes(place)
    copied = place / f"postgresql-{_fingerprint(installed)}"
    if not copied.exists():
        copy_binaries(installed, copied)
    return copied


def _require_that_only_root_writes(place: Path) -> None:
    """Nobody else may put programs where root takes them from."""
    found = place.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != 0 or found.st_mode & 0o022:
        raise PostgresServerError("it is not a folder that root alone may write to")
    # Said again because the umask takes rights away.
    place.chmod(0o755)


def _fingerprint(installed: Path) -> str:
    with (installed / "bin" / "postgres").open("rb") as program:
        return hashlib.file_digest(program, "sha256").hexdigest()[:16]


def copy_binaries(installed: Path, copied: Path) -> None:
    """Copies the programs with the libraries beside them, which they find by a path relative to
    themselves.

    The copy is made beside its place and moved there whole: of two starts at once the second finds
    it there.
    """
    package = installed.parent
    fresh: Path | None = None
    try:
        fresh = Path(tempfile.mkdtemp(prefix=f"{copied.name}.", dir=copied.parent))
        shutil.copytree(
            installed,
            fresh / package.name / installed.name,
            ignore=shutil.ignore_patterns("include", "*.a"),
        )
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.exists():
            shutil.copytree(libraries, fresh / libraries.name)
        _open_to_all(fresh)
        fresh.rename(copied)
    except (OSError, shutil.Error) as error:
        if not copied.exists():
            raise PostgresServerError(
                f"Cannot copy PostgreSQL's programs to {copied}: {error}."
            ) from error
    finally:
        if fresh is not None:
            shutil.rmtree(fresh, ignore_errors=True)


def _open_to_all(folder: Path) -> None:
    """Whoever installed the programs with a narrow umask did not mean them for
    another account; the copy is.
    """
    for path in (folder, *folder.rglob("*")):
        is_runnable = path.is_dir() or path.stat().st_mode & 0o100
        path.chmod(0o755 if is_runnable else 0o644)
