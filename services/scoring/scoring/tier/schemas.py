"""Tier schemes and tiers as frontends send and read them."""

from decimal import Decimal
from typing import Annotated

from pydantic import Field
from service_kit.store.running import Record
from service_kit.words.fields import (
    Currency,
    Day,
    DecimalText,
    Id,
    Input,
    Line,
    Output,
    Timestamp,
    Version,
)

from scoring.card.domain import ScoreName
from scoring.tier.domain import Override, Scheme, Standing, Threshold, checked
from scoring.tier.stars import Stars

Days = Annotated[int, Field(ge=0, le=3650, json_schema_extra={"format": "int32"})]
Name = Annotated[
    str,
    Field(
        min_length=1,
        max_length=64,
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}$",
        examples=["standard"],
    ),
]


class ThresholdIn(Input):
    """From `up` a customer rises to these stars, below `down` they are lost;
    the room between keeps tiers from flickering.
    """

    stars: Stars
    up: DecimalText
    down: DecimalText

    def threshold(self) -> Threshold:
        return Threshold(stars=self.stars, up=Decimal(self.up), down=Decimal(self.down))


class TierSchemeIn(Input):
    """How a score becomes stars. Who reaches no threshold has one star.

    Without a `currency` the currency counts in which the customer reaches the most stars. The
    scheme that was put in force last decides.
    """

    score: ScoreName
    currency: Currency | None = None
    thresholds: Annotated[list[ThresholdIn], Field(min_length=1, max_length=6)]
    minimum_stay_days: Days = 0
    in_force: bool = True

    def scheme(self, name: str, *, version: int) -> Scheme:
        """Raises ThresholdsOutOfOrder."""
        return Scheme(
            name=name,
            score=self.score,
            currency=self.currency,
            thresholds=checked([each.threshold() for each in self.thresholds]),
            minimum_stay_days=self.minimum_stay_days,
            version=version,
        )


class ThresholdView(Output):
    """The cut points of one number of stars."""

    stars: Stars
    up: Annotated[str, Field(max_length=24)]
    down: Annotated[str, Field(max_length=24)]


class TierSchemeView(Output):
    """A tier scheme; `in_force` says whether it is the one that decides,
    `review_id` which long work judges everybody by it.
    """

    name: Name
    score: ScoreName
    currency: Currency | None
    thresholds: Annotated[list[ThresholdView], Field(max_length=6)]
    minimum_stay_days: Days
    in_force: bool
    review_id: Id | None
    changed_at: Timestamp
    version: Version


class OverrideIn(Input):
    """Stars by a person's decision, with the reason and,
    unless it holds until it is taken back, its end.
    """

    stars: Stars
    reason: Line
    until: Timestamp | None = None


class OverrideView(Output):
    """Stars by a person's decision."""

    stars: Stars
    reason: Annotated[str, Field(max_length=200)]
    until: Timestamp | None
    by: Annotated[str, Field(max_length=200)]


class TierView(Output):
    """A customer's tier: the stars, since which day, and why;
    an override stands while it is there.
    """

    stars: Stars
    since: Day
    reason: Annotated[str, Field(max_length=300)]
    override: OverrideView | None


class CustomerTier(Output):
    """The tier of one customer."""

    customer_id: Id
    stars: Stars
    since: Day
    reason: Annotated[str, Field(max_length=300)]
    scheme: Annotated[str | None, Field(max_length=64)]
    override: OverrideView | None
    version: Version


def scheme_view(row: Record) -> TierSchemeView:
    names = [name for name in TierSchemeView.model_fields if name != "thresholds"]
    return TierSchemeView(
        **{name: row[name] for name in names},
        thresholds=[ThresholdView(**each) for each in row["thresholds"]],
    )


def tier_view(standing: Standing) -> TierView:
    return TierView(
        stars=standing.stars,
        since=standing.since,
        reason=standing.reason,
        override=_override_view(standing.override),
    )


def customer_tier(standing: Standing) -> CustomerTier:
    names = ("customer_id", "stars", "since", "reason", "scheme", "version")
    return CustomerTier(
        **{name: getattr(standing, name) for name in names},
        override=_override_view(standing.override),
    )


def _override_view(override: Override | None) -> OverrideView | None:
    return None if override is None else OverrideView(**vars(override))
