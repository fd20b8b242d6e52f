"""Folders for files that hold personal values:
gone when their work ends, and after a kill as soon as anybody looks.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from service_kit.words.identity import new_id

PREFIX = "guanxi-scratch-"
LOCKED = ".lock"


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder that lasts as long as the block.

    Its lock is taken before it is made and let go by the kernel when this process ends, however it
    ends: a folder whose lock is free belongs to nobody.
    """
    folder = Path(tempfile.gettempdir()) / f"{PREFIX}{new_id()}"
    lock = _lock_of(folder)
    with _held(lock):
        folder.mkdir(mode=0o700)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            lock.unlink(missing_ok=True)


def sweep() -> int:
    """Remove the folders of processes that were killed; how many there were."""
    swept = 0
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        # Another account's folder cannot be opened, and one in use is locked: neither is ours to
        # remove.
        with suppress(OSError):
            if folder.is_dir() and not folder.is_symlink() and folder.stat().st_uid == os.getuid():
                with _held(_lock_of(folder)):
                    shutil.rmtree(folder, ignore_errors=True)
                    _lock_of(folder).unlink(missing_ok=True)
                    swept += 1
    return swept


def _lock_of(folder: Path) -> Path:
    return folder.with_name(folder.name + LOCKED)


@contextmanager
def _held(lock: Path) -> Iterator[None]:
    """Hold the lock; BlockingIOError where somebody else does."""
    descriptor = os.open(lock, os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)
