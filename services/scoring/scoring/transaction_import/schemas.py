"""Imports of transactions as partners start and follow them."""

from collections.abc import Callable
from typing import Annotated

from pydantic import Field
from service_kit.sheet.report import ColumnsOut, SheetOut
from service_kit.store.running import Record
from service_kit.web.long_work import LongWork
from service_kit.words.fields import Output
from service_kit.words.identifiers import SYSTEM
from service_kit.words.messages import restored
from service_kit.work.jobs import Job

from scoring.transaction_import.store import order_of

_TEXT = r'"(?:[^"\\\x00-\x1f]|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})*"'
_SPACE = r"[ \t\r\n]*"
_MEMBER = f"{_SPACE}{_TEXT}{_SPACE}:{_SPACE}{_TEXT}{_SPACE}"
# A JSON object of texts, said as a pattern so that the contract refuses what could not be read.
MAPPING = rf"^{_SPACE}(\{{({_SPACE}|{_MEMBER}(,{_MEMBER})*)\}})?{_SPACE}$"
# A form sends an empty field where nothing was said.
YES_OR_NO = "^([Tt]rue|[Ff]alse|1|0)?$"
KEY = rf"^((external|social):{SYSTEM.pattern}|loyalty|government_id|phone|email)?$"
RowNumber = Annotated[int, Field(ge=0, le=2**31 - 1, json_schema_extra={"format": "int32"})]


class TransactionImportView(LongWork):
    """An import: follow it here until its state is done, failed or canceled.

    `counts`: created; updated (always 0, transactions are corrected one by one); unchanged
    (recorded before under the same external id, or, without one, as an order that says the same);
    skipped (empty rows); failed (see `errors_url`). A dry run counts what would be created and
    writes nothing.
    """

    filename: Annotated[str, Field(max_length=200)]
    key: Annotated[str, Field(max_length=80)]
    dry_run: bool
    errors_url: Annotated[str, Field(max_length=200)]
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


class RowError(Output):
    """A row of the sheet that was not taken, as a spreadsheet numbers it, and why."""

    row: RowNumber
    detail: Annotated[str, Field(max_length=500)]


def row_error_view(row: Record, speak: Callable[[str], str]) -> RowError:
    return RowError(row=row["row"], detail=speak(restored(row["detail"])))


def import_view(job: Job, speak: Callable[[str], str]) -> TransactionImportView:
    order = order_of(job)
    told = job.result or {}
    return TransactionImportView.of(
        job,
        speak,
        **({} if job.state == "done" else {"result": None}),
        sheet=told.get("sheet"),
        columns=ColumnsOut.model_construct(**told["columns"]) if "columns" in told else None,
        filename=order.filename,
        key=order.key,
        dry_run=order.dry_run,
        errors_url=f"/v1/transaction-imports/{job.id}/errors",
    )
