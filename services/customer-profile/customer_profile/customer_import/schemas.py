"""Imports as callers follow them."""

from collections.abc import Callable
from typing import Annotated

from pydantic import Field
from service_kit.sheet.domain import MOST_COLUMNS
from service_kit.sheet.report import ColumnName, ColumnsOut, FieldName, SheetOut
from service_kit.store.running import Record
from service_kit.web.long_work import Work
from service_kit.words.fields import Count, Output
from service_kit.words.messages import restored
from service_kit.work.jobs import Job

from customer_profile.customer_import.domain import Counts


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

    columns: Annotated[dict[ColumnName, FieldName], Field(max_length=MOST_COLUMNS)]


class ImportView(Work):
    """An import of customers.
    `errors_url` gives its row errors as CSV; `/errors` lists them as JSON.
    """

    unit: Annotated[str, Field(max_length=200)]
    filename: Annotated[str, Field(max_length=200)]
    key: Annotated[str | None, Field(max_length=100)]
    dry_run: bool
    counts: CountsOut
    errors_url: Annotated[str, Field(max_length=200, json_schema_extra={"format": "uri-reference"})]
    sheet: Annotated[
        SheetOut | None,
        Field(description="Null until the import has ended, or where it could not be read."),
    ]
    columns: Annotated[
        ColumnsOut | None,
        Field(
            description="Null until the import has ended, or where its header could not be read."
        ),
    ]
    result: Annotated[ImportResult | None, Field(description="Null until the import is done.")]


def row_error_view(row: Record, speak: Callable[[str], str]) -> RowErrorView:
    return RowErrorView(
        row=row["row"],
        column=row["column"],
        code=row["code"],
        detail=speak(restored(row["detail"])),
    )


def import_view(job: Job, speak: Callable[[str], str]) -> ImportView:
    told = job.result or {}
    taken: dict[str, str] = told.get("columns", {})
    columns = ColumnsOut.model_construct(taken=taken, ignored=told.get("ignored", []))
    result = ImportResult.model_construct(columns=taken)
    return ImportView.of(
        job,
        speak,
        unit=job.unit or "",
        filename=job.payload["filename"],
        key=job.payload["key"],
        dry_run=job.payload["dry_run"],
        counts=CountsOut.model_validate(Counts(job.counts)),
        errors_url=f"/v1/customer-imports/{job.id}/errors.csv",
        sheet=told.get("sheet"),
        columns=columns if "columns" in told else None,
        result=result if job.state == "done" and told else None,
    )
