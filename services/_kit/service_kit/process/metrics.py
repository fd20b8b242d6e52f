"""Counters and times of a process in Prometheus' format, and which of its workers fail."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


# Twice the longest pause between two tries: who has not failed for so long works again.
RECOVERED_AFTER = timedelta(seconds=60)


@dataclass(frozen=True)
class Failing:
    """A worker that fails: since when, when last, and by which kind of error."""

    since: datetime
    last: datetime
    error: str


class Metrics:
    """One registry per service object, so that several may live in one process (tests do)."""

    def __init__(self, service: str) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        self.requests = Histogram(
            "guanxi_request_seconds",
            "Time to answer.",
            ["service", "method", "route", "status"],
            registry=self.registry,
            buckets=BUCKETS,
        )
        self.steps = Counter(
            "guanxi_worker_steps",
            "Steps of background work.",
            ["service", "worker", "outcome"],
            registry=self.registry,
        )
        self.workers_failing = Gauge(
            "guanxi_worker_failing_since_seconds",
            "Since when a worker fails without a success in between, in Unix time; absent else.",
            ["service", "worker"],
            registry=self.registry,
        )
        self._failing: dict[str, Failing] = {}
        self.service = service
        self._request = lru_cache(maxsize=2_000)(self.requests.labels)

    def answered(self, *, method: str, route: str, status: int, seconds: float) -> None:
        self._request(self.service, method, route, str(status)).observe(seconds)

    def stepped(self, worker: str, outcome: str) -> None:
        self.steps.labels(self.service, worker, outcome).inc()

    def failed(self, worker: str, error: Exception) -> None:
        """A try of background work failed."""
        self.stepped(worker, "failed")
        now = datetime.now(UTC)
        known = self.failing().get(worker, Failing(since=now, last=now, error=""))
        self._failing[worker] = replace(known, last=now, error=type(error).__name__)
        self.workers_failing.labels(self.service, worker).set(known.since.timestamp())

    def recovered(self, worker: str) -> None:
        """A try of background work succeeded."""
        if self._failing.pop(worker, None) is not None:
            self.workers_failing.remove(self.service, worker)

    def failing(self) -> dict[str, Failing]:
        """The workers that fail now, by name."""
        now = datetime.now(UTC)
        for worker, known in list(self._failing.items()):
            if now - known.last > RECOVERED_AFTER:
                self.recovered(worker)
        return dict(self._failing)

    def text(self) -> bytes:
        self.failing()
        return generate_latest(self.registry)
