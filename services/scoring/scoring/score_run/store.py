"""Score runs: the jobs that they are, and the terms that these keep."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter
from service_kit.access.units import within_units
from service_kit.store.running import Reader
from service_kit.store.tables import Moment, job
from service_kit.work import jobs
from service_kit.work.jobs import Job, RunningJob, job_of
from sqlalchemy import Uuid, bindparam, select, tuple_

from scoring.score_run.domain import KIND, ScoreRunNotFound, Terms

TERMS = TypeAdapter(Terms)
_runs = (
    select(job)
    .where(job.c.kind == KIND, within_units(job.c.unit))
    .order_by(job.c.created_at.desc(), job.c.id.desc())
    .limit(bindparam("limit"))
)
_runs_after = _runs.where(
    tuple_(job.c.created_at, job.c.id)
    < tuple_(bindparam("after", type_=Moment), bindparam("after_id", type_=Uuid))
)


class ScoreRunReader:
    """Reads score runs that a caller may see; no units asks for the whole company."""

    def __init__(self, reader: Reader, units: Sequence[str] | None) -> None:
        self._reader = reader
        self._units = units

    async def find(self, id: UUID) -> Job:
        """Raises ScoreRunNotFound."""
        return await jobs.find(
            self._reader, id, kind=KIND, units=self._units, missing=ScoreRunNotFound
        )

    async def newest(self, *, after: Sequence[Any] | None, limit: int) -> list[Job]:
        """The runs, newest first."""
        given: dict[str, Any] = {"limit": limit, "units": self._units}
        if after is None:
            rows = await self._reader.fetch(_runs, **given)
        else:
            rows = await self._reader.fetch(_runs_after, after=after[0], after_id=after[1], **given)
        return [job_of(row) for row in rows]


def kept(terms: Terms) -> dict[str, Any]:
    """The terms as the job keeps them."""
    written: dict[str, Any] = TERMS.dump_python(terms, mode="json")
    return written


def terms_of(job: Job | RunningJob) -> Terms:
    return TERMS.validate_python(job.payload)
