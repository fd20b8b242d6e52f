"""Background work: steps repeated while there is something to do, by as many replicas as are there."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Protocol

from service_kit.errors import Unavailable
from service_kit.logs import logger
from service_kit.metrics import Metrics
from service_kit.signals import Signals
from service_kit.sqlstates import OutcomeUnknown, TransactionRolledBack

log = logger(__name__)
LONGEST_BACKOFF_SECONDS = 5.0


class Worker(Protocol):
    """Runs until it is canceled; what it holds then is let go by its leases."""

    name: str

    async def run(self) -> None: ...


class Loop:
    """A worker made of one step: `step()` says whether it found something to do; when not, wait for a hint or `idle_seconds`."""

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
        while True:
            heard = self._signals.count(self._topic)
            if not await self._step():
                await self._signals.wait(self._topic, seconds=self._idle_seconds * random.uniform(0.8, 1.2), since=heard)
            elif self._metrics is not None:
                self._metrics.stepped(self.name, "done")


async def supervised(worker: Worker, metrics: Metrics) -> None:
    """Run a worker again whenever it fails; an outage is waited out, anything else is logged with its trace."""
    failures = 0
    while True:
        started = asyncio.get_running_loop().time()
        try:
            await worker.run()
            return
        except asyncio.CancelledError:
            raise
        except (Unavailable, TransactionRolledBack, OutcomeUnknown, ConnectionError, TimeoutError) as error:
            log.warning("worker waits", worker=worker.name, reason=f"{type(error).__name__}: {error}")
        except Exception:
            log.exception("worker failed", worker=worker.name)
        metrics.stepped(worker.name, "failed")
        failures = 1 if asyncio.get_running_loop().time() - started > 30 else failures + 1
        await asyncio.sleep(min(LONGEST_BACKOFF_SECONDS, 0.1 * 2 ** min(failures, 8)) * random.uniform(0.5, 1.0))
