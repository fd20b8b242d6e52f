"""Builders and twins for tests:
customers, plans, consents as somebody would write them, and stores that live in memory.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, time
from itertools import count
from typing import Any
from uuid import UUID, uuid4

from service_kit.sheet.domain import Row
from service_kit.words.identifiers import IdentifierType

from customer_profile.care.domain import CarePlan, CareTask, Made, Occasion
from customer_profile.consent.domain import Consent, Standing, Status
from customer_profile.contact_rules import ContactRules, QuietHours
from customer_profile.customer.domain import (
    Customer,
    CustomerChanged,
    CustomerCreated,
    CustomerErased,
    CustomerNotFound,
    Kind,
    SourceGiven,
)
from customer_profile.customer.source import Learned, Source, SourceKind
from customer_profile.customer_import.cells import RowRefused
from customer_profile.customer_import.columns import columns_of, key_of
from customer_profile.customer_import.domain import Deciding, Defaults, Known
from customer_profile.customer_import.drafts import Draft, Drafting
from customer_profile.identifier.domain import Hidden, Identifier, written
from customer_profile.touch import Channel, Purpose

AT = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)  # noon in Shanghai, a Monday
REGION = "CN"
RULES = ContactRules(
    consent_first=frozenset({Purpose.SALE, Purpose.MARKETING}),
    quiet=QuietHours(start=time(21), end=time(8)),
    touches_per_month=4,
)


class PlainVault:
    """A vault without a lock: what it hides can be read by everybody."""

    def hide(self, plain: str) -> Hidden:
        return Hidden(digest=f"digest-of-{plain}", sealed=plain[::-1])

    def reveal(self, sealed: str) -> str:
        return sealed[::-1]


def a_source(
    kind: SourceKind = SourceKind.CARD, *, at: datetime = AT, is_sensitive: bool = False
) -> SourceGiven:
    source = Source(kind=kind, learned=Learned.ASKED, recorded_at=at, confirmed_at=at)
    return SourceGiven(source=source, is_sensitive=is_sensitive)


def an_identifier(kind: str, value: str, *, system: str = "") -> Identifier:
    return written(IdentifierType(kind), value, vault=PlainVault(), system=system, region=REGION)


def a_customer(**other: Any) -> Customer:
    """A person in Guangzhou who speaks Chinese, unless it is said otherwise."""
    fields: dict[str, Any] = {
        "id": uuid4(),
        "kind": Kind.INDIVIDUAL,
        "name": "张伟",
        "language": "zh-CN",
        "time_zone": "Asia/Shanghai",
        "unit": "cn.gd.gz",
        "created_at": AT,
        "updated_at": AT,
    }
    return Customer(**(fields | other))


def a_consent(status: Status = Status.GRANTED, **other: Any) -> Consent:
    fields: dict[str, Any] = {
        "id": uuid4(),
        "customer_id": uuid4(),
        "purpose": Purpose.SALE,
        "channel": Channel.VOICE,
        "status": status,
        "source": "form",
        "proof": None,
        "expires_at": None,
        "recorded_at": AT,
    }
    return Consent(**(fields | other))


def a_standing(**other: Any) -> Standing:
    fields: dict[str, Any] = {
        "time_zone": "Asia/Shanghai",
        "do_not_contact": False,
        "consents": (),
        "touches": 0,
    }
    return Standing(**(fields | other))


def a_plan(occasion: Occasion = Occasion.AFTER_COMPLAINT, **other: Any) -> CarePlan:
    fields: dict[str, Any] = {
        "id": uuid4(),
        "name": "Follow up",
        "occasion": occasion,
        "within_days": 7,
        "channel": Channel.VOICE,
        "template": {"zh-CN": "{name}，您好", "en": "Dear {name}"},
        "created_at": AT,
    }
    return CarePlan(**(fields | other))


class FakeCustomers:
    """The customers' store in memory; `told` lists the events in their order."""

    def __init__(self, *present: Customer) -> None:
        self.files: dict[UUID, Customer] = {customer.id: customer for customer in present}
        self.told: list[CustomerCreated | CustomerChanged | CustomerErased] = []

    async def get_to_change(self, customer_id: UUID) -> Customer:
        if customer_id not in self.files:
            raise CustomerNotFound()
        return self.files[customer_id]

    async def add(self, event: CustomerCreated) -> None:
        self.files[event.customer.id] = event.customer
        self.told.append(event)

    async def save(self, event: CustomerChanged) -> None:
        self.files[event.after.id] = event.after
        self.told.append(event)

    async def erase(self, event: CustomerErased) -> None:
        del self.files[event.customer.id]
        self.told.append(event)


