"""Making care tasks: which plans answer an occasion, whether the customer may be contacted, when the task is due."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Protocol
from uuid import UUID

from service_kit.identity import Ids

from customer_profile.care import domain
from customer_profile.care.domain import CarePlan, CareTask, Happening, Occasion
from customer_profile.consent.domain import Code, ContactRules, Standing, decide
from customer_profile.customer.domain import Customer

BATCH = 500
# The follow-up of a complaint is owed to the customer: it is made even where the cap on touches is reached.
OWED = frozenset({Occasion.AFTER_COMPLAINT})


class Cares(Protocol):
    """Where plans and tasks are kept."""

    async def plans(self, occasion: Occasion) -> list[CarePlan]: ...

    async def add_task(self, task: CareTask, occasion: Occasion, *, unit: str) -> bool: ...

    async def celebrated(self, plan_id: UUID, birthdays: Sequence[int], *, occasion_key: str, limit: int) -> list[Customer]: ...


class Standings(Protocol):
    """Where it is known what a contact decision depends on."""

    async def standing(self, customer_id: UUID, *, at: datetime) -> Standing: ...


class Caring:
    """Makes tasks; rules, ids and the moment are given."""

    def __init__(self, cares: Cares, standings: Standings, rules: ContactRules, *, ids: Ids, at: datetime) -> None:
        self._cares = cares
        self._standings = standings
        self._rules = rules
        self._ids = ids
        self._at = at

    async def answer(self, customer: Customer, happening: Happening) -> list[CareTask]:
        """Make the tasks of all plans that answer the occasion; those that were made before are not made again."""
        plans = domain.plans_for(customer, await self._cares.plans(happening.occasion), happening.occasion)
        made = [await self._make(plan, customer, happening) for plan in plans]
        return [task for task in made if task is not None]

    async def celebrate(self, today: date) -> int:
        """Make the birthday tasks of today and of the days that plans look ahead; how many were made."""
        plans = await self._cares.plans(Occasion.BIRTHDAY)
        made = 0
        for plan in plans:
            for ahead in range(plan.within_days + 1):
                made += await self._celebrate_day(plan, plans, today + timedelta(days=ahead))
        return made

    async def _celebrate_day(self, plan: CarePlan, plans: list[CarePlan], day: date) -> int:
        opens = self._rules.quiet.end
        birthdays = domain.birthdays_of(day)
        made = 0
        # Those who need no task of this plan stay in the way of the next batch: a longer batch is asked for until all are seen.
        limit = BATCH
        while True:
            customers = await self._cares.celebrated(plan.id, birthdays, occasion_key=f"birthday:{day.year}", limit=limit)
            fitting = [customer for customer in customers if plan in domain.plans_for(customer, plans, Occasion.BIRTHDAY)]
            for customer in fitting:
                made += await self._make(plan, customer, domain.birthday_happening(customer, day, opens=opens)) is not None
            if len(customers) < limit:
                return made
            limit += BATCH

    async def _make(self, plan: CarePlan, customer: Customer, happening: Happening) -> CareTask | None:
        due_at = domain.due(plan, customer, happening, self._rules.quiet)
        reasons = await self._reasons(plan, customer, due_at)
        task = domain.task(plan, customer, happening, id=self._ids(), due_at=due_at, reasons=reasons, at=self._at)
        return task if await self._cares.add_task(task, happening.occasion, unit=customer.unit) else None

    async def _reasons(self, plan: CarePlan, customer: Customer, due_at: datetime) -> tuple[Code, ...]:
        standing = await self._standings.standing(customer.id, at=due_at)
        if plan.occasion in OWED:
            standing = replace(standing, touches=0)
        rules = self._rules if plan.occasion not in OWED else replace(self._rules, touches_per_month=1)
        return decide(standing, rules, purpose=plan.purpose, channel=plan.channel, at=due_at).reasons
