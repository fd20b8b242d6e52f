"""Asks the other services for a screen pop: all at once, within one deadline, and says who did not answer."""

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar
from uuid import UUID

from service_kit.client import NeighborRefused
from service_kit.errors import Unavailable
from service_kit.logs import logger

log = logger(__name__)
Json = Mapping[str, Any]
Answer = TypeVar("Answer")
TRAIL = timedelta(days=2)


class Customers(Protocol):
    async def file(self, customer_id: UUID, *, seconds: float, language: str) -> Json | None: ...
    async def timeline(self, customer_id: UUID, *, since: datetime, seconds: float, language: str) -> list[Json]: ...
    async def consents(self, customer_id: UUID, *, seconds: float) -> list[Json]: ...


class Scores(Protocol):
    async def of_customer(self, customer_id: UUID, *, seconds: float) -> Json | None: ...


class Complaints(Protocol):
    async def open_of_customer(self, customer_id: UUID, *, seconds: float, language: str) -> list[Json]: ...


@dataclass(frozen=True, kw_only=True)
class Answers:
    """What the neighbors said; what is None or empty may be so because its service is in `degraded`."""

    file: Json | None = None
    timeline: Sequence[Json] = ()
    consents: Sequence[Json] = ()
    scores: Json | None = None
    open_cases: Sequence[Json] = ()
    degraded: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Neighbors:
    """The services that are asked, and the deadline for all of them together."""

    customers: Customers
    scores: Scores
    complaints: Complaints
    seconds: float

    async def ask(self, customer_id: UUID, *, at: datetime, language: str) -> Answers:
        silent: set[str] = set()
        seconds = self.seconds
        file, timeline, consents, scores, cases = await asyncio.gather(
            self._answer("customer-profile", self.customers.file(customer_id, seconds=seconds, language=language), silent),
            self._answer(
                "customer-profile",
                self.customers.timeline(customer_id, since=at - TRAIL, seconds=seconds, language=language),
                silent,
            ),
            self._answer("customer-profile", self.customers.consents(customer_id, seconds=seconds), silent),
            self._answer("scoring", self.scores.of_customer(customer_id, seconds=seconds), silent),
            self._answer("complaints", self.complaints.open_of_customer(customer_id, seconds=seconds, language=language), silent),
        )
        return Answers(
            file=file,
            timeline=timeline or (),
            consents=consents or (),
            scores=scores,
            open_cases=cases or (),
            degraded=tuple(sorted(silent)),
        )

    async def _answer(self, name: str, asked: Awaitable[Answer], silent: set[str]) -> Answer | None:
        """The answer, or None with the service among the silent ones; the deadline holds for whatever keeps it busy."""
        try:
            async with asyncio.timeout(self.seconds):
                return await asked
        except (TimeoutError, Unavailable):
            silent.add(name)
        except (NeighborRefused, KeyError, TypeError, ValueError) as error:
            log.warning("a neighbor gave no usable answer", neighbor=name, reason=str(error)[:200])
            silent.add(name)
        return None
