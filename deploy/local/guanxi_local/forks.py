"""The launcher's side of the nursery:
asks it for programs, which become children of the launcher itself.
"""

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress

from service_kit.postgres.programs import asker_to_end_with_parent

from guanxi_local.nursery import LARGEST_MESSAGE, Program
from guanxi_local.refusals import LauncherError

PR_SET_CHILD_SUBREAPER = 36
FORKED_WITHIN = 30.0
POLL = 0.01


class Fork:
    """A program that the nursery forked; the few methods of subprocess.Popen that are needed."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        if self.returncode is None:
            with suppress(ChildProcessError):
                found, status = os.waitpid(self.pid, os.WNOHANG)
                if found:
                    self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        deadline = None if timeout is None else time.monotonic() + timeout
        while (code := self.poll()) is None:
            if deadline is not None and time.monotonic() >= deadline:
                raise subprocess.TimeoutExpired(str(self.pid), timeout or 0.0)
            time.sleep(POLL)
        return code

    def send_signal(self, number: signal.Signals) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)


class Nursery:
    """Starts at once and loads while the launcher does other things;
    is made anew when somebody killed it.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = dict(environment)
        self._process: subprocess.Popen[bytes] | None = None
        self._requests: socket.socket | None = None

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process is not None else None

    def start(self) -> None:
        self.stop()
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.settimeout(FORKED_WITHIN)
        with theirs:
            self._process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "guanxi_local.nursery",
                    str(theirs.fileno()),
                    str(os.getpid()),
                ],
                stdin=subprocess.DEVNULL,
                env=self._environment,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
                preexec_fn=asker_to_end_with_parent(signal.SIGKILL),  # noqa: PLW1509 - it calls one C function and takes no lock
            )
        self._requests = ours

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        if self._requests is not None:
            self._requests.close()

    def fork(
        self, module: str, arguments: Sequence[str], *, environment: Mapping[str, str], log: int
    ) -> Fork:
        program = Program(module, list(arguments), dict(environment)).written()
        for is_last_try in (False, True):
            if not self.is_running:
                self.start()
            try:
                return self._forked(program, log)
            except OSError as error:
                self.stop()
                if is_last_try:
                    raise LauncherError(f"Cannot start {module}: {error}.") from error
        raise AssertionError("the last try returns or raises")

    def _forked(self, program: bytes, log: int) -> Fork:
        assert self._requests is not None
        socket.send_fds(self._requests, [program], [log])
        answer = self._requests.recv(LARGEST_MESSAGE)
        if not answer:
            raise ConnectionResetError("the nursery ended")
        return Fork(int(answer))


def can_fork() -> bool:
    """Adoption by a subreaper is Linux's own; elsewhere programs are started one by one."""
    return sys.platform == "linux"


def reap_orphans(known: frozenset[int]) -> None:
    """Lets go of ended processes that were adopted from children;
    the known ones are left to who waits for them.
    """
    with suppress(ChildProcessError):
        while (
            ended := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        ) is not None and ended.si_pid not in known:
            os.waitpid(ended.si_pid, 0)
