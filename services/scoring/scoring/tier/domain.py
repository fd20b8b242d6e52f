"""Star tiers: cut points with hysteresis and a minimum stay, overrides by people,
and how a customer moves between tiers.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from uuid import UUID

from service_kit.words.errors import Conflict, Forbidden, NotFound
from service_kit.words.messages import said

from scoring.card.domain import ScoreName

LOWEST = 1
# What stands for the reason of an override where nobody may read what a person wrote.
OVERRIDDEN = "override"


class ThresholdsOutOfOrder(Conflict):
    """Each star has one threshold, `down` lies at or below `up`,
    and more stars need more of the score, both up and down.
    """


class OverrideInThePast(Conflict):
    """An override ends in the future."""


class TierOverrideNotFound(NotFound):
    """There is no override of this customer's tier."""


class TierSchemeNotFound(NotFound):
    """There is no tier scheme of this name."""


class SchemesAreCompanyWide(Forbidden):
    """A tier scheme holds for the whole company;
    a token that is limited to units cannot change it.
    """


class TierNotFound(NotFound):
    """This customer has no tier yet."""


class TierReviewNotFound(NotFound):
    """There is no such review."""


@dataclass(frozen=True, kw_only=True)
class Threshold:
    """From `up` a customer rises to these stars; below `down` the customer loses them."""

    stars: int
    up: Decimal
    down: Decimal


@dataclass(frozen=True, kw_only=True)
class Reading:
    """The value of the scheme's score on a customer's latest card."""

    value: Decimal
    as_of: date
    currency: str


@dataclass(frozen=True, kw_only=True)
class Scheme:
    name: str
    score: ScoreName
    currency: str | None
    thresholds: Sequence[Threshold]
    minimum_stay_days: int
    version: int

    def readings_of(self, readings: Sequence[Reading]) -> list[Reading]:
        """Those of the scheme's currency; of every currency where it names none."""
        return [each for each in readings if self.currency in (None, each.currency)]

    def rise_to(self, value: Decimal) -> int:
        """The stars that the value reaches by the upper cut points."""
        return max((each.stars for each in self.thresholds if value >= each.up), default=LOWEST)

    def hold_at(self, value: Decimal, *, at_most: int) -> int:
        """The most stars, up to those held, that the value keeps by the lower cut points."""
        return max(
            (
                each.stars
                for each in self.thresholds
                if each.stars <= at_most and value >= each.down
            ),
            default=LOWEST,
        )


def checked(thresholds: Sequence[Threshold]) -> tuple[Threshold, ...]:
    """Highest stars first;
    raises ThresholdsOutOfOrder when the cut points contradict each other.
    """
    falling = sorted(thresholds, key=lambda each: each.stars, reverse=True)
    for each in falling:
        if each.down > each.up:
            raise ThresholdsOutOfOrder(
                said("for {stars} stars `down` lies above `up`", stars=each.stars)
            )
    for above, below in pairwise(falling):
        if above.stars == below.stars:
            raise ThresholdsOutOfOrder(said("{stars} stars have two thresholds", stars=above.stars))
        if above.up <= below.up or above.down < below.down:
            raise ThresholdsOutOfOrder(
                said(
                    "{more} stars need more than {fewer} stars", more=above.stars, fewer=below.stars
                )
            )
    return tuple(falling)


@dataclass(frozen=True, kw_only=True)
class Override:
    """Stars given by a person, with the reason and the end (None: until taken back)."""

    stars: int
    reason: str
    until: datetime | None
    by: str


@dataclass(frozen=True, kw_only=True)
class Standing:
    """The tier of one customer: `stars` counts, whether earned by a score or given by an override.

    `since` is what people read: the day of the card that moved the customer, or that of a person's
    decision. The stay is counted between the days of cards alone, from `card_day`; it is None while
    stars are held that no card gave.
    """

    customer_id: UUID
    stars: int
    since: date
    card_day: date | None
    reason: str
    scheme: str | None
    scheme_version: int | None
    override: Override | None
    version: int


@dataclass(frozen=True, kw_only=True)
class Move:
    """A new standing, and the stars that the customer had before (None: never had any)."""

    standing: Standing
    old: int | None

    @property
    def is_change(self) -> bool:
        return self.old != self.standing.stars


