"""What the rows of a sheet do to the customers:
create, update, leave as they are, or be refused with a reason.
"""

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from service_kit.words.errors import NotFound, Refusal
from service_kit.words.identity import Ids
from service_kit.words.messages import said

from customer_profile.customer import domain as customers
from customer_profile.customer import facts as facts_of
from customer_profile.customer.domain import Customer, Kind, SourceGiven
from customer_profile.customer_import.cells import RowRefused
from customer_profile.customer_import.drafts import Draft
from customer_profile.search.keys import folded, runs

COUNTED = ("created", "updated", "unchanged", "skipped", "failed")
# What a new customer is called of whom a sheet has nothing but a number: nobody is named after one.
UNNAMED = {"zh": "未命名客户", "en": "Unnamed customer"}
# A rehearsal writes nothing, so it remembers what its rows would have made; the oldest are
# forgotten beyond this number.
MOST_REMEMBERED = 50_000


class ImportNotFound(NotFound):
    """There is no import with this id, or it lies outside the units of this token."""


@dataclass(frozen=True, slots=True)
class RowProblem:
    """One reason why a row was not taken, by its number; it never holds the row's own values."""

    row: int
    number: int
    column: str
    code: str
    detail: str


@dataclass(frozen=True, kw_only=True)
class Defaults:
    """What new customers get where their row says nothing,
    and what the caller may touch (`units` None means all).
    """

    unit: str
    language: str
    time_zone: str
    source: SourceGiven
    units: tuple[str, ...] | None

    def may_touch(self, unit: str) -> bool:
        return self.units is None or any(
            unit == own or unit.startswith(f"{own}.") for own in self.units
        )


@dataclass(frozen=True, slots=True)
class Holding:
    """Who holds an identifier: a customer, or one of its contact persons."""

    key: str
    customer_id: UUID
    holder_id: UUID


class Known:
    """The customers that rows touch: as they are stored, and as the rows before made them."""

    def __init__(self) -> None:
        self.before: dict[UUID, Customer] = {}
        self.after: OrderedDict[UUID, Customer] = OrderedDict()
        self._held: dict[str, set[UUID]] = {}
        self._made: dict[str, set[UUID]] = {}

    def load(self, present: Iterable[Customer], holdings: Iterable[Holding]) -> None:
        """What is stored about the next rows; what earlier rows made stays known beside it."""
        self.before = {customer.id: customer for customer in present}
        self._held = {}
        for holding in holdings:
            self._held.setdefault(holding.key, set()).add(holding.holder_id)
        while len(self.after) > MOST_REMEMBERED:
            _, forgotten = self.after.popitem(last=False)
            for identifier in forgotten.identifiers:
                self._made.pop(identifier.key, None)

    def holders(self, key: str) -> set[UUID]:
        """Ids of the customers and contact persons that hold an identifier."""
        return self._held.get(key, set()) | self._made.get(key, set())

    def get(self, customer_id: UUID) -> Customer | None:
        return self.after.get(customer_id) or self.before.get(customer_id)

    def put(self, customer: Customer) -> None:
        self.after[customer.id] = customer
        self.after.move_to_end(customer.id)
        for identifier in customer.identifiers:
            self._made.setdefault(identifier.key, set()).add(customer.id)

    @property
    def created(self) -> list[Customer]:
        return [customer for customer in self.after.values() if customer.id not in self.before]

    @property
    def updated(self) -> list[Customer]:
        return [customer for customer in self.after.values() if customer.id in self.before]


class Counts(dict[str, int]):
    """How many rows ended in which way."""

    def __init__(self, counted: Mapping[str, int] | None = None) -> None:
        super().__init__({name: (counted or {}).get(name, 0) for name in COUNTED})

    def one(self, name: str) -> None:
        self[name] += 1


