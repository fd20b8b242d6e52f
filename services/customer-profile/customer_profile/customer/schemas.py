"""The customer's file as callers send and receive it."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal, TypeAlias

from pydantic import ConfigDict, Field, WithJsonSchema
from service_kit.store.running import Record
from service_kit.words.fields import (
    Day,
    Id,
    Input,
    Line,
    MoneyIn,
    Output,
    Patch,
    Timestamp,
    UnitPath,
)
from service_kit.words.names import NAME
from typing_extensions import TypeAliasType

from customer_profile.customer.domain import Kind, Role, Sector
from customer_profile.customer.source import Learned, SourceKind
from customer_profile.identifier.schemas import IdentifierIn, IdentifierOut, Identifiers
from customer_profile.words import LanguageTag, Stars, Tag, TimeZone

# How many customers of one shared identifier are named.
MOST_HOLDERS = 1_000
FACT_NAME = r"^[a-z][a-z0-9_]{0,59}$"
# Whole numbers stay whole; for the contract both are numbers that a double holds exactly.
LARGEST = 2**53
Number = Annotated[
    Annotated[int, Field(ge=-LARGEST, le=LARGEST)]
    | Annotated[float, Field(ge=-LARGEST, le=LARGEST)],
    WithJsonSchema({"type": "number", "format": "double", "minimum": -LARGEST, "maximum": LARGEST}),
]
ShortText = Annotated[str, Field(max_length=2_000)]
FactName = Annotated[str, Field(min_length=1, max_length=60, pattern=FACT_NAME)]
MemberName = Annotated[str, Field(min_length=1, max_length=60, pattern=NAME)]
# Objects have names, so that the contract says them once; a name for a choice is what generators of
# clients stumble over.
FactScalar: TypeAlias = ShortText | bool | Number
FactMembers = TypeAliasType(
    "FactMembers", Annotated[dict[MemberName, FactScalar], Field(max_length=50)]
)
FactList: TypeAlias = Annotated[list[FactScalar | FactMembers], Field(max_length=100)]
FactValue: TypeAlias = FactScalar | FactList | FactMembers
Names = Annotated[list[Line], Field(max_length=50)]
# In what callers send null deletes, inside an object too.
GivenMembers = TypeAliasType(
    "GivenMembers", Annotated[dict[MemberName, FactScalar | None], Field(max_length=50)]
)
Given: TypeAlias = FactScalar | FactList | GivenMembers | None


OPEN = ConfigDict(
    extra="allow",
    json_schema_extra={
        "propertyNames": {"pattern": FACT_NAME, "maxLength": 60},
        "maxProperties": 100,
    },
)


class BasicFacts(Input):
    """Who they are. Facts that a company adds go by their own names;
    in a PATCH null deletes one.
    """

    model_config = OPEN
    __pydantic_extra__: dict[FactName, Given]

    former_names: Names | None = None
    short_name: Line | None = None
    addresses: Given = None
    legal_form: Given = None
    industry: Given = None
    capital: MoneyIn | None = None
    founding_date: Day | None = None
    first_business_date: Day | None = None
    owner: Given = None
    legal_representative: Given = None
    managers: Names | None = None
    sex: Literal["male", "female", "other"] | None = None
    birth_date: Day | None = None
    education: Given = None
    profession: Given = None


class CharacteristicFacts(Input):
    """What they are like: health, habits, religion, politics, conflicts, minors, family,
    investments and property are sensitive.
    """

    model_config = OPEN
    __pydantic_extra__: dict[FactName, Given]

    region_served: Given = None
    capability: Given = None
    potential: Given = None
    policy: Given = None
    size: Given = None
    way_of_life: Given = None
    character: Given = None
    hobbies: Given = None
    family: Given = None
    likes: Given = None
    dislikes: Given = None
    investments: Given = None
    property: Given = None


class BusinessFacts(Input):
    """How they do: results, problems, image, credit standing, people,
    dealings with competitors, attitude to us.
    """

    model_config = OPEN
    __pydantic_extra__: dict[FactName, Given]

    results: Given = None
    problems: Given = None
    image: Given = None
    credit_standing: Given = None
    people: Given = None
    dealings_with_competitors: Given = None
    attitude: Given = None


class FactsIn(Input):
    """The three groups of facts;
    what is left out stays unknown, or as it is in a PATCH, where null deletes a group.
    """

    basic: BasicFacts | None = None
    characteristics: CharacteristicFacts | None = None
    business: BusinessFacts | None = None


class SourceIn(Input):
    """Where the facts of this request come from and how they were learned."""

    kind: Annotated[SourceKind, Field(strict=False)]
    learned: Annotated[Learned, Field(strict=False)]
    confirmed_at: Annotated[
        Timestamp | None,
        Field(description="When they were last confirmed; the present moment when left out."),
    ] = None
    purposes: Annotated[
        list[Tag],
        Field(
            max_length=20,
            default_factory=list,
            description="What the facts may be used for; empty: all.",
        ),
    ]
    sensitivity: Annotated[
        Literal["normal", "sensitive"],
        Field(description="`sensitive` hides all facts of this request."),
    ] = "normal"


class NewCustomer(Input):
    """A customer to be: `kind` and `name` are enough."""

    kind: Annotated[Kind, Field(strict=False)]
    name: Line
    language: LanguageTag | None = None
    time_zone: TimeZone | None = None
    unit: Annotated[
        UnitPath | None,
        Field(description="Left out: the caller's own unit, else the company's default."),
    ] = None
    roles: Annotated[
        list[Annotated[Role, Field(strict=False)]], Field(max_length=20, default_factory=list)
    ]
    sector: Annotated[Sector | None, Field(strict=False)] = None
    identifiers: Annotated[Identifiers, Field(default_factory=list)]
    tags: Annotated[list[Tag], Field(max_length=100, default_factory=list)]
    facts: FactsIn | None = None
    source: SourceIn | None = None
    account_manager: Line | None = None
    do_not_contact: bool = False


class CustomerChange(Patch):
    """A merge patch: what is left out stays, null empties;
    lists are replaced whole, facts and their members one by one.
    """

    # The defaults of what cannot be null are never read: only the fields that were sent count.
    kind: Annotated[Kind, Field(strict=False, default_factory=lambda: Kind.INDIVIDUAL)]
    name: Annotated[Line, Field(default_factory=str)]
    language: Annotated[LanguageTag, Field(default_factory=str)]
    time_zone: Annotated[TimeZone, Field(default_factory=str)]
    unit: Annotated[UnitPath, Field(default_factory=str)]
    roles: Annotated[list[Annotated[Role, Field(strict=False)]] | None, Field(max_length=20)] = None
    sector: Annotated[Sector | None, Field(strict=False)] = None
    identifiers: Identifiers | None = None
    tags: Annotated[list[Tag] | None, Field(max_length=100)] = None
    facts: FactsIn | None = None
    source: SourceIn | None = None
    account_manager: Line | None = None
    do_not_contact: Annotated[bool, Field(default_factory=bool)]


class TierOut(Output):
    """The star tier that scoring gave."""

    stars: Stars


class FactsOut(Output):
    """The three groups of facts by name."""

    basic: Annotated[dict[MemberName, FactValue], Field(max_length=300)]
    characteristics: Annotated[dict[MemberName, FactValue], Field(max_length=300)]
    business: Annotated[dict[MemberName, FactValue], Field(max_length=300)]


class SourceOut(Output):
    """One source of a fact."""

    kind: SourceKind
    learned: Learned
    recorded_at: Timestamp
    confirmed_at: Timestamp
    purposes: Annotated[list[Tag], Field(max_length=20)]


class FactSources(Output):
    """The sources of one fact, oldest first."""

    fact: Annotated[str, Field(max_length=100, examples=["basic.birth_date"])]
    is_sensitive: bool
    sources: Annotated[list[SourceOut], Field(max_length=50)]


class CustomerView(Output):
    """A customer's file. `masked` names what the caller may not see:
    facts as `characteristics.family`, and `identifiers.government_id`.
    """

    id: Id
    kind: Kind
    name: Annotated[str, Field(max_length=200)]
    language: Annotated[str, Field(max_length=20)]
    time_zone: Annotated[str, Field(max_length=64)]
    unit: Annotated[str, Field(max_length=200)]
    roles: Annotated[list[Role], Field(max_length=20)]
    sector: Sector | None
    identifiers: Annotated[list[IdentifierOut], Field(max_length=50)]
    tags: Annotated[list[Annotated[str, Field(max_length=64)]], Field(max_length=100)]
    facts: FactsOut
    masked: Annotated[list[Annotated[str, Field(max_length=100)]], Field(max_length=300)]
    tier: TierOut | None
    account_manager: Annotated[str | None, Field(max_length=200)]
    do_not_contact: bool
    created_at: Timestamp
    updated_at: Timestamp
    sources: Annotated[
        list[FactSources] | None, Field(max_length=300, description="Only with `include=sources`.")
    ]


class Lookups(Input):
    """Identifiers whose customers are asked for."""

    identifiers: Annotated[list[IdentifierIn], Field(min_length=1, max_length=1_000)]


class Lookup(Output):
    """Who holds one identifier: the oldest customer, their unit, and all ids where it is shared."""

    customer_id: Id
    unit: Annotated[str, Field(max_length=200)]
    customer_ids: Annotated[list[Id], Field(max_length=MOST_HOLDERS)]


class LookupsView(Output):
    """The customers of each identifier, in the order of the request; null where nobody holds it."""

    items: Annotated[list[Lookup | None], Field(max_length=1_000)]


def lookup(held: Mapping[str, list[Record]], keys: Sequence[str]) -> Lookup | None:
    """The holders of one identifier, each once: those of its first key before others,
    oldest first.
    """
    units = {row["customer_id"]: row["unit"] for key in keys for row in held.get(key, ())}
    if not units:
        return None
    ids = list(units)[:MOST_HOLDERS]
    return Lookup(customer_id=ids[0], unit=units[ids[0]], customer_ids=ids)
