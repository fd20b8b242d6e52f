"""A process that has loaded what all programs share, and forks them: starting one takes a tenth of
the time.

`python -m guanxi_local.nursery <socket> <launcher>`: each message on the socket asks for one
program. The program is forked twice, so that it becomes a child of the launcher (which must be a
subreaper) and does not depend on the nursery.
"""

import ctypes
import gc
import importlib
import json
import os
import random
import runpy
import signal
import socket
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass

from service_kit.postgres.programs import PR_SET_PDEATHSIG

SHARED = (
    "service_kit.command",
    "service_kit.service",
    "service_kit.work.timers",
    "service_kit.work.jobs",
    "alembic.operations",
    "uvloop",
    "httptools",
)
LARGEST_MESSAGE = 1_000_000
ADOPTED_WITHIN = 10.0


@dataclass(frozen=True)
class Program:
    """What to become: a module that is run as `python -m` does."""

    module: str
    arguments: Sequence[str]
    environment: Mapping[str, str]

    def written(self) -> bytes:
        return json.dumps(asdict(self)).encode()


def main() -> None:
    requests, launcher = socket.socket(fileno=int(sys.argv[1])), int(sys.argv[2])
    _load_what_is_shared()
    program = _fork_until_one_is_the_program(requests, launcher)
    if program is not None:
        _become(program)


def _load_what_is_shared() -> None:
    """What cannot be imported here is told by the program that needs it."""
    for name in SHARED:
        with suppress(ImportError):
            importlib.import_module(name)
    gc.collect()
    gc.freeze()


def _fork_until_one_is_the_program(requests: socket.socket, launcher: int) -> Program | None:
    """Returns in every fork with its program, and in the nursery itself, with None,
    when the launcher is gone.
    """
    while True:
        message, descriptors, _, _ = socket.recv_fds(requests, LARGEST_MESSAGE, 1)
        if not message:
            return None
        between = os.fork()
        if between == 0:
            if os.fork() != 0:
                os._exit(0)
            _be_adopted_by(launcher)
            _write_to(descriptors[0])
            requests.send(str(os.getpid()).encode())
            requests.close()
            return Program(**json.loads(message))
        os.close(descriptors[0])
        os.waitpid(between, 0)


def _be_adopted_by(launcher: int) -> None:
    """Waits until the process between has ended and the launcher is the parent,
    then ends with it.
    """
    deadline = time.monotonic() + ADOPTED_WITHIN
    while os.getppid() != launcher:
        if time.monotonic() > deadline:
            os._exit(1)
        time.sleep(0.001)
    os.setsid()
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    if os.getppid() != launcher:
        os._exit(1)


def _write_to(log: int) -> None:
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(log)


def _become(program: Program) -> None:
    os.environ.clear()
    os.environ.update(program.environment)
    random.seed()
    gc.unfreeze()
    sys.argv = [program.module, *program.arguments]
    runpy.run_module(program.module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