class Deciding:
    """Decides row by row; the outcome lies in `known`, `counts` and `problems`."""

    def __init__(
        self,
        known: Known,
        defaults: Defaults,
        *,
        at: datetime,
        ids: Ids,
        named: dict[str, str] | None = None,
    ) -> None:
        self.known = known
        # The names of the rows before, by their keys; of the whole sheet where the caller keeps it.
        self._named = {} if named is None else named
        self.counts = Counts()
        self.problems: list[RowProblem] = []
        self._defaults = defaults
        self._at = at
        self._ids = ids

    def take(self, draft: Draft | None) -> None:
        """Decide about one row; None is a row without any value."""
        if draft is None:
            self.counts.one("skipped")
            return
        try:
            self.counts.one(self._decided(draft))
        except RowRefused as error:
            self.refuse(draft.number, error)
        except Refusal as error:
            self.refuse(draft.number, RowRefused("invalid", error.detail))

    def refuse(self, row: int, error: RowRefused) -> None:
        self.counts.one("failed")
        faults = enumerate((error, *error.others), start=1)
        self.problems += [
            RowProblem(row, number, each.column, each.code, each.detail) for number, each in faults
        ]

    def _decided(self, draft: Draft) -> str:
        customer = self._found(draft)
        if draft.unit is not None and not self._defaults.may_touch(draft.unit):
            raise RowRefused(
                "unit_not_allowed", "the unit lies outside the units of this token", column="unit"
            )
        self._refuse_taken(draft, customer)
        if customer is None:
            self.known.put(self._created(draft))
            return "created"
        revised, names = customer.revised(
            wanted(customer, draft), self._defaults.source, told=_told(draft), at=self._at
        )
        if not names:
            return "unchanged"
        self.known.put(revised)
        return "updated"

    def _found(self, draft: Draft) -> Customer | None:
        holders = self.known.holders(draft.key) if draft.key else set()
        customers_found = [customer for holder in holders if (customer := self.known.get(holder))]
        mine = [customer for customer in customers_found if self._defaults.may_touch(customer.unit)]
        if draft.key and draft.name is not None and not draft.binds_name:
            self._refuse_second_name(draft.key, draft.name)
        if draft.binds_name and draft.name is not None and mine:
            mine = self._of_the_same_name(draft.name, mine)
        if len(mine) > 1:
            raise RowRefused("ambiguous", "several customers share this identifier")
        return mine[0] if mine else None

    def _of_the_same_name(self, name: str, found: Sequence[Customer]) -> list[Customer]:
        """A household has one phone and several people:
        the row is about who has its name, and nobody gets the name of another.
        """
        same = [customer for customer in found if spelled(customer.name) == spelled(name)]
        if not same:
            raise RowRefused("name_conflict", "a customer of another name has this identifier")
        return same

    def _refuse_second_name(self, key: str, name: str) -> None:
        """One sheet that calls one customer by two names means two people, or does not know."""
        if self._named.setdefault(key, spelled(name)) != spelled(name):
            raise RowRefused(
                "name_conflict", "the sheet has this identifier before, with another name"
            )

    def _refuse_taken(self, draft: Draft, customer: Customer | None) -> None:
        for identifier in draft.identifiers:
            if identifier.is_unique and self.known.holders(identifier.key) - (
                {customer.id} if customer else set()
            ):
                raise RowRefused(
                    "taken", said("another customer has this {type}", type=identifier.type.value)
                )

    @property
    def _unnamed(self) -> str:
        return UNNAMED["zh" if self._defaults.language.startswith("zh") else "en"]

    def _created(self, draft: Draft) -> Customer:
        defaults = self._defaults
        name = draft.name or (self._unnamed if draft.is_nameless else None)
        if name is None:
            raise RowRefused("name_missing", "a new customer needs a name", column="name")
        if not defaults.may_touch(draft.unit or defaults.unit):
            raise RowRefused("unit_not_allowed", "the unit lies outside the units of this token")
        blank = Customer(
            id=self._ids(),
            kind=draft.kind or draft.supposed_kind or Kind.INDIVIDUAL,
            name=name,
            language=draft.language or defaults.language,
            time_zone=draft.time_zone or defaults.time_zone,
            unit=draft.unit or defaults.unit,
            roles=draft.roles,
            sector=draft.sector,
            identifiers=draft.identifiers,
            tags=draft.tags,
            facts={**facts_of.NO_FACTS, **draft.facts} if draft.facts else facts_of.NO_FACTS,
            account_manager=draft.account_manager,
            do_not_contact=draft.do_not_contact or False,
            created_at=self._at,
            updated_at=self._at,
        )
        return customers.created(blank, self._defaults.source)


def spelled(name: str) -> str:
    """A name without what is trivial in its spelling:
    case, width, blanks, marks, traditional or simplified characters.
    """
    return "".join(runs(folded(name))) or name


def wanted(customer: Customer, draft: Draft) -> Customer:
    """The customer as the row wants it: what the row says replaces;
    tags, roles and identifiers are added; nothing is emptied.
    """
    return replace(
        customer,
        name=draft.name or customer.name,
        kind=draft.kind or customer.kind,
        language=draft.language or customer.language,
        time_zone=draft.time_zone or customer.time_zone,
        unit=draft.unit or customer.unit,
        sector=draft.sector or customer.sector,
        account_manager=draft.account_manager or customer.account_manager,
        do_not_contact=customer.do_not_contact
        if draft.do_not_contact is None
        else draft.do_not_contact,
        roles=customer.roles + draft.roles,
        tags=customer.tags + draft.tags,
        identifiers=customer.identifiers + draft.identifiers,
        facts=facts_of.merged(customer.facts, draft.facts),
    )


def keys_of(drafts: Sequence[Draft | None]) -> list[str]:
    """All look-up keys that decide about these rows."""
    keys: dict[str, None] = {}
    for draft in drafts:
        if draft is None:
            continue
        if draft.key:
            keys[draft.key] = None
        keys.update(
            {identifier.key: None for identifier in draft.identifiers if identifier.is_unique}
        )
    return list(keys)


def _told(draft: Draft) -> tuple[str, ...]:
    return facts_of.names(draft.facts)
