"""The rule of approval: sums above the proposer's limit need somebody else, whose limit covers them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from service_kit.errors import Forbidden
from service_kit.messages import said
from service_kit.money import Money


class ProposerMayNotDecide(Forbidden):
    """Nobody decides on their own proposal: let a colleague with the right and the limit do it."""


class SumAboveYourLimit(Forbidden):
    """The proposal is above your approval limit, or in a currency that your limit does not cover: ask a higher level."""


@dataclass(frozen=True, kw_only=True)
class Hand:
    """Who acts: the person (or client) behind the token, and the sum up to which they decide alone."""

    sub: str
    client_id: str
    limit: Money | None


def sums(amounts: Iterable[Money | None]) -> tuple[Money, ...]:
    """One sum per currency, by currency; different currencies are never added."""
    totals: dict[str, Decimal] = {}
    for amount in amounts:
        if amount is not None:
            totals[amount.currency] = totals.get(amount.currency, Decimal(0)) + amount.amount
    return tuple(Money(total, currency) for currency, total in sorted(totals.items()))


def exceed(totals: Sequence[Money], limit: Money | None) -> bool:
    """Whether any sum is above the limit; a limit covers its own currency only, none covers nothing."""
    return any(total.exceeds(limit) for total in totals)


def check_decision(totals: Sequence[Money], *, proposer: str, decider: Hand) -> None:
    """Raises Forbidden when this person may not decide on a proposal of these sums."""
    if decider.sub == proposer:
        raise ProposerMayNotDecide
    if exceed(totals, decider.limit):
        if decider.limit is None:
            raise SumAboveYourLimit(said("The proposal is of {sums}, you have no limit.", sums=written(totals)))
        raise SumAboveYourLimit(said("The proposal is of {sums}, your limit is {limit}.", sums=written(totals), limit=decider.limit))


def written(totals: Sequence[Money]) -> str:
    return " + ".join(str(total) for total in totals)
