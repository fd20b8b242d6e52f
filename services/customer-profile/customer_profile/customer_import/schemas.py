"""Imports as callers follow them."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field
from service_kit.sheet.domain import LONGEST_CELL, MOST_COLUMNS
from service_kit.store.running import Record
from service_kit.words.fields import Count, Id, Output, Timestamp
from service_kit.words.messages import restored
from service_kit.work.jobs import Job

from customer_profile.customer_import.domain import Counts


class Progress(Output):
    """How far the work is; `total` is null until the rows were counted."""

    done: Count
    total: Count | None


class CountsOut(Output):
    """How many rows ended in which way; a dry run counts what would have been."""

    created: Count
    updated: Count
    unchanged: Count
    skipped: Count
    failed: Count


class RowErrorView(Output):
    """Why one row was not taken; it holds none of the row's own values."""

    row: Annotated[int, Field(ge=1, le=2**31 - 1, json_schema_extra={"format": "int32"})]
    column: Annotated[str, Field(max_length=200)]
    code: Annotated[str, Field(max_length=40)]
    detail: Annotated[str, Field(max_length=500)]


class ImportResult(Output):
    """What an import made of its sheet: which column filled which field;
    columns that filled none are left out.
    """

    columns: Annotated[
        dict[Annotated[str, Field(max_length=LONGEST_CELL)], Annotated[str, Field(max_length=100)]],
        Field(max_length=MOST_COLUMNS),
    ]


class ColumnsOut(Output):
    """What became of the columns of the sheet;
    one without a name is called by its letter, as `[C]`.
    """

    taken: Annotated[
        dict[Annotated[str, Field(max_length=LONGEST_CELL)], Annotated[str, Field(max_length=100)]],
        Field(max_length=MOST_COLUMNS, description="Which column filled which field."),
    ]
    ignored: Annotated[
        list[Annotated[str, Field(max_length=LONGEST_CELL)]],
        Field(max_length=MOST_COLUMNS, description="Columns that nobody took."),
    ]


class ImportView(Output):
    """An import of customers.
    `errors_url` gives its row errors as CSV; `/errors` lists them as JSON.
    """

    id: Id
    state: Literal["queued", "running", "done", "failed", "canceled"]
    unit: Annotated[str, Field(max_length=200)]
    filename: Annotated[str, Field(max_length=200)]
    key: Annotated[str | None, Field(max_length=100)]
    dry_run: bool
    progress: Progress
    counts: CountsOut
    errors_url: Annotated[str, Field(max_length=200, json_schema_extra={"format": "uri-reference"})]
    columns: Annotated[
        ColumnsOut | None,
        Field(
            description="Null until the import has ended, or where its header could not be read."
        ),
    ]
    result: Annotated[ImportResult | None, Field(description="Null until the import is done.")]
    error: Annotated[str | None, Field(max_length=2_000)]
    created_at: Timestamp
    started_at: Timestamp | None
    finished_at: Timestamp | None


def row_error_view(row: Record, speak: Callable[[str], str]) -> RowErrorView:
    return RowErrorView(
        row=row["row"],
        column=row["column"],
        code=row["code"],
        detail=speak(restored(row["detail"])),
    )


def columns_out(result: Mapping[str, Any]) -> ColumnsOut:
    return ColumnsOut.model_construct(taken=result["columns"], ignored=result.get("ignored", []))


def import_view(job: Job, speak: Callable[[str], str]) -> ImportView:
    return ImportView(
        id=job.id,
        state=job.state,
        unit=job.unit or "",
        filename=job.payload["filename"],
        key=job.payload["key"],
        dry_run=job.payload["dry_run"],
        progress=Progress(done=job.done, total=job.total),
        counts=CountsOut.model_validate(Counts(job.counts)),
        errors_url=f"/v1/customer-imports/{job.id}/errors.csv",
        columns=None if job.result is None else columns_out(job.result),
        result=ImportResult.model_construct(columns=job.result["columns"])
        if job.state == "done" and job.result
        else None,
        error=speak(job.error) if job.error else None,
        created_at=job.created_at,
        started_at=job.started_at,
        finished_at=job.finished_at,
    )
