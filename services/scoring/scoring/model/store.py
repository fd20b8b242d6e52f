"""The fitted models, as they were at the time."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from service_kit.store.database import Transaction
from service_kit.store.running import Reader, Record
from service_kit.store.tables import Moment
from service_kit.words.identity import new_id
from sqlalchemy import Uuid, bindparam, insert, select, tuple_

from scoring.model.parameters import ScoreModelNotFound
from scoring.tables import score_model

PARAMETERS = {"bg_nbd": ("r", "alpha", "a", "b"), "gamma_gamma": ("p", "q", "gamma")}
INSERT = insert(score_model)
FIND = select(score_model).where(score_model.c.id == bindparam("id"))
_newest = (
    select(score_model)
    .order_by(score_model.c.fitted_at.desc(), score_model.c.id.desc())
    .limit(bindparam("limit"))
)


class ModelReader:
    """Reads the fitted models."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def find(self, id: UUID) -> Record:
        """Raises ScoreModelNotFound."""
        row = await self._reader.fetch_one(FIND, id=id)
        if row is None:
            raise ScoreModelNotFound()
        return row

    async def newest(
        self, *, kind: str | None, after: Sequence[Any] | None, limit: int
    ) -> list[Record]:
        """Newest first, of one kind or of all."""
        statement = _newest
        given: dict[str, object] = {"limit": limit}
        if kind is not None:
            statement = statement.where(score_model.c.kind == bindparam("kind"))
            given["kind"] = kind
        if after is not None:
            place = tuple_(bindparam("after", type_=Moment), bindparam("after_id", type_=Uuid))
            statement = statement.where(tuple_(score_model.c.fitted_at, score_model.c.id) < place)
            given |= {"after": after[0], "after_id": after[1]}
        return await self._reader.fetch(statement, **given)


class ModelStore(ModelReader):
    """The fitted models in one transaction of the database."""

    def __init__(self, tx: Transaction) -> None:
        super().__init__(tx)
        self._tx = tx

    async def insert_fitted(
        self,
        fitted: Mapping[str, Mapping[str, Any]],
        *,
        run_id: UUID,
        currency: str,
        as_of: date,
        time_unit: str,
        at: datetime,
    ) -> dict[str, UUID]:
        """Write the models of a run and return their ids by kind."""
        ids = {kind: new_id() for kind in fitted}
        for kind, model in fitted.items():
            await self._tx.execute(
                INSERT,
                id=ids[kind],
                kind=kind,
                run_id=run_id,
                currency=currency,
                as_of=as_of,
                time_unit=time_unit,
                parameters={name: model[name] for name in PARAMETERS[kind]},
                log_likelihood=model["log_likelihood"],
                customers=int(model["customers"]),
                gradient_norm=model["gradient_norm"],
                steps=model["steps"],
                fitted_at=at,
            )
        return ids
