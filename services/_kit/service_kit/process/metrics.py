"""Counters and times of a process in Prometheus' format."""

from functools import lru_cache

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


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
        self.service = service
        self._request = lru_cache(maxsize=2_000)(self.requests.labels)

    def answered(self, *, method: str, route: str, status: int, seconds: float) -> None:
        self._request(self.service, method, route, str(status)).observe(seconds)

    def stepped(self, worker: str, outcome: str) -> None:
        self.steps.labels(self.service, worker, outcome).inc()

    def text(self) -> bytes:
        return generate_latest(self.registry)
