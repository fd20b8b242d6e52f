"""Scores as frontends read them."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from pydantic import Field
from service_kit.words.fields import Currency, Day, Id, Output, Version

from scoring.score.domain import Score
from scoring.tier.schemas import TierView

DecimalOut = Annotated[str, Field(max_length=60, pattern=r"^-?\d+(\.\d+)?$", examples=["12.50"])]


class PartView(Output):
    """What one input brings to the score."""

    name: Annotated[str, Field(max_length=60)]
    value: DecimalOut


class ScoreView(Output):
    """A score: `value` is the exact sum of `parts`. Sums of money name their currency.
    `run_id` is the run whose models made it.
    """

    name: Annotated[str, Field(max_length=60, examples=["clv"])]
    value: DecimalOut
    currency: Currency | None
    as_of: Day
    definition_version: Version
    run_id: Id | None
    parts: Annotated[list[PartView], Field(max_length=20)]


class CustomerScores(Output):
    """The scores of a customer, one set per currency, and the present tier."""

    customer_id: Id
    scores: Annotated[list[ScoreView], Field(max_length=500)]
    tier: TierView | None


def score_view(score: Score) -> ScoreView:
    return ScoreView(
        name=score.name,
        value=f"{score.value:f}",
        currency=score.currency,
        as_of=score.as_of,
        definition_version=score.definition_version,
        run_id=score.run_id,
        parts=[PartView(name=part.name, value=f"{part.value:f}") for part in score.parts],
    )


def customer_scores(
    customer_id: UUID, scores: Sequence[Score], tier: TierView | None
) -> CustomerScores:
    return CustomerScores(
        customer_id=customer_id, scores=[score_view(score) for score in scores], tier=tier
    )
