"""The operations on tier schemes and tiers."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Path, Response
from service_kit.store.database import Transaction
from service_kit.store.outbox import Event
from service_kit.store.running import Record
from service_kit.web.pages import Page, PageOf
from service_kit.web.routing import Router, requires
from service_kit.words.errors import Forbidden, NotFound, PreconditionFailed
from service_kit.words.fields import Id
from service_kit.work import jobs

from scoring.call import Call
from scoring.company_day import today
from scoring.customer import store as directory
from scoring.customer.acquaintance import NOT_ACQUAINTED, CustomerFile, acquainted
from scoring.customer.domain import CustomerNotFound, KnownCustomer
from scoring.long_work import LongWork, work_fields
from scoring.tier import store, use_cases, work
from scoring.tier.domain import NoOverride, Override, OverrideInThePast, ThresholdsOutOfOrder, TierSchemeNotFound
from scoring.tier.schemas import CustomerTier, Name, OverrideIn, TierSchemeIn, TierSchemeView, customer_tier, scheme_view

router = Router(tags=["tiers"])
SchemeName = Annotated[Name, Path(description="Name of the scheme.")]


class SchemesAreCompanyWide(Forbidden):
    """A tier scheme holds for the whole company; a token that is limited to units cannot change it."""


class TierNotFound(NotFound):
    """This customer has no tier yet."""


class TierReviewNotFound(NotFound):
    """There is no such review."""


@router.put(
    "/v1/tier-schemes/{name}",
    response_model=TierSchemeView,
    raises=[ThresholdsOutOfOrder, SchemesAreCompanyWide],
    responses={201: {"model": TierSchemeView, "description": "Created."}},
)
async def put_tier_scheme(name: SchemeName, body: TierSchemeIn, call: Annotated[Call, requires("tiers:write")]) -> Response:
    """Create or replace a tier scheme.

    With `in_force` (the default) it decides from now on, and everybody is judged anew in the background: `review_id` tells by which
    long work. `If-None-Match: *` creates, `If-Match` replaces.
    """
    if call.caller.units is not None:
        raise SchemesAreCompanyWide()
    async with call.transaction() as tx:
        before = await store.find_scheme(tx, name, for_update=True)
        version = _next_version(before, call)
        scheme = body.scheme(name, version=version)
        id = call.new_id() if before is None else before["id"]
        review = await _review(tx, call) if body.in_force else None
        if before is not None:
            await store.replace_scheme(tx, scheme, review_id=review, at=call.at)
        elif not await store.create_scheme(tx, scheme, id=id, review_id=review, at=call.at):
            raise PreconditionFailed("the scheme is there already")
        await store.put_in_force(tx, name, is_in_force=body.in_force)
        tx.audit(Event(type="tier_scheme.put", subject=id, at=call.at, payload=body.model_dump(mode="json") | {"name": name}))
        written = await store.find_scheme(tx, name)
        assert written is not None
        if before is None:
            return call.created(scheme_view(written), location=f"/v1/tier-schemes/{name}", version=version)
        return call.answer(scheme_view(written), version=version)


def _next_version(before: Record | None, call: Call) -> int:
    if before is None:
        if not call.creates_only:
            # There is no version that If-Match could name; without any condition this raises PreconditionRequired.
            call.require_match(0)
            raise PreconditionFailed("there is no such scheme yet: create it with If-None-Match: *")
        return 1
    if call.creates_only:
        raise PreconditionFailed("the scheme is there already")
    call.require_match(before["version"])
    version: int = before["version"] + 1
    return version


async def _review(tx: Transaction, call: Call) -> UUID:
    id = call.new_id()
    await jobs.enqueue(tx, id=id, kind=work.KIND, payload={}, at=call.at)
    return id


@router.get("/v1/tier-schemes/{name}", response_model=TierSchemeView, raises=[TierSchemeNotFound])
async def read_tier_scheme(name: SchemeName, call: Annotated[Call, requires("tiers:read")]) -> Response:
    """Read a tier scheme."""
    async with call.reading() as reader:
        row = await store.find_scheme(reader, name)
    if row is None:
        raise TierSchemeNotFound()
    return call.answer(scheme_view(row), version=row["version"])


@router.get("/v1/tier-schemes", response_model=Page[TierSchemeView])
async def list_tier_schemes(call: Annotated[Call, requires("tiers:read")], page: Annotated[PageOf, Depends()]) -> Response:
    """List the tier schemes by name."""
    async with call.reading() as reader:
        rows = await store.list_schemes(reader, after=page.after[0] if page.after else "", limit=page.fetch)
    return call.page(page, [scheme_view(row) for row in rows], next_cursor=page.next_cursor(rows, "name"))


@router.get("/v1/tier-reviews/{review_id}", response_model=LongWork, raises=[TierReviewNotFound])
async def read_tier_review(review_id: Id, call: Annotated[Call, requires("tiers:read")]) -> Response:
    """Follow the work that judges everybody by a new scheme."""
    async with call.reading() as reader:
        try:
            job = await jobs.find(reader, review_id, kind=work.KIND)
        except NotFound as error:
            raise TierReviewNotFound() from error
    return call.answer(LongWork(**work_fields(job, call.spoken)), version=job.version, variant=job.variant(call.language))


@router.get("/v1/customers/{customer_id}/tier", response_model=CustomerTier, raises=[*NOT_ACQUAINTED, TierNotFound], etag=True)
async def read_customer_tier(customer_id: Id, call: Annotated[Call, requires("tiers:read")]) -> Response:
    """Read a customer's tier, with the override if there is one."""
    known = await _known(call, customer_id)
    async with call.reading() as reader:
        standing = await store.standing_of_customer(reader, known.id)
    if standing is None:
        raise TierNotFound()
    return call.answer(customer_tier(standing), version=standing.version)


