"""Background work: steps repeated while there is something to do,
by as many replicas as are there.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator
from typing import Protocol

from service_kit.process.logs import logger
from service_kit.process.metrics import Metrics
from service_kit.process.signals import Signals
from service_kit.store.sqlstates import OutcomeUnknown, TransactionRolledBack
from service_kit.words.errors import Unavailable

log = logger(__name__)
SHORTEST_PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 30.0
# An outage ends without our help: who waits for its end is to be there soon after.
LONGEST_OUTAGE_PAUSE_SECONDS = 1.5
OUTAGES = (Unavailable, TransactionRolledBack, OutcomeUnknown, ConnectionError, TimeoutError)


class Backoff:
    """Growing pauses between tries that fail, so that what fails for good costs next to nothing;
    a success begins anew.
    """

    def __init__(self) -> None:
        self._failures = 0

    def succeeded(self) -> None:
        self._failures = 0

    def failed(self, *, longest: float = LONGEST_PAUSE_SECONDS) -> float:
        """How many seconds to wait until the next try."""
        self._failures += 1
        grown: float = SHORTEST_PAUSE_SECONDS * 2 ** min(self._failures - 1, 20)
        return min(longest, grown) * random.uniform(0.75, 1.0)

    def after(self, error: Exception, name: str) -> float:
        """The pause after this failure of a worker, which is logged:
        an outage in one line, anything else with its trace.
        """
        if isinstance(error, OUTAGES):
            reason = "; ".join([f"{type(error).__name__}: {error}", *_notes(error)])
            log.warning("worker waits", worker=name, reason=reason)
            return self.failed(longest=LONGEST_OUTAGE_PAUSE_SECONDS)
        log.error("worker failed", worker=name, exc_info=error)
        return self.failed()


def _notes(error: BaseException | None) -> Iterator[str]:
    """What the kit noted on an error and its causes, such as the statement that failed."""
    while error is not None:
        yield from getattr(error, "__notes__", ())
        error = error.__cause__


class Worker(Protocol):
    """Runs until it is canceled; what it holds then is let go by its leases."""

    name: str

    async def run(self) -> None: ...


class Loop:
    """A worker made of one step: `step()` says whether it found something to do;
    when not, wait for a hint or `idle_seconds`.
    """

    def __init__(
        self,
        name: str,
        step: Callable[[], Awaitable[bool]],
        *,
        signals: Signals,
        topic: str = "",
        idle_seconds: float = 0.5,
        metrics: Metrics | None = None,
    ) -> None:
        self.name = name
        self._step = step
        self._signals = signals
        self._topic = topic or name
        self._idle_seconds = idle_seconds
        self._metrics = metrics

    async def run(self) -> None:
        backoff = Backoff()
        while True:
            heard = self._signals.count(self._topic)
            try:
                has_more = await self._step()
            except Exception as error:
                refuse_if_canceled(error)
                if self._metrics is not None:
                    self._metrics.failed(self.name, error)
                await asyncio.sleep(backoff.after(error, self.name))
                continue
            backoff.succeeded()
            if self._metrics is not None:
                self._metrics.recovered(self.name)
            if has_more:
                if self._metrics is not None:
                    self._metrics.stepped(self.name, "done")
            else:
                await self._signals.wait(
                    self._topic, seconds=self._idle_seconds * random.uniform(0.8, 1.2), since=heard
                )


def refuse_if_canceled(error: Exception) -> None:
    """Let no failure take the place of a cancellation that was under way:
    who was asked to stop stops.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError from error


async def supervised(worker: Worker, metrics: Metrics) -> None:
    """Run a worker again whenever it fails,
    after a pause that grows unless it had lived longer than the longest one.
    """
    backoff = Backoff()
    while True:
        started = asyncio.get_running_loop().time()
        try:
            await worker.run()
            return
        except Exception as error:
            refuse_if_canceled(error)
            if asyncio.get_running_loop().time() - started > LONGEST_PAUSE_SECONDS:
                backoff.succeeded()
            metrics.failed(worker.name, error)
            await asyncio.sleep(backoff.after(error, worker.name))
