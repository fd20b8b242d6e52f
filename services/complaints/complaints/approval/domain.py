"""The rule of approval:
what a customer is given beyond the proposer's limit needs somebody else, whose limit covers it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import cast

from service_kit.access.caller import Caller
from service_kit.words.errors import Forbidden
from service_kit.words.looks import is_same_person
from service_kit.words.messages import said
from service_kit.words.money import Money


class ProposerMayNotDecide(Forbidden):
    """Nobody decides on what they proposed themselves, now or earlier in the case:
    let a colleague with the right and the limit do it.
    """


class SumAboveYourLimit(Forbidden):
    """The proposal is above your approval limit, or in a currency that your limit does not cover:
    ask a higher level.

    What the customer was given before counts: in all rounds of this case, and in their other cases
    of the last days.
    """


# The claim of a token that says up to which sum its holder decides alone.
APPROVAL_LIMIT = "approval_limit"


def limit_of(caller: Caller) -> Money | None:
    """The sum up to which the caller decides alone; None means zero."""
    return cast("Money | None", caller.claims.get(APPROVAL_LIMIT))


@dataclass(frozen=True, kw_only=True)
class Hand:
    """Who acts: the person (or client) behind the token,
    and the sum up to which they decide alone.
    """

    sub: str
    client_id: str
    limit: Money | None

    @classmethod
    def of(cls, caller: Caller) -> "Hand":
        return cls(sub=caller.sub, client_id=caller.client_id, limit=limit_of(caller))


@dataclass(frozen=True, kw_only=True)
class Books:
    """What was decided for a customer before: whoever proposes or decides is measured by it."""

    # In the earlier rounds of the case and in the customer's other cases of the window, one sum per
    # currency.
    given: tuple[Money, ...] = ()
    # Everybody who has written a proposal of this case.
    authors: tuple[str, ...] = ()
    # Whether somebody has rejected a proposal of this case: from then on it is not the proposer who
    # decides.
    is_rejected: bool = False
    # The step in which the present proposal was written.
    proposal_step: int | None = None


def sums(amounts: Iterable[Money | None]) -> tuple[Money, ...]:
    """One sum per currency, by currency; different currencies are never added."""
    totals: dict[str, Decimal] = {}
    for amount in amounts:
        if amount is not None:
            totals[amount.currency] = totals.get(amount.currency, Decimal(0)) + amount.amount
    return tuple(Money(total, currency) for currency, total in sorted(totals.items()))


def exceed(totals: Sequence[Money], limit: Money | None, *, given: Sequence[Money] = ()) -> bool:
    """Whether any sum, with what was given before in its currency, is above the limit.

    A limit covers its own currency only, none covers nothing. What adds nothing exceeds nothing,
    however much was given before.
    """
    before = {each.currency: each for each in given}
    added = (
        total + before[total.currency] if total.currency in before else total
        for total in totals
        if total.amount
    )
    return any(total.exceeds(limit) for total in added)


def check_decision(decider: Hand, authors: Iterable[str]) -> None:
    """Raises ProposerMayNotDecide for whoever had a hand in the proposal,
    under whatever spelling and over whatever client.
    """
    if any(is_same_person(author, decider.sub) for author in authors):
        raise ProposerMayNotDecide


def check_approval(totals: Sequence[Money], decider: Hand, books: Books) -> None:
    """Raises SumAboveYourLimit when this person's limit does not cover a proposal of these sums;
    without a limit nobody approves.
    """
    limit = decider.limit
    if limit is None or limit.amount <= 0:
        raise SumAboveYourLimit(
            said("The proposal is of {sums}, you have no limit.", sums=written(totals))
        )
    if exceed(totals, limit):
        raise SumAboveYourLimit(
            said(
                "The proposal is of {sums}, your limit is {limit}.",
                sums=written(totals),
                limit=limit,
            )
        )
    if exceed(totals, limit, given=books.given):
        given = written(books.given)
        raise SumAboveYourLimit(
            said(
                "The proposal is of {sums} after {given} before, your limit is {limit}.",
                sums=written(totals),
                given=given,
                limit=limit,
            )
        )


def written(totals: Sequence[Money]) -> str:
    return " + ".join(str(total) for total in totals) or "0"
