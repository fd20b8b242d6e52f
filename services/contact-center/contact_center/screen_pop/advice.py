"""Short advice on how to talk to a customer, by what is known at the moment of the call."""

from collections.abc import Iterator
from dataclasses import dataclass, field

TOP_TIER_FROM = 4
LONG_WAIT_SECONDS = 120
CHURN_RISK_FROM = 0.5


@dataclass(frozen=True, kw_only=True)
class Situation:
    """What is known when the agent picks up."""

    is_known: bool
    behavior: str | None = None
    tags: frozenset[str] = field(default_factory=frozenset)
    tier: int | None = None
    open_cases: int = 0
    waited_seconds: float = 0.0
    churn_risk: float | None = None


def advice_codes(situation: Situation) -> Iterator[str]:
    """What to bear in mind, the most pressing first."""
    if not situation.is_known:
        yield "unknown_caller"
    if situation.waited_seconds >= LONG_WAIT_SECONDS:
        yield "long_wait"
    if situation.open_cases:
        yield "open_complaint"
    if (situation.tier or 0) >= TOP_TIER_FROM:
        yield "top_tier"
    if situation.churn_risk is not None and situation.churn_risk >= CHURN_RISK_FROM:
        yield "at_risk"
    # Moods and types of behavior as the handbook names them.
    yield from (mood for mood in ("agitated", "confused", "demanding") if mood in situation.tags)
    if situation.behavior in ("eagle", "peacock", "dove", "owl"):
        yield situation.behavior
