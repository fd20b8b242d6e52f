"""Care plans, which say when customers are cared for and with what words,
and the tasks that they make.
"""

import re
from calendar import isleap
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo

from service_kit.words.errors import Conflict, Forbidden, NotFound

from customer_profile.consent.domain import Code
from customer_profile.contact_rules import QuietHours
from customer_profile.customer.domain import Customer, Kind
from customer_profile.touch import Channel, Purpose

PLACE = re.compile(r"\{([a-z_]+)\}")
LANGUAGES = ("zh-CN", "en")
LONGEST_TEXT = 20_000
# An id before that of any customer.
NOBODY = UUID(int=0)


class Occasion(StrEnum):
    """What a plan waits for. Birthdays and closed complaints are noticed here;
    the others are told by POST /v1/care-occasions.
    """

    BIRTHDAY = "birthday"
    AFTER_COMPLAINT = "after_complaint"
    AFTER_DELIVERY = "after_delivery"
    INSTALLATION_CHECK = "installation_check"
    TEACHING = "teaching"
    TESTIMONIAL = "testimonial"
    REPURCHASE = "repurchase"
    IMPORTANT_DATE = "important_date"
    LONG_UNSEEN = "long_unseen"
    CONGRATULATION = "congratulation"
    PERIODIC_CALL = "periodic_call"
    NEWSLETTER = "newsletter"
    CUSTOMER_GROUP = "customer_group"


class TaskState(StrEnum):
    OPEN = "open"
    DONE = "done"
    SKIPPED = "skipped"


class CarePlanNotFound(NotFound):
    """There is no care plan with this id, or it lies outside the units of this token."""


class CarePlanOfTheCompany(Forbidden):
    """This plan is for the whole company: tokens kept to units read it and do not change it."""


class CarePlanWithoutText(Conflict):
    """A plan keeps its text in at least one language."""


class CareTaskNotFound(NotFound):
    """There is no care task with this id, or its customer lies outside the units of this token."""


class CareTaskNotOpen(Conflict):
    """The task was done or skipped before."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Segment:
    """Which customers a plan is for; what is None does not matter."""

    kind: Kind | None = None
    tier_min: int | None = None
    tag: str | None = None

    def includes(self, customer: Customer) -> bool:
        return (
            (self.kind is None or customer.kind is self.kind)
            and (self.tier_min is None or (customer.tier or 0) >= self.tier_min)
            and (self.tag is None or self.tag in customer.tags)
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class CarePlan:
    """`within_days` is the time from the occasion to the due moment; for birthdays, how long before
    the day the task is made.

    `unit` None means the whole company. A built-in plan steps back where the company has one of its
    own for the occasion.
    """

    id: UUID
    version: int = 1
    name: str
    occasion: Occasion
    within_days: int
    channel: Channel
    purpose: Purpose = Purpose.CARE
    template: Mapping[str, str]
    segment: Segment | None = None
    unit: str | None = None
    owner: str | None = None
    is_enabled: bool = True
    is_built_in: bool = False
    created_at: datetime

    def __post_init__(self) -> None:
        if not self.template:
            raise CarePlanWithoutText()

    def is_for(self, customer: Customer) -> bool:
        """Whether this plan cares for this customer."""
        in_unit = (
            self.unit is None
            or customer.unit == self.unit
            or customer.unit.startswith(f"{self.unit}.")
        )
        return (
            self.is_enabled
            and in_unit
            and (self.segment is None or self.segment.includes(customer))
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Happening:
    """One occasion of one customer; `key` names it, so that it makes each plan's task once."""

    key: str
    occasion: Occasion
    at: datetime
    places: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Place:
    """How far the birthdays of a plan were looked at:
    up to a day, and on that day up to a customer.
    """

    day: date
    after: UUID = NOBODY


