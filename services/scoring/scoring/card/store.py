"""Score cards and the definitions they were made by."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from service_kit.store.database import Transaction
from service_kit.store.running import Reader, Record
from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Select,
    Uuid,
    and_,
    any_,
    bindparam,
    delete,
    literal_column,
    select,
    true,
    update,
)
from sqlalchemy.dialects.postgresql import distinct_on, insert

from scoring.card.domain import Card, CutPoints, Definition
from scoring.model.parameters import BgNbd, GammaGamma
from scoring.purchase.domain import Statistic
from scoring.tables import purchase_statistic as statistic
from scoring.tables import score_card, score_definition, score_model
from scoring.unnested import Unnested, arrays

_bg_nbd = score_model.alias("bg_nbd")
_gamma_gamma = score_model.alias("gamma_gamma")
_model_columns = ("parameters", "log_likelihood", "gradient_norm", "customers", "steps")
_definitions = (
    select(
        score_definition,
        *(
            model.c[name].label(f"{model.name}_{name}")
            for model in (_bg_nbd, _gamma_gamma)
            for name in _model_columns
        ),
    )
    .outerjoin(_bg_nbd, _bg_nbd.c.id == score_definition.c.bg_nbd_id)
    .outerjoin(_gamma_gamma, _gamma_gamma.c.id == score_definition.c.gamma_gamma_id)
)
# The definition in force of a currency is that of the finished run with the latest day, and of
# those the newest.
IN_FORCE = (
    _definitions.ext(distinct_on(score_definition.c.currency))
    .where(score_definition.c.completed_at.is_not(None))
    .order_by(
        score_definition.c.currency,
        score_definition.c.as_of.desc(),
        score_definition.c.run_id.desc(),
    )
)
BY_RUN = _definitions.where(score_definition.c.run_id == any_(bindparam("runs", type_=ARRAY(Uuid))))
INSERT_DEFINITION = insert(score_definition)
COMPLETE = (
    update(score_definition)
    .where(score_definition.c.run_id == bindparam("of"))
    .values(completed_at=bindparam("at"))
)

# Fields of a definition that are kept as they are.
_PLAIN = ("run_id", "currency", "as_of", "time_unit", "horizon_months")
_cards = Unnested("cards", *score_card.c)
INSERT = _cards.inserted_into(score_card)


def _latest(*until: ColumnElement[bool]) -> Select[Any]:
    """One step down the index for each currency of a customer, however many cards there are:
    every order adds one.
    """
    newest = (
        select(score_card)
        .where(
            score_card.c.customer_id == statistic.c.customer_id,
            score_card.c.currency == statistic.c.currency,
            *until,
        )
        .order_by(score_card.c.as_of.desc(), score_card.c.id.desc())
        # Written out: of a parameter the planner would not know that it is one row.
        .limit(literal_column("1"))
        .lateral("newest")
    )
    return (
        select(newest)
        .select_from(statistic.join(newest, true()))
        .where(statistic.c.customer_id == any_(bindparam("ids", type_=ARRAY(Uuid))))
        .order_by(statistic.c.customer_id, statistic.c.currency)
    )


LATEST = _latest()
LATEST_UNTIL = _latest(score_card.c.as_of <= bindparam("until"))
_gone = Unnested("gone", score_card.c.customer_id, score_card.c.currency)
FORGET = delete(score_card).where(
    and_(score_card.c.customer_id == _gone.c.customer_id, score_card.c.currency == _gone.c.currency)
)


class CardReader:
    """Reads cards and definitions."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def in_force(self) -> dict[str, Definition]:
        """By currency: what a customer is scored by between two runs."""
        return {row["currency"]: definition_of(row) for row in await self._reader.fetch(IN_FORCE)}

    async def by_run(self, runs: Iterable[UUID]) -> dict[UUID, Definition]:
        return {
            row["run_id"]: definition_of(row)
            for row in await self._reader.fetch(BY_RUN, runs=list(runs))
        }

    async def latest(self, ids: Sequence[UUID], *, until: date | None = None) -> list[Card]:
        """The card with the latest day, one per customer and currency."""
        if until is None:
            rows = await self._reader.fetch(LATEST, ids=list(ids))
        else:
            rows = await self._reader.fetch(LATEST_UNTIL, ids=list(ids), until=until)
        return [card_of_row(row) for row in rows]


class CardStore(CardReader):
    """Cards and definitions in one transaction of the database."""

    def __init__(self, tx: Transaction) -> None:
        super().__init__(tx)
        self._tx = tx

    async def insert_definition(
        self, definition: Definition, models: Mapping[str, UUID], *, at: datetime
    ) -> None:
        """Keep what a run fixed; it comes into force when the run is complete."""
        await self._tx.execute(
            INSERT_DEFINITION,
            **{name: getattr(definition, name) for name in _PLAIN},
            annual_discount=str(definition.annual_discount),
            margin=str(definition.margin),
            cuts={name: list(cuts) for name, cuts in vars(definition.cuts).items()},
            bg_nbd_id=models.get("bg_nbd"),
            gamma_gamma_id=models.get("gamma_gamma"),
            made_at=at,
        )

    async def complete(self, run_id: UUID, *, at: datetime) -> None:
        await self._tx.execute(COMPLETE, of=run_id, at=at)

    async def insert_cards(self, cards: Sequence[Card]) -> None:
        if cards:
            await self._tx.execute(INSERT, **arrays(_cards, [_row(card) for card in cards]))

    async def forget(self, keys: Sequence[tuple[UUID, str]]) -> None:
        """Drop the cards of those whose only orders were voided: they never were customers."""
        if keys:
            await self._tx.execute(
                FORGET,
                **arrays(
                    _gone, [{"customer_id": id, "currency": currency} for id, currency in keys]
                ),
            )


def card_of_row(row: Record) -> Card:
    inputs = Statistic(
        **{name: row[name] for name in _STATISTIC},
        # A card stands for the days up to its own; the refund that may have come later than the
        # last order lies within.
        last_activity=row["as_of"],
    )
    return Card(
        statistic=inputs,
        **{name: row[name] for name in Card.__dataclass_fields__ if name != "statistic"},
    )


_STATISTIC = tuple(name for name in Statistic.__dataclass_fields__ if name != "last_activity")


def _row(card: Card) -> dict[str, object]:
    return {
        each.name: getattr(
            card if each.name in Card.__dataclass_fields__ else card.statistic, each.name
        )
        for each in _cards.c
    }


def definition_of(row: Record) -> Definition:
    return Definition(
        **{name: row[name] for name in _PLAIN},
        annual_discount=Decimal(row["annual_discount"]),
        margin=Decimal(row["margin"]),
        cuts=CutPoints(**row["cuts"]),
        bg_nbd=None if row["bg_nbd_id"] is None else BgNbd(**_model(row, "bg_nbd")),
        gamma_gamma=None
        if row["gamma_gamma_id"] is None
        else GammaGamma(**_model(row, "gamma_gamma")),
    )


def _model(row: Record, kind: str) -> dict[str, Any]:
    figures = {name: row[f"{kind}_{name}"] for name in _model_columns if name != "parameters"}
    return {**row[f"{kind}_parameters"], **figures}
