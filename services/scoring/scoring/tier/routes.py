"""The operations on tier schemes and tiers."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Path, Response
from service_kit.store.database import Transaction
from service_kit.web.long_work import LongWork, followed
from service_kit.web.pages import Page, PageOf
from service_kit.web.preconditions import EXISTS
from service_kit.web.routing import Router, requires
from service_kit.words.errors import PreconditionFailed
from service_kit.words.fields import Id
from service_kit.work import jobs

from scoring.call import Call
from scoring.company_day import today
from scoring.customer.acquaintance import NOT_ACQUAINTED, named_customer
from scoring.customer.store import CustomerStore
from scoring.tier import events, use_cases, work
from scoring.tier.domain import (
    Override,
    OverrideInThePast,
    SchemesAreCompanyWide,
    ThresholdsOutOfOrder,
    TierNotFound,
    TierOverrideNotFound,
    TierReviewNotFound,
    TierSchemeNotFound,
)
from scoring.tier.schemas import (
    CustomerTier,
    Name,
    OverrideIn,
    TierSchemeIn,
    TierSchemeView,
    customer_tier,
    scheme_view,
)
from scoring.tier.store import TierReader, TierStore

router = Router(tags=["tiers"])
SchemeName = Annotated[Name, Path(description="Name of the scheme.")]


@router.put(
    "/v1/tier-schemes/{name}",
    response_model=TierSchemeView,
    raises=[ThresholdsOutOfOrder, SchemesAreCompanyWide],
    responses={201: {"model": TierSchemeView, "description": "Created."}},
)
async def replace_tier_scheme(
    name: SchemeName, body: TierSchemeIn, call: Annotated[Call, requires("tiers:write")]
) -> Response:
    """Create or replace a tier scheme.

    With `in_force` (the default) it decides from now on, and everybody is judged anew in the
    background: `review_id` tells by which long work. `If-None-Match: *` creates, `If-Match`
    replaces.
    """
    if call.caller.units is not None:
        raise SchemesAreCompanyWide()
    async with call.transaction() as tx:
        tiers = TierStore(tx)
        before = await tiers.scheme_to_replace(name)
        version = call.next_version(None if before is None else before["version"])
        scheme = body.scheme(name, version=version)
        id = call.new_id() if before is None else before["id"]
        review = await _review(tx, call) if body.in_force else None
        if before is not None:
            await tiers.replace_scheme(scheme, review_id=review, at=call.at)
        elif not await tiers.create_scheme(scheme, id=id, review_id=review, at=call.at):
            raise PreconditionFailed(EXISTS)
        await tiers.put_in_force(name, is_in_force=body.in_force)
        tx.audit(events.scheme_put(id, body.model_dump(mode="json") | {"name": name}, call.at))
        written = await tiers.find_scheme(name)
        return call.put(scheme_view(written), location=f"/v1/tier-schemes/{name}", version=version)


async def _review(tx: Transaction, call: Call) -> UUID:
    id = call.new_id()
    await jobs.enqueue(tx, id=id, kind=work.KIND, payload={}, at=call.at)
    return id


@router.get("/v1/tier-schemes/{name}", response_model=TierSchemeView, raises=[TierSchemeNotFound])
async def read_tier_scheme(
    name: SchemeName, call: Annotated[Call, requires("tiers:read")]
) -> Response:
    """Read a tier scheme."""
    async with call.reading() as reader:
        row = await TierReader(reader).find_scheme(name)
    return call.answer(scheme_view(row), version=row["version"])


@router.get("/v1/tier-schemes", response_model=Page[TierSchemeView])
async def list_tier_schemes(
    call: Annotated[Call, requires("tiers:read")], page: Annotated[PageOf, Depends()]
) -> Response:
    """List the tier schemes by name."""
    async with call.reading() as reader:
        rows = await TierReader(reader).list_schemes(
            after=page.after[0] if page.after else "", limit=page.fetch
        )
    return call.page(
        page, [scheme_view(row) for row in rows], next_cursor=page.next_cursor(rows, "name")
    )


@router.get("/v1/tier-reviews/{review_id}", response_model=LongWork, raises=[TierReviewNotFound])
async def read_tier_review(
    review_id: Id, call: Annotated[Call, requires("tiers:read")]
) -> Response:
    """Follow the work that judges everybody by a new scheme."""
    async with call.reading() as reader:
        job = await jobs.find(reader, review_id, kind=work.KIND, missing=TierReviewNotFound)
    return followed(call, job, LongWork.of(job, call.spoken))


@router.get(
    "/v1/customers/{customer_id}/tier",
    response_model=CustomerTier,
    raises=[*NOT_ACQUAINTED, TierNotFound],
    etag=True,
)
async def read_customer_tier(
    customer_id: Id, call: Annotated[Call, requires("tiers:read")]
) -> Response:
    """Read a customer's tier, with the override if there is one."""
    known = await named_customer(call, customer_id)
    async with call.reading() as reader:
        standing = await TierReader(reader).standing_of(known.id)
    if standing is None:
        raise TierNotFound()
    return call.answer(customer_tier(standing), version=standing.version)


@router.post(
    "/v1/customers/{customer_id}/tier-override",
    status_code=200,
    response_model=CustomerTier,
    raises=[*NOT_ACQUAINTED, OverrideInThePast],
)
async def override_tier(
    customer_id: Id, body: OverrideIn, call: Annotated[Call, requires("tiers:write")]
) -> Response:
    """Give a customer stars by a person's decision.

    The override stands, whatever the scores say, until its end or until it is taken back; then the
    score decides again.
    """
    known = await named_customer(call, customer_id)
    given = Override(stars=body.stars, reason=body.reason, until=body.until, by=call.caller.sub)
    async with call.transaction() as tx:
        tiers = TierStore(tx)
        await CustomerStore(tx).meet_and_keep(known, at=call.at)
        await _match(call, tiers, known.id)
        move = await use_cases.override(tiers, known.id, given, at=call.at, day=today(call))
        tx.audit(events.overridden(known.id, given, known.unit, call.at))
        return call.answer(
            customer_tier(move.standing), version=move.standing.version, units=[known.unit]
        )


@router.post(
    "/v1/customers/{customer_id}/tier-release",
    status_code=200,
    response_model=CustomerTier,
    raises=[*NOT_ACQUAINTED, TierOverrideNotFound],
)
async def release_tier(customer_id: Id, call: Annotated[Call, requires("tiers:write")]) -> Response:
    """Take an override back: the score decides again, at once."""
    known = await named_customer(call, customer_id)
    async with call.transaction() as tx:
        tiers = TierStore(tx)
        await _match(call, tiers, known.id)
        move = await use_cases.release(
            tiers, known.id, at=call.at, day=today(call), reason="the override was taken back"
        )
        return call.answer(
            customer_tier(move.standing), version=move.standing.version, units=[known.unit]
        )


async def _match(call: Call, tiers: TierStore, customer_id: UUID) -> None:
    """An If-Match names the version of the customer's tier; who has none yet has no version."""
    if call.carries_match:
        standing = (await tiers.standings([customer_id])).get(customer_id)
        call.honor_match(None if standing is None else standing.version)