class FakeCares:
    """Plans and tasks in memory, with the unique key that the table has."""

    def __init__(self, *plans: CarePlan, customers: Sequence[Customer] = ()) -> None:
        self.known_plans = list(plans)
        self.customers = list(customers)
        self.tasks: dict[tuple[UUID, UUID, str], CareTask] = {}

    async def plans(self, occasion: Occasion) -> list[CarePlan]:
        return [plan for plan in self.known_plans if plan.occasion is occasion and plan.is_enabled]

    async def add_tasks(self, made: Sequence[Made]) -> list[CareTask]:
        tasks = {
            (each.task.customer_id, each.task.plan_id, each.task.occasion_key): each.task
            for each in made
        }
        new = {key: task for key, task in tasks.items() if key not in self.tasks}
        self.tasks |= new
        return list(new.values())

    async def celebrated(
        self, plan: CarePlan, birthdays: Sequence[int], *, key: str, after: UUID, limit: int
    ) -> list[Customer]:
        behind = sorted(
            (customer for customer in self.customers if customer.id > after),
            key=lambda customer: customer.id,
        )
        found = [
            customer
            for customer in behind
            if customer.birthday in birthdays
            and plan.is_for(customer)
            and (customer.id, plan.id, key) not in self.tasks
        ]
        return found[:limit]


class FakeStandings:
    """What is known of customers for contact decisions; whoever is not named may be contacted."""

    def __init__(self, standings: Mapping[UUID, Standing] | None = None) -> None:
        self._standings = dict(standings or {})

    async def standings(self, asked: Sequence[tuple[Customer, datetime]]) -> list[Standing]:
        return [self._standings.get(customer.id) or a_standing() for customer, _ in asked]


def customer_body(**other: Any) -> dict[str, Any]:
    """The example of the contract, as a request would send it."""
    body: dict[str, Any] = {
        "kind": "individual",
        "name": "张伟",
        "language": "zh-CN",
        "time_zone": "Asia/Shanghai",
        "unit": "cn.gd.gz",
        "roles": ["end_customer"],
        "sector": "individual",
        "identifiers": [
            {"type": "phone", "value": "138 0013 8000"},
            {"type": "email", "value": "zw@example.com"},
            {"type": "external", "system": "erp", "value": "C-1"},
        ],
        "tags": ["campus"],
        "facts": {
            "basic": {"birth_date": "1990-02-03"},
            "characteristics": {"hobbies": ["围棋"]},
            "business": {},
        },
        "source": {"kind": "card", "learned": "asked"},
    }
    return body | other


def drafting(*columns: str, key: str | None = None) -> Drafting:
    """Reads rows of a sheet with these columns."""
    asked = key_of(key) if key else None
    return Drafting(
        columns_of(columns, {}, asked),
        key=asked,
        vault=PlainVault(),
        region=REGION,
        zones=frozenset({"Asia/Shanghai"}),
    )


def draft(key: str | None = None, **cells: Any) -> Draft:
    """The draft of a row with these cells, of a sheet with these columns."""
    read = drafting(*cells, key=key).draft(Row(2, cells))
    assert read is not None
    return read


def refusal(key: str | None = None, **cells: Any) -> RowRefused:
    """Why a row with these cells is not taken."""
    try:
        read = drafting(*cells, key=key).draft(Row(2, cells))
    except RowRefused as refused:
        return refused
    raise AssertionError(f"the row was taken: {read}")


def deciding(
    known: Known | None = None,
    *,
    units: tuple[str, ...] | None = None,
    named: dict[str, str] | None = None,
) -> Deciding:
    """Decides about rows for a caller of these units; `named` are the names of the rows before."""
    ids = (UUID(int=number) for number in count(1))
    defaults = Defaults(
        unit=units[0] if units else "cn",
        language="zh-CN",
        time_zone="Asia/Shanghai",
        source=a_source(),
        units=units,
    )
    return Deciding(known or Known(), defaults, at=AT, ids=lambda: next(ids), named=named)
