"""How long work shows itself: state, progress, counts, result and error, the same for every kind."""

from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import Field
from service_kit.words.fields import Count, Id, JsonObject, Output, Timestamp, Version
from service_kit.work.jobs import Job


class Progress(Output):
    """How much is done; `total` is null until it is known."""

    done: Count
    total: Count | None


class LongWork(Output):
    """Work that goes on after the answer: follow it here until its state is done, failed or canceled."""

    id: Id
    state: Literal["queued", "running", "done", "failed", "canceled"]
    progress: Progress
    counts: Annotated[dict[str, Count], Field(max_length=20)]
    result: JsonObject | None
    error: Annotated[str | None, Field(max_length=2_000)]
    created_at: Timestamp
    started_at: Timestamp | None
    finished_at: Timestamp | None
    version: Version


def work_fields(job: Job, speak: Callable[[str], str]) -> dict[str, Any]:
    """The fields of LongWork, for views that add their own."""
    return {
        "id": job.id,
        "state": job.state,
        "progress": Progress(done=job.done, total=job.total),
        "counts": dict(job.counts),
        "result": None if job.result is None else dict(job.result),
        "error": speak(job.error) if job.error else None,
        "created_at": job.created_at,
        "started_at": job.started_at,
        "finished_at": job.finished_at,
        "version": job.version,
    }
