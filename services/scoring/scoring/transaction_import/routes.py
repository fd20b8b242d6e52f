"""The operations on imports of transactions."""

import hashlib
import json
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, File, Form, Response, UploadFile
from pydantic.json_schema import SkipJsonSchema
from service_kit.access.units import units_of
from service_kit.sheet.encodings import Named as Encoding
from service_kit.store.database import Transaction
from service_kit.web.long_work import followed
from service_kit.web.pages import Page, PageOf
from service_kit.web.routing import Router, requires
from service_kit.words.fields import Id
from service_kit.work import jobs
from service_kit.work.jobs import Job, JobAlreadyOver

from scoring.call import Call
from scoring.transaction_import.domain import KIND, Order, TransactionImportNotFound
from scoring.transaction_import.schemas import (
    KEY,
    MAPPING,
    YES_OR_NO,
    RowError,
    TransactionImportView,
    import_view,
    row_error_view,
)
from scoring.transaction_import.store import (
    PIECE,
    TransactionImportReader,
    TransactionImportStore,
    kept,
)

router = Router(tags=["transaction-imports"])


@router.post(
    "/v1/transaction-imports",
    status_code=202,
    response_model=TransactionImportView,
    engine="fastapi",
)
async def create_transaction_import(
    call: Annotated[Call, requires("transactions:write")],
    file: Annotated[
        UploadFile,
        File(description="A sheet as CSV, XLSX or NDJSON; the format is told by its content."),
    ],
    mapping: Annotated[
        str,
        Form(
            max_length=20_000,
            pattern=MAPPING,
            description=(
                'Columns and their fields as JSON, such as {"dollars": "amount", "no":'
                ' "external:cdnow"}.'
            ),
        ),
    ] = "",
    key: Annotated[
        str,
        Form(
            max_length=80,
            pattern=KEY,
            description=(
                "How customers are named, such as external:cdnow; by our own ids when empty."
            ),
        ),
    ] = "",
    currency: Annotated[
        str,
        Form(max_length=3, pattern="^([A-Z]{3})?$", description="Currency of rows that name none."),
    ] = "",
    encoding: Annotated[
        Encoding | SkipJsonSchema[None],
        Form(
            description=(
                "Encoding of a text file that is neither UTF-8 nor UTF-16; left out, it is taken"
                " only where it is certain."
            )
        ),
    ] = None,
    dry_run: Annotated[
        str,
        Form(
            max_length=5,
            pattern=YES_OR_NO,
            description="true: read and check everything, write nothing.",
        ),
    ] = "false",
) -> Response:
    """Import a sheet of transactions.

    Fields: customer, occurred_at (a day or a time), amount, currency, cost, kind (order or refund;
    a negative amount is a refund), product, channel, external_id, source. Columns with these or the
    usual names are found by themselves. A row without an external id is known by all that it says:
    a sheet saved again, in whatever format and order, adds nothing but its new rows, and rows of
    one sheet that say the same are as many orders. Orders that differ in nothing over several
    sheets need external ids. `sheet` says how the file was read, `columns` which columns were taken
    and which were not.
    """
    sha256 = await _fingerprint(file)
    order = Order(
        filename=_plain_name(file.filename),
        sha256=sha256,
        key=key,
        currency=currency,
        mapping=json.loads(mapping) if mapping.strip() else {},
        dry_run=dry_run in ("true", "True", "1"),
        units=units_of(call.caller),
        encoding=encoding or "",
    )
    # Idempotency compares the whole order, since the form's other fields change what the file
    # means.
    fingerprint = hashlib.sha256(json.dumps(kept(order), sort_keys=True).encode()).digest()
    async with call.transaction(fingerprint=fingerprint) as tx:
        job = await _enqueued(tx, order, file, call)
        location = f"/v1/transaction-imports/{job.id}"
        answer = call.accepted(
            import_view(job, call.spoken), location=location, version=job.version, units=[job.unit]
        )
    call.database.signals.wake("imports")
    return answer


async def _enqueued(tx: Transaction, order: Order, file: UploadFile, call: Call) -> Job:
    id = call.new_id()
    await TransactionImportStore(tx, units_of(call.caller)).keep_sheet(id, order, _pieces(file))
    unit = call.caller.units[0] if call.caller.units else None
    return await jobs.enqueue(tx, id=id, kind=KIND, payload=kept(order), at=call.at, unit=unit)


async def _fingerprint(file: UploadFile) -> str:
    digest = hashlib.sha256()
    async for content in _pieces(file):
        digest.update(content)
    return digest.hexdigest()


async def _pieces(file: UploadFile) -> AsyncIterator[bytes]:
    await file.seek(0)
    while content := await file.read(PIECE):
        yield content


def _plain_name(name: str | None) -> str:
    """The file's own name without folders and without what text cannot hold."""
    bare = (name or "sheet").replace("\\", "/").rpartition("/")[2]
    return "".join(letter for letter in bare if letter.isprintable())[:200] or "sheet"


@router.get(
    "/v1/transaction-imports/{import_id}",
    response_model=TransactionImportView,
    raises=[TransactionImportNotFound],
)
async def read_transaction_import(
    import_id: Id, call: Annotated[Call, requires("transactions:read")]
) -> Response:
    """Follow an import."""
    async with call.reading() as reader:
        job = await TransactionImportReader(reader, units_of(call.caller)).find(import_id)
    return followed(call, job, import_view(job, call.spoken))


@router.get(
    "/v1/transaction-imports/{import_id}/errors",
    response_model=Page[RowError],
    raises=[TransactionImportNotFound],
)
async def list_transaction_import_errors(
    import_id: Id,
    call: Annotated[Call, requires("transactions:read")],
    page: Annotated[PageOf, Depends()],
) -> Response:
    """List the rows that were not taken and why, by row; the first 10,000 are kept."""
    async with call.reading() as reader:
        imports = TransactionImportReader(reader, units_of(call.caller))
        await imports.find(import_id)
        rows = await imports.errors(
            import_id, after=page.after[0] if page.after else 0, limit=page.fetch
        )
    return call.page(
        page,
        [row_error_view(row, call.spoken) for row in rows],
        next_cursor=page.next_cursor(rows, "row"),
    )


@router.post(
    "/v1/transaction-imports/{import_id}/cancellation",
    status_code=200,
    response_model=TransactionImportView,
    raises=[TransactionImportNotFound, JobAlreadyOver],
)
async def cancel_transaction_import(
    import_id: Id, call: Annotated[Call, requires("transactions:write")]
) -> Response:
    """Cancel an import; what was recorded until then stays."""
    async with call.transaction() as tx:
        imports = TransactionImportStore(tx, units_of(call.caller))
        running = await imports.find(import_id)
        call.honor_match(running.version)
        job = await jobs.cancel(tx, running, at=call.at)
        if job.state == "canceled":
            await imports.drop_pieces(job.id)
        return followed(call, job, import_view(job, call.spoken))
