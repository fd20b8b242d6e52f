"""Tier treatments over HTTP."""

from dataclasses import replace
from typing import Annotated

from fastapi import Depends, Response
from service_kit.web.pages import Page, PageOf
from service_kit.web.routing import Router, requires
from service_kit.words.errors import Forbidden

from contact_center.call import Call
from contact_center.treatment.domain import TreatmentNotFound
from contact_center.treatment.schemas import TreatmentIn, TreatmentView, treatment_view
from contact_center.treatment.store import TreatmentReader, TreatmentStore
from contact_center.words import TierName

router = Router(tags=["tier treatments"])


class WholeCompanyNeeded(Forbidden):
    """Treatments hold for the whole company:
    a token that is kept to units may read but not change them.
    """


@router.get("/v1/tier-treatments", response_model=Page[TreatmentView])
async def list_tier_treatments(
    call: Annotated[Call, requires("queues:read")], page: Annotated[PageOf, Depends()]
) -> Response:
    """List how each tier is served;
    `none` stands for callers without a tier, `key_contact` for those of group accounts.
    """
    async with call.reading() as reader:
        found = await TreatmentReader(reader).all()
    behind = [each for each in found if page.after is None or each.tier > page.after[0]][
        : page.fetch
    ]
    return call.page(
        page,
        [treatment_view(each) for each in behind],
        next_cursor=page.next_cursor(behind, "tier"),
    )


@router.get("/v1/tier-treatments/{tier}", response_model=TreatmentView, raises=[TreatmentNotFound])
async def read_tier_treatment(
    tier: TierName, call: Annotated[Call, requires("queues:read")]
) -> Response:
    """Read how a tier is served."""
    async with call.reading() as reader:
        found = await TreatmentReader(reader).get(tier)
    return call.answer(treatment_view(found), version=found.version)


@router.put(
    "/v1/tier-treatments/{tier}",
    response_model=TreatmentView,
    raises=[TreatmentNotFound, WholeCompanyNeeded],
)
async def replace_tier_treatment(
    tier: TierName, body: TreatmentIn, call: Annotated[Call, requires("queues:write")]
) -> Response:
    """Change how a tier is served, for those who wait already too."""
    if call.caller.units is not None:
        raise WholeCompanyNeeded()
    async with call.transaction() as tx:
        store = TreatmentStore(tx)
        found = await store.locked(tier)
        call.require_match(found.version)
        changed = replace(found, **body.model_dump(), version=found.version + 1, updated_at=call.at)
        await store.save(changed)
        return call.answer(treatment_view(changed), version=changed.version)
