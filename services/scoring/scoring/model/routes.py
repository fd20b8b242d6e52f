"""The operations on fitted models."""

from typing import Annotated, Literal

from fastapi import Depends, Query, Response
from service_kit.web.pages import Page, PageOf
from service_kit.web.routing import Router, requires
from service_kit.words.fields import Id

from scoring.call import Call
from scoring.model.parameters import ScoreModelNotFound
from scoring.model.schemas import ModelView, model_view
from scoring.model.store import ModelReader

router = Router(tags=["score-models"])


@router.get("/v1/score-models", response_model=Page[ModelView])
async def list_score_models(
    call: Annotated[Call, requires("scores:read")],
    page: Annotated[PageOf, Depends()],
    kind: Annotated[
        Literal["bg_nbd", "gamma_gamma"] | None, Query(description="Only models of this kind.")
    ] = None,
) -> Response:
    """List the fitted models, newest first:
    BG/NBD for how often customers order, Gamma-Gamma for what an order is worth.
    """
    async with call.reading() as reader:
        rows = await ModelReader(reader).newest(kind=kind, after=page.after, limit=page.fetch)
    return call.page(
        page,
        [model_view(row) for row in rows],
        next_cursor=page.next_cursor(rows, "fitted_at", "id"),
    )


@router.get("/v1/score-models/{model_id}", response_model=ModelView, raises=[ScoreModelNotFound])
async def read_score_model(
    model_id: Id, call: Annotated[Call, requires("scores:read")]
) -> Response:
    """Read a fitted model."""
    async with call.reading() as reader:
        row = await ModelReader(reader).find(model_id)
    return call.answer(model_view(row), version=1)
