"""Keeps the scores of single customers in step with their orders between two
runs over everybody.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from uuid import UUID

from service_kit.store.database import Transaction
from service_kit.words.identity import new_id
from service_kit.work import timers
from service_kit.work.timers import Timer

from scoring.card.domain import Card, Definition, card_of
from scoring.card.store import CardStore
from scoring.purchase.domain import Statistic
from scoring.purchase.store import PurchaseStore
from scoring.tier import use_cases as tiers
from scoring.tier.store import TierStore

TIMER = "rescoring"
IDLE_SECONDS = 0.3
# A few customers are scored in the transaction of their orders; many are left to the worker, which
# is woken at once.
AT_ONCE = 25
IN_ONE_BREATH = 10
# Small, since those who are scored cannot order meanwhile.
BATCH = 100


class Rescoring:
    """Scores customers again in the transaction of what they bought, or within moments after it."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._is_left_to_worker = False

    async def expect(self, ids: Sequence[UUID], *, at: datetime) -> None:
        """Leave many to the worker. Comes before any lock on what they bought:
        the worker has its timers first, then those locks.
        """
        self._is_left_to_worker = len(ids) > AT_ONCE
        if self._is_left_to_worker and await CardStore(self._tx).in_force():
            await timers.schedule(
                self._tx,
                *(Timer(subject=id, kind=TIMER, key="", due_at=at, payload={}) for id in ids),
            )

    async def follow(self, ids: Sequence[UUID], *, at: datetime) -> None:
        """Score those who were not left to the worker."""
        if not self._is_left_to_worker:
            await rescore(self._tx, ids, at=at)


async def rescore(tx: Transaction, ids: Sequence[UUID], *, at: datetime) -> int:
    """Score customers by the definitions in force; how many cards are new.

    A card is as of the day of the last run or of the customer's last order or refund, whichever is
    later: never of today's clock, so that it can be made again from what is stored. What did not
    change gets no new card.
    """
    # The locks come first: a card that a rival makes of later orders is then seen below, and never
    # overtaken by one of earlier orders.
    held = await PurchaseStore(tx).hold(ids) if ids else []
    kept = CardStore(tx)
    definitions = await kept.in_force() if held else {}
    statistics = [each for each in held if each.currency in definitions]
    if not statistics:
        return 0
    latest = {
        (card.statistic.customer_id, card.statistic.currency): card
        for card in await kept.latest(ids)
    }
    cards = await _new_cards(statistics, definitions, latest)
    await kept.insert_cards(cards)
    gone = [each for each in statistics if each.order_days == 0]
    await kept.forget([(each.customer_id, each.currency) for each in gone])
    emptied = {each.customer_id: _day_of(each, definitions, latest) for each in gone}
    judged = {card.statistic.customer_id for card in cards} | emptied.keys()
    await tiers.follow(TierStore(tx), sorted(judged), at=at, emptied=emptied)
    return len(cards)


async def fire(tx: Transaction, due: Sequence[Timer], *, at: datetime) -> None:
    """What the worker does for the customers of a large batch."""
    await rescore(tx, [timer.subject for timer in due], at=at)


async def _new_cards(
    statistics: Sequence[Statistic],
    definitions: Mapping[str, Definition],
    latest: Mapping[tuple[UUID, str], Card],
) -> list[Card]:
    cards = []
    for place, each in enumerate(statistics):
        if place % IN_ONE_BREATH == IN_ONE_BREATH - 1:
            # Requests get their turn between the figures of many customers.
            await asyncio.sleep(0)
        card = _new_card(each, definitions, latest)
        if card is not None:
            cards.append(card)
    return cards


def _new_card(
    statistic: Statistic,
    definitions: Mapping[str, Definition],
    latest: Mapping[tuple[UUID, str], Card],
) -> Card | None:
    if statistic.order_days == 0:
        return None
    definition, day = definitions[statistic.currency], _day_of(statistic, definitions, latest)
    before = latest.get((statistic.customer_id, statistic.currency))
    if before is not None and _comes_from_the_same(before, statistic, definition, day):
        return None
    return card_of(statistic, definition, id=new_id(), as_of=day)


def _day_of(
    statistic: Statistic,
    definitions: Mapping[str, Definition],
    latest: Mapping[tuple[UUID, str], Card],
) -> date:
    """As of which day a customer is scored now."""
    day = max(definitions[statistic.currency].as_of, statistic.last_activity)
    before = latest.get((statistic.customer_id, statistic.currency))
    # After the voiding of the last order the day does not go back: the new card takes the place of
    # the wrong one.
    return day if before is None else max(day, before.as_of)


def _comes_from_the_same(
    before: Card, statistic: Statistic, definition: Definition, day: date
) -> bool:
    """Whether a card of these inputs would say what the card before says."""
    inputs = replace(before.statistic, last_activity=statistic.last_activity)
    return (before.run_id, before.as_of, inputs) == (definition.run_id, day, statistic)