@dataclass(frozen=True, kw_only=True, slots=True)
class CareTask:
    """What is to be done for a customer. `reasons` says why a task was skipped from the start."""

    id: UUID
    version: int = 1
    customer_id: UUID
    plan_id: UUID
    plan: str
    occasion_key: str
    due_at: datetime
    owner: str | None
    channel: Channel
    text: str
    state: TaskState
    reasons: tuple[str, ...] = ()
    outcome: str | None = None
    note: str | None = None
    ended_at: datetime | None = None
    created_at: datetime

    def completed(self, outcome: str, *, note: str | None, at: datetime) -> "CareTask":
        """The task done; CareTaskNotOpen when it was ended before."""
        return self._ended(TaskState.DONE, outcome, note, at)

    def skipped(self, reason: str, *, note: str | None, at: datetime) -> "CareTask":
        """The task left undone for a reason; CareTaskNotOpen when it was ended before."""
        return self._ended(TaskState.SKIPPED, reason, note, at)

    def _ended(self, state: TaskState, outcome: str, note: str | None, at: datetime) -> "CareTask":
        if self.state is not TaskState.OPEN:
            raise CareTaskNotOpen(state=self.state.value)
        return replace(
            self, version=self.version + 1, state=state, outcome=outcome, note=note, ended_at=at
        )


@dataclass(frozen=True, slots=True)
class Made:
    """A new task with what is told of it beside its own members."""

    task: CareTask
    occasion: Occasion
    unit: str


def plans_for(customer: Customer, plans: list[CarePlan], occasion: Occasion) -> list[CarePlan]:
    """The plans that answer this occasion of this customer;
    built-in ones only where the company has none of its own.
    """
    fitting = [plan for plan in plans if plan.occasion is occasion and plan.is_for(customer)]
    own = [plan for plan in fitting if not plan.is_built_in]
    return own or fitting


def task(
    plan: CarePlan,
    customer: Customer,
    happening: Happening,
    *,
    id: UUID,
    due_at: datetime,
    reasons: tuple[Code, ...],
    at: datetime,
) -> CareTask:
    """The task of a plan for one happening, in the customer's language;
    skipped from the start where contact is not allowed.
    """
    return CareTask(
        id=id,
        customer_id=customer.id,
        plan_id=plan.id,
        plan=plan.name,
        occasion_key=happening.key,
        due_at=due_at,
        owner=customer.account_manager or plan.owner,
        channel=plan.channel,
        text=worded(plan.template, customer.language, {"name": customer.name, **happening.places}),
        state=TaskState.SKIPPED if reasons else TaskState.OPEN,
        reasons=tuple(reason.value for reason in reasons),
        outcome="not_allowed" if reasons else None,
        ended_at=at if reasons else None,
        created_at=at,
    )


def due(plan: CarePlan, customer: Customer, happening: Happening, quiet: QuietHours) -> datetime:
    """When the task is due: within the plan's days, and not in the customer's quiet hours."""
    zone = ZoneInfo(customer.time_zone)
    moment = (
        happening.at
        if plan.occasion is Occasion.BIRTHDAY
        else happening.at + timedelta(days=plan.within_days)
    )
    if not quiet.includes(moment, zone):
        return moment
    earlier = quiet.began_at(moment, zone) - timedelta(minutes=1)
    return earlier if earlier >= happening.at else quiet.over_at(moment, zone)


def worded(template: Mapping[str, str], language: str, places: Mapping[str, str]) -> str:
    """The template in the language, else in one that is close, else in any; places that nobody
    fills stay as they are.

    A text that its places make longer than a task keeps is cut.
    """
    text = template.get(language) or next(
        (text for name, text in template.items() if name[:2] == language[:2] and text), ""
    )
    text = text or next((template[name] for name in LANGUAGES if template.get(name)), "")
    return PLACE.sub(lambda found: places.get(found[1], found[0]), text)[:LONGEST_TEXT]


def birthdays_of(day: date) -> list[int]:
    """The birthdays (as 229) that are kept on a day: February 29 on the 28th of other years."""
    kept = [day.month * 100 + day.day]
    if (day.month, day.day) == (2, 28) and not isleap(day.year):
        kept.append(229)
    return kept


def birthday_key(day: date) -> str:
    """What names the birthday that is kept on this day."""
    return f"birthday:{day.year}"


def birthday_happening(customer: Customer, day: date, *, opens: time) -> Happening:
    """The birthday that is kept on this day, at the first hour after the customer's quiet hours."""
    local = datetime.combine(day, opens, tzinfo=ZoneInfo(customer.time_zone))
    return Happening(key=birthday_key(day), occasion=Occasion.BIRTHDAY, at=local.astimezone(UTC))