def judged(
    scheme: Scheme,
    readings: Sequence[Reading],
    standing: Standing | None,
    *,
    customer_id: UUID,
    emptied_on: date | None = None,
) -> Move | None:
    """The customer's move by the scores, or None when the customer stays.

    Scores in several currencies are not added: the currency that gives the most stars counts. An
    override stands until it ends. `emptied_on` is the day as of which the last order of a currency
    was taken back: stars that nothing carries any more are lost at once.
    """
    if standing is not None and standing.override is not None:
        return None
    of_scheme = scheme.readings_of(readings)
    if not of_scheme:
        return (
            None
            if standing is None or emptied_on is None
            else _emptied(scheme, standing, emptied_on)
        )
    stars, reading = max(
        ((_stars(scheme, each, standing), each) for each in of_scheme), key=lambda pair: pair[0]
    )
    if standing is None:
        return _moved(scheme, reading, stars, None, customer_id, "first score")
    if stars == standing.stars or _is_too_early(scheme, reading, standing):
        return None
    return _moved(
        scheme, reading, stars, standing, customer_id, "rose" if stars > standing.stars else "fell"
    )


def _emptied(scheme: Scheme, standing: Standing, day: date) -> Move | None:
    if standing.stars == LOWEST:
        return None
    moved = replace(
        standing,
        stars=LOWEST,
        since=day,
        card_day=day,
        reason="no orders left",
        scheme=scheme.name,
        scheme_version=scheme.version,
        version=standing.version + 1,
    )
    return Move(standing=moved, old=standing.stars)


def _stars(scheme: Scheme, reading: Reading, standing: Standing | None) -> int:
    reached = scheme.rise_to(reading.value)
    if standing is None or reached >= standing.stars:
        return reached
    return max(reached, scheme.hold_at(reading.value, at_most=standing.stars))


def _is_too_early(scheme: Scheme, reading: Reading, standing: Standing) -> bool:
    """The minimum stay holds in both directions: nobody rises and falls again within it."""
    if scheme.minimum_stay_days == 0 or standing.card_day is None:
        return False
    return reading.as_of - standing.card_day < timedelta(days=scheme.minimum_stay_days)


def _moved(
    scheme: Scheme,
    reading: Reading,
    stars: int,
    standing: Standing | None,
    customer_id: UUID,
    how: str,
) -> Move:
    reason = (
        f"{how}: {scheme.score} of {reading.value} {reading.currency} as of {reading.as_of}, scheme"
        f" {scheme.name}"
    )
    moved = Standing(
        customer_id=customer_id,
        stars=stars,
        since=reading.as_of,
        card_day=reading.as_of,
        reason=reason[:300],
        scheme=scheme.name,
        scheme_version=scheme.version,
        override=None,
        version=1 if standing is None else standing.version + 1,
    )
    return Move(standing=moved, old=None if standing is None else standing.stars)


def overridden(
    standing: Standing | None, override: Override, *, customer_id: UUID, at: datetime, day: date
) -> Move:
    """Stars given by a person; OverrideInThePast when it would be over at once."""
    if override.until is not None and override.until <= at:
        raise OverrideInThePast()
    old = None if standing is None else standing.stars
    reason = f"override: {override.reason}"[:300]
    if standing is None:
        standing = _untried(customer_id, override.stars, day)
    elif old != override.stars:
        standing = replace(standing, stars=override.stars, since=day, card_day=None)
    return Move(
        standing=replace(standing, reason=reason, override=override, version=standing.version + 1),
        old=old,
    )


def _untried(customer_id: UUID, stars: int, day: date) -> Standing:
    """Of a customer whom no card has judged yet."""
    return Standing(
        customer_id=customer_id,
        stars=stars,
        since=day,
        card_day=None,
        reason="",
        scheme=None,
        scheme_version=None,
        override=None,
        version=0,
    )


def released(
    standing: Standing,
    scheme: Scheme | None,
    readings: Sequence[Reading],
    *,
    day: date,
    reason: str,
) -> Move:
    """An override is over: the stars are those of the score, without hysteresis or minimum stay,
    or the lowest without a score.
    """
    if standing.override is None:
        raise TierOverrideNotFound()
    of_scheme = [] if scheme is None else scheme.readings_of(readings)
    stars = (
        LOWEST
        if scheme is None
        else max((scheme.rise_to(each.value) for each in of_scheme), default=LOWEST)
    )
    has_stayed = stars == standing.stars
    moved = replace(
        standing,
        stars=stars,
        since=standing.since if has_stayed else day,
        card_day=(
            standing.card_day
            if has_stayed and standing.card_day
            else max((each.as_of for each in of_scheme), default=None)
        ),
        reason=reason,
        scheme=None if scheme is None else scheme.name,
        scheme_version=None if scheme is None else scheme.version,
        override=None,
        version=standing.version + 1,
    )
    return Move(standing=moved, old=standing.stars)
