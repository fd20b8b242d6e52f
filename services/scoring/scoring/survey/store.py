"""Survey answers and what they add up to."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from service_kit.access.units import within_units
from service_kit.store.database import Transaction
from service_kit.store.running import Reader, Record
from sqlalchemy import Uuid, bindparam, case, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from scoring.survey.domain import (
    CRITICAL_UP_TO,
    DAYS_THAT_COUNT,
    PROMOTER_FROM,
    SATISFIED_FROM,
    Answer,
    SurveyResponseNotFound,
)
from scoring.survey.events import SurveyAnswered
from scoring.tables import customer, survey_reference, survey_response

INSERT = insert(survey_response)
CLAIM = upsert(survey_reference).on_conflict_do_nothing().returning(survey_reference.c.response_id)
# By the answers themselves, since those of earlier releases were recorded without a reference; of
# several the first counts.
FIRST = (
    select(survey_response)
    .where(
        survey_response.c.customer_id == bindparam("customer_id"),
        survey_response.c.instrument == bindparam("instrument"),
        survey_response.c.ref_type == bindparam("ref_type"),
        survey_response.c.ref_id == bindparam("ref_id"),
    )
    .order_by(survey_response.c.answered_at, survey_response.c.id)
    .limit(1)
)
_visible = (
    select(survey_response)
    .join(customer, customer.c.id == survey_response.c.customer_id)
    .where(within_units(customer.c.unit))
)
FIND = _visible.where(survey_response.c.id == bindparam("id"))
_newest = _visible.order_by(survey_response.c.id.desc()).limit(bindparam("limit"))
_is_critical = func.jsonb_array_length(survey_response.c.critical_reasons) > 0
OF_CUSTOMER = select(survey_response.c.instrument, survey_response.c.score).where(
    survey_response.c.customer_id == bindparam("customer_id"),
    survey_response.c.day > bindparam("since"),
    survey_response.c.day <= bindparam("until"),
)
_is_nps = survey_response.c.instrument == "nps"
_favorable = case(
    (_is_nps, survey_response.c.score >= PROMOTER_FROM),
    else_=survey_response.c.score >= SATISFIED_FROM,
)
RESULTS = (
    select(
        func.count().label("answers"),
        func.count().filter(_favorable).label("favorable"),
        func.count()
        .filter(_is_nps, survey_response.c.score <= CRITICAL_UP_TO["nps"])
        .label("detractors"),
        func.count().filter(_is_critical).label("critical"),
        func.sum(survey_response.c.score).label("total"),
    )
    .join(customer, customer.c.id == survey_response.c.customer_id)
    .where(
        within_units(customer.c.unit),
        survey_response.c.instrument == bindparam("instrument"),
        survey_response.c.day.between(bindparam("since"), bindparam("until")),
    )
)
ERASE = (
    update(survey_response)
    .where(survey_response.c.customer_id == bindparam("of_customer"))
    .values(remark=None)
    .returning(survey_response.c.id)
)


class SurveyReader:
    """Reads the answers of customers that a caller may see; no units asks for the whole company."""

    def __init__(self, reader: Reader, units: Sequence[str] | None) -> None:
        self._reader = reader
        self._units = units

    async def find(self, id: UUID) -> Answer:
        """Raises SurveyResponseNotFound."""
        row = await self._reader.fetch_one(FIND, id=id, units=self._units)
        if row is None:
            raise SurveyResponseNotFound()
        return answer_of(row)

    async def newest(
        self,
        *,
        customer_id: UUID | None,
        critical: bool | None,
        after: Sequence[Any] | None,
        limit: int,
    ) -> list[Answer]:
        """Newest first."""
        statement = _newest
        given: dict[str, object] = {"limit": limit, "units": self._units}
        if customer_id is not None:
            statement = statement.where(survey_response.c.customer_id == bindparam("customer_id"))
            given["customer_id"] = customer_id
        if critical is not None:
            statement = statement.where(_is_critical if critical else ~_is_critical)
        if after is not None:
            statement = statement.where(survey_response.c.id < bindparam("after", type_=Uuid))
            given["after"] = after[0]
        return [answer_of(row) for row in await self._reader.fetch(statement, **given)]

    async def of_customer(self, customer_id: UUID, *, until: date) -> list[tuple[str, int]]:
        """Instrument and score of the answers that count for a customer's satisfaction on a day."""
        since = until - timedelta(days=DAYS_THAT_COUNT)
        rows = await self._reader.fetch(
            OF_CUSTOMER, customer_id=customer_id, since=since, until=until
        )
        return [(row["instrument"], row["score"]) for row in rows]

    async def results(self, instrument: str, *, since: date, until: date) -> Record:
        """Counts of the answers within some days."""
        row = await self._reader.fetch_one(
            RESULTS, instrument=instrument, since=since, until=until, units=self._units
        )
        assert row is not None
        return row


class SurveyStore(SurveyReader):
    """Survey answers in one transaction of the database."""

    def __init__(self, tx: Transaction, units: Sequence[str] | None) -> None:
        super().__init__(tx, units)
        self._tx = tx

    async def claim(self, answer: Answer) -> Answer | None:
        """The first answer about the same `ref`, if there is one; a rival's is waited for."""
        if answer.ref_type is None:
            return None
        ref = {
            name: getattr(answer, name)
            for name in ("customer_id", "instrument", "ref_type", "ref_id")
        }
        await self._tx.fetch_value(CLAIM, **ref, response_id=answer.id)
        row = await self._tx.fetch_one(FIRST, **ref)
        return None if row is None else answer_of(row)

    async def save(self, answer: Answer, *, unit: str | None) -> None:
        """Write an answer and tell it;
        the remark is personal and stays in the row and the audit.
        """
        await self._tx.execute(
            INSERT, **{**vars(answer), "critical_reasons": list(answer.critical_reasons)}
        )
        self._tx.record(SurveyAnswered.of(answer, unit=unit), values={"remark": answer.remark})

    async def erase_remarks(self, customer_id: UUID) -> list[UUID]:
        """Take away what an erased customer wrote; the scores stay as figures.
        The ids of the answers.
        """
        return [row["id"] for row in await self._tx.fetch(ERASE, of_customer=customer_id)]


def answer_of(row: Record) -> Answer:
    return Answer(**{name: row[name] for name in Answer.__dataclass_fields__})
