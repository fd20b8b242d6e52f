"""Asks the other services for a screen pop:
all at once, within one deadline, and says who did not answer.
"""

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol, TypeVar
from uuid import UUID

from service_kit.access.client import NeighborRefused
from service_kit.process.logs import logger
from service_kit.words.errors import Unavailable

from contact_center.screen_pop import neighbor_answers as read
from contact_center.screen_pop.neighbor_answers import Answers, Json

log = logger(__name__)
Answer = TypeVar("Answer")
TRAIL = timedelta(days=2)


class Customers(Protocol):
    async def file(self, customer_id: UUID, *, seconds: float, language: str) -> Json | None: ...
    async def timeline(
        self, customer_id: UUID, *, since: datetime, seconds: float, language: str
    ) -> list[Json]: ...
    async def consents(self, customer_id: UUID, *, seconds: float) -> list[Json]: ...
    async def care_tasks(
        self, customer_id: UUID, *, seconds: float, language: str
    ) -> list[Json]: ...


class Scores(Protocol):
    async def of_customer(self, customer_id: UUID, *, seconds: float) -> Json | None: ...


class Complaints(Protocol):
    async def open_of_customer(
        self, customer_id: UUID, *, seconds: float, language: str
    ) -> list[Json]: ...


@dataclass(frozen=True, kw_only=True)
class Neighbors:
    """The services that are asked, and the deadline for all of them together."""

    customers: Customers
    scores: Scores
    complaints: Complaints
    seconds: float

    async def ask(self, customer_id: UUID, *, at: datetime, language: str) -> Answers:
        silent: set[str] = set()
        seconds, since = self.seconds, at - TRAIL
        customers = self.customers
        card, timeline, consents, care_tasks, scored, cases = await asyncio.gather(
            self._answer(
                "customer-profile",
                read.card(customers.file(customer_id, seconds=seconds, language=language)),
                silent,
            ),
            self._answer(
                "customer-profile",
                read.trail(
                    customers.timeline(customer_id, since=since, seconds=seconds, language=language)
                ),
                silent,
            ),
            self._answer(
                "customer-profile",
                read.objects(customers.consents(customer_id, seconds=seconds)),
                silent,
            ),
            self._answer(
                "customer-profile",
                read.care_tasks(
                    customers.care_tasks(customer_id, seconds=seconds, language=language)
                ),
                silent,
            ),
            self._answer(
                "scoring",
                read.scored(self.scores.of_customer(customer_id, seconds=seconds)),
                silent,
            ),
            self._answer(
                "complaints",
                read.cases(
                    self.complaints.open_of_customer(
                        customer_id, seconds=seconds, language=language
                    )
                ),
                silent,
            ),
        )
        return Answers(
            card=card,
            timeline=timeline or (),
            consents=consents or (),
            care_tasks=care_tasks or (),
            scored=scored,
            open_cases=cases or (),
            degraded=tuple(sorted(silent)),
        )

    async def _answer(self, name: str, asked: Awaitable[Answer], silent: set[str]) -> Answer | None:
        """The answer, or None with the service among the silent ones; the deadline holds for
        whatever keeps it busy.

        What a neighbor says in another form than was agreed counts as not said: it costs its own
        part of the screen and no more.
        """
        try:
            async with asyncio.timeout(self.seconds):
                return await asked
        except (TimeoutError, Unavailable):
            silent.add(name)
        except (NeighborRefused, AttributeError, KeyError, TypeError, ValueError) as error:
            log.warning(
                "a neighbor gave no usable answer", neighbor=name, reason=type(error).__name__
            )
            silent.add(name)
        return None
