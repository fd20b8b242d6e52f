"""The customer: whoever receives the output of a process."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from service_kit.words.errors import Conflict, Invalid, NotFound
from service_kit.words.identifiers import IdentifierType

from customer_profile.customer import facts as facts_of
from customer_profile.customer.facts import Facts
from customer_profile.customer.source import Source, sources_with
from customer_profile.identifier.domain import Identifier, without_repeats
from customer_profile.search.keys import SearchKeys, of_customer

MOST_TAGS = 100
MOST_IDENTIFIERS = 50


class Kind(StrEnum):
    INDIVIDUAL = "individual"
    ORGANIZATION = "organization"


class Role(StrEnum):
    END_CUSTOMER = "end_customer"
    DEALER = "dealer"
    DISTRIBUTOR = "distributor"
    SALES_AGENT = "sales_agent"
    RETAILER = "retailer"
    SUPPLIER = "supplier"
    PARTNER = "partner"
    EMPLOYEE = "employee"
    STAKEHOLDER = "stakeholder"
    COMPETITOR = "competitor"


class Sector(StrEnum):
    GOVERNMENT = "government"
    CORPORATE = "corporate"
    INDIVIDUAL = "individual"


class CustomerNotFound(NotFound):
    """There is no customer with this id, or it lies outside the units of this token."""


class IdentifierTaken(Conflict):
    """Another customer has this government id, loyalty number or external id;
    `holder` names it where the token may see it.
    """


class TooManyIdentifiers(Invalid):
    """A file keeps at most fifty identifiers and a hundred tags."""


class TooManyFacts(Conflict):
    """A file keeps at most three hundred facts; one that is an object has at most fifty members."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Customer:
    """The file of one customer.
    `tier` is the star tier that scoring told; `sensitive` names facts declared sensitive.
    """

    id: UUID
    version: int = 1
    kind: Kind
    name: str
    language: str
    time_zone: str
    unit: str
    roles: tuple[Role, ...] = ()
    sector: Sector | None = None
    identifiers: tuple[Identifier, ...] = ()
    tags: tuple[str, ...] = ()
    facts: Facts = field(default_factory=lambda: facts_of.NO_FACTS)
    sources: tuple[Source, ...] = ()
    sensitive: frozenset[str] = frozenset()
    tier: int | None = None
    account_manager: str | None = None
    do_not_contact: bool = False
    created_at: datetime
    updated_at: datetime

    @property
    def birthday(self) -> int | None:
        """Month and day as a number such as 229, the form in which birthdays are looked up."""
        born = facts_of.birth_date(self.facts)
        return None if born is None else born.month * 100 + born.day

    @property
    def search_keys(self) -> SearchKeys:
        """What this customer is found by."""
        by_type: dict[IdentifierType, list[str]] = {}
        for identifier in self.identifiers:
            by_type.setdefault(identifier.type, []).append(identifier.value)
        numbers = [value for kind in NUMBERED for value in by_type.get(kind, ())]
        return of_customer(
            [self.name, *facts_of.other_names(self.facts)],
            phones=by_type.get(IdentifierType.PHONE, ()),
            emails=by_type.get(IdentifierType.EMAIL, ()),
            numbers=numbers,
        )

    def revised(
        self, wanted: "Customer", source: "SourceGiven", *, told: Iterable[str], at: datetime
    ) -> tuple["Customer", tuple[str, ...]]:
        """The file as it is wanted, and the names of what changed; nothing changed gives the same
        file and no names.

        `told` names the facts that the source told, also those that it only confirmed.
        """
        plain = tidied(wanted)
        names = changed_names(self, plain)
        if not names:
            return self, ()
        return (
            replace(with_source(plain, source, told), version=self.version + 1, updated_at=at),
            names,
        )


NUMBERED = (
    IdentifierType.EXTERNAL,
    IdentifierType.LOYALTY,
    IdentifierType.WECHAT,
    IdentifierType.SOCIAL,
)
COMPARED = (
    "kind", "name", "language", "time_zone", "unit", "roles", "sector", "identifiers", "tags",
    "account_manager", "do_not_contact"
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class CustomerCreated:
    """A file was made."""

    customer: Customer


@dataclass(frozen=True, kw_only=True, slots=True)
class CustomerChanged:
    """A file was changed; `fields` names what."""

    before: Customer
    after: Customer
    fields: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class CustomerErased:
    """A person's values were erased from their file."""

    customer: Customer
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceGiven:
    """The source of all facts of one request, and whether it calls them sensitive."""

    source: Source
    is_sensitive: bool = False


def created(customer: Customer, source: SourceGiven) -> Customer:
    """A new file with the source of its facts."""
    plain = tidied(customer)
    told = facts_of.names(plain.facts)
    return with_source(plain, source, told) if told else plain


def tidied(customer: Customer) -> Customer:
    """The file without repeats among its identifiers, tags and roles, and without facts that are
    null.

    Raises TooManyIdentifiers or TooManyFacts when it holds more than a file keeps.
    """
    identifiers = without_repeats(customer.identifiers)
    tags = tuple(dict.fromkeys(customer.tags))
    roles = tuple(dict.fromkeys(customer.roles))
    facts = facts_of.tidied(customer.facts)
    if len(identifiers) > MOST_IDENTIFIERS or len(tags) > MOST_TAGS:
        raise TooManyIdentifiers()
    if facts_of.are_too_many(facts):
        raise TooManyFacts()
    # An import makes thousands of files a second: one that is tidy already is not copied.
    if (facts is customer.facts and len(identifiers) == len(customer.identifiers)) and (
        tags,
        roles,
    ) == (customer.tags, customer.roles):
        return customer
    return replace(customer, facts=facts, identifiers=identifiers, tags=tags, roles=roles)


def with_source(customer: Customer, given: SourceGiven, told: Iterable[str]) -> Customer:
    """The file with one more source of the facts that it told."""
    told = tuple(told)
    declared = customer.sensitive.union(told) if given.is_sensitive else customer.sensitive
    return replace(
        customer,
        sources=sources_with(customer.sources, given.source, told, customer.facts),
        sensitive=declared & frozenset(facts_of.names(customer.facts)) if declared else declared,
    )


def changed_names(before: Customer, after: Customer) -> tuple[str, ...]:
    """The names of what differs: fields, and facts as `basic.birth_date`."""
    plain = [name for name in COMPARED if getattr(before, name) != getattr(after, name)]
    return (*plain, *facts_of.changed(before.facts, after.facts))
