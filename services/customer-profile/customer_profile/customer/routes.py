"""The API of customers: create, read, find, change, erase."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import Depends, Query, Response
from service_kit.access.units import UnitNotAllowed
from service_kit.store.database import Transaction
from service_kit.store.events import Action
from service_kit.web.pages import Page, PageOf
from service_kit.web.routing import MergePatch, Router, requires
from service_kit.words.fields import Id, UnitPath
from service_kit.words.identifiers import (
    EMAIL_FORM,
    EXTERNAL_FORM,
    LONGEST_VALUE,
    PHONE_FORM,
    VALUE_FORM,
    IdentifierType,
    looked_up_by,
)
from service_kit.words.not_readable import read_at

from customer_profile.call import Call
from customer_profile.customer import use_cases
from customer_profile.customer.domain import (
    Customer,
    CustomerNotFound,
    IdentifierTaken,
    TooManyFacts,
    TooManyIdentifiers,
)
from customer_profile.customer.file_json import file_json, page_json
from customer_profile.customer.listing import Asked
from customer_profile.customer.requested import (
    facts_given,
    new_customer,
    source_given,
    wanted_customer,
)
from customer_profile.customer.rows import row_of
from customer_profile.customer.schemas import (
    MOST_HOLDERS,
    CustomerChange,
    CustomerView,
    Lookups,
    LookupsView,
    NewCustomer,
    lookup,
)
from customer_profile.customer.sensitive import SENSITIVE_SCOPE, sensitive_names
from customer_profile.customer.store import BEFORE_ALL, BEHIND_ALL, CustomerReader, CustomerStore
from customer_profile.identifier.domain import Identifier, Vault, written
from customer_profile.identifier.schemas import identifiers_of
from customer_profile.search.keys import query
from customer_profile.words import Stars, Tag

router = Router(tags=["customers"])
WHOLE, MASKED = "s", "m"

PhoneQuery = Annotated[
    str | None,
    Query(
        min_length=3,
        max_length=LONGEST_VALUE,
        pattern=PHONE_FORM,
        description="A phone, in any way of writing. It finds also who has an extension behind it.",
    ),
]
EmailQuery = Annotated[
    str | None, Query(min_length=3, max_length=LONGEST_VALUE, pattern=EMAIL_FORM)
]
ExternalQuery = Annotated[
    str | None,
    Query(
        min_length=3,
        max_length=241,
        pattern=EXTERNAL_FORM,
        description="The id in another system, as `erp:C-1`.",
    ),
]
ValueQuery = Annotated[
    str | None, Query(min_length=1, max_length=LONGEST_VALUE, pattern=VALUE_FORM)
]


@router.post(
    "/v1/customers",
    status_code=201,
    response_model=CustomerView,
    raises=[IdentifierTaken, TooManyIdentifiers, TooManyFacts, UnitNotAllowed],
)
async def create_customer(
    body: NewCustomer, call: Annotated[Call, requires("customers:write")]
) -> Response:
    """Create a customer.

    `source` holds for all facts of the request. Government id, loyalty number and external id are
    unique: when another customer has one, the answer is 409 and names the holder if the token may
    see it. Phones and e-mails may be shared. An answer that is repeated for its Idempotency-Key is
    masked: read the file for what is sensitive.
    """
    vault = call.part(Vault)
    customer = new_customer(body, call, vault, id=call.new_id())
    try:
        async with call.transaction() as tx:
            created = await use_cases.create(
                CustomerStore.of(tx, call.caller), customer, source_given(body.source, at=call.at)
            )
            return created_answer(call, created, tx)
    except IdentifierTaken as error:
        raise await naming_the_holder(call, customer) from error


@router.get("/v1/customers/{customer_id}", response_model=CustomerView, raises=[CustomerNotFound])
async def read_customer(
    customer_id: Id,
    call: Annotated[Call, requires("customers:read")],
    include: Annotated[
        Literal["sources"] | None, Query(description="`sources` shows where each fact came from.")
    ] = None,
) -> Response:
    """Read a customer's file.

    Sensitive facts and government ids are masked unless the token has the scope
    customers:sensitive; every read of them is logged in the audit of the customer.
    """
    async with call.reading() as reader:
        row = await CustomerReader.of(reader, call.caller).row(customer_id)
    vault = vault_for(call)
    view = file_json(row, vault=vault, with_sources=include == "sources")
    answer = call.answer(view, version=row["version"], variant=variant_of(call, include))
    if vault is not None and answer.status_code == 200 and (facts := sensitive_names(row)):
        async with call.database.transaction(origin=call.origin) as tx:
            log_sensitive_reading(tx, row["id"], row["unit"], facts, call)
    return answer


@router.get("/v1/customers", response_model=Page[CustomerView])
async def list_customers(
    call: Annotated[Call, requires("customers:read")],
    page: Annotated[PageOf, Depends()],
    q: Annotated[
        str | None,
        Query(
            min_length=1,
            max_length=100,
            description="Names, pinyin or its initials, parts of a phone number; best first.",
        ),
    ] = None,
    phone: PhoneQuery = None,
    email: EmailQuery = None,
    external: ExternalQuery = None,
    loyalty: ValueQuery = None,
    wechat: ValueQuery = None,
    tag: Annotated[Tag | None, Query()] = None,
    tier_min: Annotated[Stars | None, Query(description="At least so many stars.")] = None,
    unit: Annotated[
        UnitPath | None, Query(description="In or under this organization unit.")
    ] = None,
) -> Response:
    """Find customers by identifier, by words, by tag, tier or unit.

    Without `q` newest first, with `q` best first. What several parameters ask for must all hold.
    Sensitive facts are masked in lists for everybody: read the file itself.
    """
    given = {
        "phone": phone,
        "email": email,
        "external": external,
        "loyalty": loyalty,
        "wechat": wechat,
    }
    keys = tuple(
        looked_up_by(asked_key(call, name, value).key)
        for name, value in given.items()
        if value is not None
    )
    asked = Asked(keys=keys, tag=tag, tier_min=tier_min, unit=unit)
    async with call.reading() as reader:
        customers = CustomerReader.of(reader, call.caller)
        if q is None:
            rows = await customers.listed(
                asked, before=page.after[0] if page.after else BEHIND_ALL, limit=page.fetch
            )
            following = page.next_cursor(rows, "id")
        else:
            words = query(q, region=call.settings.phone_region)
            after = (page.after[0], page.after[1]) if page.after else (-1, BEFORE_ALL)
            rows = (
                []
                if words.is_empty
                else await customers.found(words, asked, after=after, limit=page.fetch)
            )
            following = page.next_cursor(rows, "rank", "id")
    body = page_json(rows[: page.limit], next_cursor=following)
    return call.answer(body, headers=page.link(following))


@router.post("/v1/customer-lookups", response_model=LookupsView)
async def look_up_customers(
    body: Lookups, call: Annotated[Call, requires("customers:read")]
) -> Response:
    """Find the customers of up to a thousand identifiers at once.

    Items come in the order of the request; an identifier that nobody holds gives null.
    """
    identifiers = identifiers_of(
        body.identifiers, call.part(Vault), region=call.settings.phone_region
    )
    async with call.transaction() as tx:
        held = await CustomerStore.of(tx, call.caller).holders(
            [key for each in identifiers for key in looked_up_by(each.key)], most=MOST_HOLDERS
        )
        units = [row["unit"] for rows in held.values() for row in rows]
        return call.answer(
            LookupsView(items=[lookup(held, looked_up_by(each.key)) for each in identifiers]),
            units=units,
        )


@router.patch(
    "/v1/customers/{customer_id}",
    response_model=CustomerView,
    raises=[CustomerNotFound, IdentifierTaken, TooManyIdentifiers, TooManyFacts, UnitNotAllowed],
)
async def change_customer(
    customer_id: Id,
    body: Annotated[CustomerChange, MergePatch],
    call: Annotated[Call, requires("customers:write")],
) -> Response:
    """Change a customer's file.

    A merge patch: lists are replaced whole, facts and their members one by one, null empties. Facts
    that are sent again unchanged are confirmed by their source. Identifiers that are masked for the
    caller stay on the file, whatever list is sent.
    """
    vault = call.part(Vault)
    wanted: Customer | None = None
    try:
        async with call.transaction() as tx:
            store = CustomerStore.of(tx, call.caller)
            before = await store.get_to_change(customer_id)
            call.require_match(before.version)
            wanted = wanted_customer(
                before, body, call, vault, sees_hidden=call.caller.may(SENSITIVE_SCOPE)
            )
            source = source_given(body.source, at=call.at)
            after = await use_cases.change(
                store, before, wanted, source, told=facts_given(body.facts), at=call.at
            )
            return call.answer(
                shown(call, after, tx), version=after.version, variant=variant_of(call)
            )
    except IdentifierTaken as error:
        raise (await naming_the_holder(call, wanted) if wanted else error) from error


@router.delete("/v1/customers/{customer_id}", status_code=204, raises=[CustomerNotFound])
async def erase_customer(
    customer_id: Id, call: Annotated[Call, requires("customers:write")]
) -> Response:
    """Erase a customer.

    No personal value stays: names, facts, identifiers, contact persons, the words of interactions,
    letters and audit entries are emptied, and neighbors are told to do the same. So are the answers
    that are kept for idempotency keys. Times, kinds and ids stay for the books. A sheet that waits
    to be imported is not looked through: a row that names the person makes a new file.
    """
    async with call.transaction() as tx:
        store = CustomerStore.of(tx, call.caller)
        customer = await store.get_to_change(customer_id)
        call.require_match(customer.version)
        subjects = await use_cases.erase(store, customer, at=call.at)
        await call.kept_answers.erase(tx, subjects)
        return call.nothing()


def created_answer(call: Call, created: Customer, tx: Transaction) -> Response:
    """201 as this caller may see the file.
    The answer that is kept for its idempotency key is masked for everybody: it lies readable.
    """
    headers = {"Location": f"/v1/customers/{created.id}"}
    answer = call.answer(
        shown(call, created, tx),
        version=created.version,
        variant=variant_of(call),
        status=201,
        headers=headers,
    )
    if call.key is not None:
        masked = file_json(row_of(created), vault=None)
        call.answer(masked, version=created.version, variant=MASKED, status=201, headers=headers)
    return answer


def vault_for(call: Call) -> Vault | None:
    """The vault, for callers who may see what is sensitive."""
    vault = call.part(Vault)
    return vault if call.caller.may(SENSITIVE_SCOPE) else None


def variant_of(call: Call, include: str | None = None) -> str:
    """Which of the representations of one version this caller gets."""
    return (WHOLE if call.caller.may(SENSITIVE_SCOPE) else MASKED) + ("-sources" if include else "")


def shown(call: Call, customer: Customer, tx: Transaction) -> bytes:
    """The file for this caller; what is sensitive in it is logged with the change."""
    row, vault = row_of(customer), vault_for(call)
    if vault is not None and (facts := sensitive_names(row)):
        log_sensitive_reading(tx, customer.id, customer.unit, facts, call)
    return file_json(row, vault=vault)


def log_sensitive_reading(
    tx: Transaction, customer_id: UUID, unit: str, facts: list[str], call: Call
) -> None:
    """Who saw which sensitive facts, in the audit of the customer."""
    tx.audit(
        Action(
            name="customer.sensitive_read",
            subject=customer_id,
            unit=unit,
            at=call.at,
            values={"facts": facts},
        )
    )


def asked_key(call: Call, name: str, value: str) -> Identifier:
    """The identifier that a query parameter names;
    a plus sign that was not encoded arrives as a space.
    """
    if name == IdentifierType.PHONE and value.startswith(" "):
        value = f"+{value[1:]}"
    system, _, rest = value.partition(":") if name == IdentifierType.EXTERNAL else ("", "", value)
    with read_at(f"query/{name}"):
        return written(
            IdentifierType(name),
            rest,
            vault=call.part(Vault),
            system=system,
            region=call.settings.phone_region,
        )


async def naming_the_holder(call: Call, customer: Customer) -> IdentifierTaken:
    """The refusal, with the holder's id where the caller may see it."""
    keys = [identifier.key for identifier in customer.identifiers if identifier.is_unique]
    async with call.reading() as reader:
        holder: UUID | None = await CustomerReader.of(reader, call.caller).holder_of(
            keys, but=customer.id
        )
    return (
        IdentifierTaken("the identifier is taken")
        if holder is None
        else IdentifierTaken(holder=str(holder))
    )
