"""Making care tasks:
which plans answer an occasion, whether the customer may be contacted, when the task is due.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol
from uuid import UUID

from service_kit.words.identity import Ids

from customer_profile.care import domain
from customer_profile.care.domain import (
    NOBODY,
    CarePlan,
    CareTask,
    Happening,
    Made,
    Occasion,
    Place,
)
from customer_profile.consent.domain import Standing, decide
from customer_profile.contact_rules import ContactRules
from customer_profile.customer.domain import Customer

# How many customers are greeted in one transaction.
BATCH = 500
# The follow-up of a complaint is owed to the customer: it is made even where the cap on touches is
# reached.
OWED = frozenset({Occasion.AFTER_COMPLAINT})


@dataclass(frozen=True, slots=True)
class Due:
    """A plan answers a happening of a customer at a moment."""

    plan: CarePlan
    customer: Customer
    happening: Happening
    at: datetime


class Cares(Protocol):
    """Where plans and tasks are kept."""

    async def plans(self, occasion: Occasion) -> list[CarePlan]: ...

    async def add_tasks(self, made: Sequence[Made]) -> list[CareTask]: ...

    async def celebrated(
        self, plan: CarePlan, birthdays: Sequence[int], *, key: str, after: UUID, limit: int
    ) -> list[Customer]: ...


class Standings(Protocol):
    """Where it is known what contact decisions depend on."""

    async def standings(self, asked: Sequence[tuple[Customer, datetime]]) -> list[Standing]: ...


class Caring:
    """Makes tasks; rules, ids and the moment are given."""

    def __init__(
        self, cares: Cares, standings: Standings, rules: ContactRules, *, ids: Ids, at: datetime
    ) -> None:
        self._cares = cares
        self._standings = standings
        self._rules = rules
        self._ids = ids
        self._at = at

    async def answer(self, customer: Customer, happening: Happening) -> list[CareTask]:
        """Make the tasks of all plans that answer the occasion;
        those that were made before are not made again.
        """
        plans = domain.plans_for(
            customer, await self._cares.plans(happening.occasion), happening.occasion
        )
        return await self._make([self._due(plan, customer, happening) for plan in plans])

    async def celebrate(self, plan_id: UUID, place: Place, *, today: date) -> Place | None:
        """Make the next batch of a plan's birthday tasks, up to the day it looks ahead to; where to
        go on, None at the end.

        A plan that is gone or disabled meanwhile is at its end.
        """
        plans = await self._cares.plans(Occasion.BIRTHDAY)
        plan = next((plan for plan in plans if plan.id == plan_id), None)
        if plan is None:
            return None
        room, day, after = BATCH, place.day, place.after
        while day <= today + timedelta(days=plan.within_days):
            customers = await self._celebrated(plan, day, after=after, limit=room)
            await self._greet(plan, plans, customers, day)
            room -= len(customers)
            if not room:
                return Place(day, customers[-1].id)
            day, after = day + timedelta(days=1), NOBODY
        return None

    async def _celebrated(
        self, plan: CarePlan, day: date, *, after: UUID, limit: int
    ) -> list[Customer]:
        key = domain.birthday_key(day)
        return await self._cares.celebrated(
            plan, domain.birthdays_of(day), key=key, after=after, limit=limit
        )

    async def _greet(
        self, plan: CarePlan, plans: list[CarePlan], customers: list[Customer], day: date
    ) -> None:
        fitting = [
            customer
            for customer in customers
            if plan in domain.plans_for(customer, plans, Occasion.BIRTHDAY)
        ]
        opens = self._rules.quiet.end
        await self._make(
            [
                self._due(plan, each, domain.birthday_happening(each, day, opens=opens))
                for each in fitting
            ]
        )

    def _due(self, plan: CarePlan, customer: Customer, happening: Happening) -> Due:
        return Due(
            plan, customer, happening, domain.due(plan, customer, happening, self._rules.quiet)
        )

    async def _make(self, wanted: Sequence[Due]) -> list[CareTask]:
        if not wanted:
            return []
        standings = await self._standings.standings([(due.customer, due.at) for due in wanted])
        made = [self._made(due, standing) for due, standing in zip(wanted, standings, strict=True)]
        return await self._cares.add_tasks(made)

    def _made(self, due: Due, standing: Standing) -> Made:
        plan, customer, happening = due.plan, due.customer, due.happening
        is_capped = plan.occasion not in OWED
        decision = decide(
            standing,
            self._rules,
            purpose=plan.purpose,
            channel=plan.channel,
            at=due.at,
            is_capped=is_capped,
        )
        task = domain.task(
            plan,
            customer,
            happening,
            id=self._ids(),
            due_at=due.at,
            reasons=decision.reasons,
            at=self._at,
        )
        return Made(task, happening.occasion, customer.unit)
