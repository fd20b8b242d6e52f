"""How long work shows itself:
state, progress, counts, result and error, the same for every kind.
"""

from collections.abc import Callable
from typing import Annotated, Any, Literal, Self

from fastapi import Response
from pydantic import Field

from service_kit.web.call import Call
from service_kit.words.fields import Count, Id, JsonObject, Output, Timestamp, Version
from service_kit.work.jobs import Job


class Progress(Output):
    """How much is done; `total` is null until it is known."""

    done: Count
    total: Count | None


class Work(Output):
    """What all long work shows, whatever it counts and results in."""

    id: Id
    state: Literal["queued", "running", "done", "failed", "canceled"]
    progress: Progress
    error: Annotated[str | None, Field(max_length=2_000)]
    created_at: Timestamp
    started_at: Timestamp | None
    finished_at: Timestamp | None
    version: Version

    @classmethod
    def of(cls, job: Job, speak: Callable[[str], str], /, **own: Any) -> Self:
        """The view of a job; `own` is what this kind of work shows beside."""
        names = ("id", "state", "created_at", "started_at", "finished_at", "version")
        shown = {name: getattr(job, name) for name in names} | own
        return cls(
            progress=Progress(done=job.done, total=job.total),
            error=speak(job.error) if job.error else None,
            **shown,
        )


class LongWork(Work):
    """Work that goes on after the answer:
    follow it here until its state is done, failed or canceled.
    """

    counts: Annotated[dict[str, Count], Field(max_length=20)]
    result: JsonObject | None

    @classmethod
    def of(cls, job: Job, speak: Callable[[str], str], /, **own: Any) -> Self:
        told = {
            "counts": dict(job.counts),
            "result": None if job.result is None else dict(job.result),
        }
        return super().of(job, speak, **(told | own))


def followed(call: Call[Any], job: Job, view: Work) -> Response:
    """The answer that shows work as it stands: its error alone speaks a language."""
    return call.answer(
        view, version=job.version, variant=job.variant(call.language), units=[job.unit]
    )