@router.post(
    "/v1/customers/{customer_id}/tier-override",
    status_code=200,
    response_model=CustomerTier,
    raises=[*NOT_ACQUAINTED, OverrideInThePast],
)
async def override_tier(customer_id: Id, body: OverrideIn, call: Annotated[Call, requires("tiers:write")]) -> Response:
    """Give a customer stars by a person's decision.

    The override stands, whatever the scores say, until its end or until it is taken back; then the score decides again.
    """
    known = await _known(call, customer_id)
    given = Override(stars=body.stars, reason=body.reason, until=body.until, by=call.caller.sub)
    async with call.transaction() as tx:
        await directory.meet(tx, [known], at=call.at)
        await _match(call, tx, known.id)
        await directory.keep(tx, known.id)
        move = await use_cases.override(store.TierStore(tx), known.id, given, at=call.at, day=today(call))
        tx.audit(Event(type="tier.overridden", subject=known.id, at=call.at, unit=known.unit, payload=body.model_dump(mode="json")))
        return call.answer(customer_tier(move.standing), version=move.standing.version, units=[known.unit])


@router.post(
    "/v1/customers/{customer_id}/tier-release",
    status_code=200,
    response_model=CustomerTier,
    raises=[*NOT_ACQUAINTED, NoOverride],
)
async def release_tier(customer_id: Id, call: Annotated[Call, requires("tiers:write")]) -> Response:
    """Take an override back: the score decides again, at once."""
    known = await _known(call, customer_id)
    async with call.transaction() as tx:
        await _match(call, tx, known.id)
        move = await use_cases.release(store.TierStore(tx), known.id, at=call.at, day=today(call), reason="the override was taken back")
        return call.answer(customer_tier(move.standing), version=move.standing.version, units=[known.unit])


async def _match(call: Call, tx: Transaction, customer_id: UUID) -> None:
    """An If-Match names the version of the customer's tier; who has none yet has no version."""
    if call.carries_match:
        standing = (await store.TierStore(tx).standings([customer_id])).get(customer_id)
        call.honor_match(None if standing is None else standing.version)


async def _known(call: Call, customer_id: UUID) -> KnownCustomer:
    known = await acquainted(call.database, call.part(CustomerFile), [customer_id], call.caller)
    if customer_id not in known:
        raise CustomerNotFound()
    return known[customer_id]
