"""The API of imports: upload, follow, cancel, download what was not taken."""

from typing import Annotated

from fastapi import Depends, File, Form, Response, UploadFile
from pydantic import Field
from pydantic.json_schema import SkipJsonSchema
from service_kit.access.units import UnitNotAllowed, unit_for, units_of
from service_kit.sheet.domain import SheetNotReadable
from service_kit.sheet.encodings import Named as Encoding
from service_kit.store.running import Reader
from service_kit.web.long_work import followed
from service_kit.web.pages import Page, PageOf
from service_kit.web.routing import Router, requires
from service_kit.words.errors import TooLarge
from service_kit.words.fields import Id, UnitPath
from service_kit.work import jobs
from service_kit.work.jobs import Job, JobAlreadyOver

from customer_profile.call import Call
from customer_profile.customer.store import BEHIND_ALL
from customer_profile.customer_import.columns import KeyNotUsable, MappingNotUsable
from customer_profile.customer_import.domain import ImportNotFound
from customer_profile.customer_import.errors_csv import as_csv
from customer_profile.customer_import.importing import KIND, Order
from customer_profile.customer_import.schemas import (
    ImportView,
    RowErrorView,
    import_view,
    row_error_view,
)
from customer_profile.customer_import.store import BEFORE_ALL, PART_BYTES, ImportReader, ImportStore
from customer_profile.customer_import.uploads import Upload, mapping_of, uploaded

router = Router(tags=["customer imports"])
PATH = "/v1/customer-imports"
KEY = (
    r"^(?:(?:external|social):[a-z0-9][a-z0-9_.-]{0,39}|phone|email|government_id|loyalty|wechat)$"
)
KeyText = Annotated[str, Field(max_length=60, pattern=KEY, examples=["external:erp"])]
MappingText = Annotated[
    str, Field(max_length=20_000, examples=['{"nr": "external:erp", "who": "name"}'])
]


@router.post(
    PATH,
    status_code=202,
    response_model=ImportView,
    raises=[SheetNotReadable, MappingNotUsable, KeyNotUsable, UnitNotAllowed, TooLarge],
    engine="fastapi",
)
async def create_customer_import(
    call: Annotated[Call, requires("customers:import")],
    file: Annotated[
        UploadFile,
        File(
            description="A sheet with a header line (CSV, XLSX) or one JSON object a line (NDJSON)."
        ),
    ],
    mapping: Annotated[
        MappingText | SkipJsonSchema[None],
        Form(
            description=(
                'JSON: `{"column": "field"}`, for columns whose names do not say it; fields are'
                " those of a customer, "
                "`external:erp`, `basic.birth_date` and the like."
            )
        ),
    ] = None,
    key: Annotated[
        KeyText | SkipJsonSchema[None],
        Form(
            description="The identifier by which rows find their customer, such as `external:erp`."
        ),
    ] = None,
    dry_run: Annotated[
        bool, Form(description="Read, check and count everything, write nothing.")
    ] = False,
    unit: Annotated[
        UnitPath | SkipJsonSchema[None],
        Form(description="Unit of new customers whose row names none."),
    ] = None,
    encoding: Annotated[
        Encoding | SkipJsonSchema[None],
        Form(
            description=(
                "Encoding of a text file that is neither UTF-8 nor UTF-16; left out, it is taken"
                " only where it is certain."
            )
        ),
    ] = None,
) -> Response:
    """Import customers from a sheet.

    Rows that find their customer by the key update it (what a row does not say stays), the others
    create one. A key that several people may share, such as a phone, finds only who has the row's
    name too: nobody is renamed by another's row. Rows that cannot be taken are counted and listed
    at `errors_url`; the others are imported. `sheet` says how the file was read, `columns` which
    columns were taken and which were not. Follow the work at its Location.
    """
    columns = mapping_of(mapping)
    settings = call.settings
    own_unit = unit_for(call.caller, unit, default=settings.default_unit)
    async with uploaded(file, largest=settings.import_largest_bytes) as upload:
        await upload.check(columns, key, encoding or "")
        order = Order(
            filename=upload.filename,
            mapping=columns,
            key=key,
            is_rehearsal=dry_run,
            unit=own_unit,
            units=call.caller.units,
            encoding=encoding or "",
        )
        return await queued(call, upload, order)


@router.get(f"{PATH}/{{import_id}}", response_model=ImportView, raises=[ImportNotFound])
async def read_customer_import(
    import_id: Id, call: Annotated[Call, requires("customers:import")]
) -> Response:
    """Follow an import."""
    async with call.reading() as reader:
        job = await found(reader, import_id, call)
    return followed(call, job, import_view(job, call.spoken))


@router.get(PATH, response_model=Page[ImportView])
async def list_customer_imports(
    call: Annotated[Call, requires("customers:import")], page: Annotated[PageOf, Depends()]
) -> Response:
    """List imports, newest first."""
    (before,) = page.after or (BEHIND_ALL,)
    async with call.reading() as reader:
        rows = await ImportReader.of(reader, call.caller).imports_before(
            KIND, before=before, limit=page.fetch
        )
    items = [import_view(jobs.job_of(row), call.spoken) for row in rows[: page.limit]]
    return call.page(page, items, next_cursor=page.next_cursor(rows, "id"))


@router.post(
    f"{PATH}/{{import_id}}/cancellation",
    response_model=ImportView,
    raises=[ImportNotFound, JobAlreadyOver],
)
async def cancel_customer_import(
    import_id: Id, call: Annotated[Call, requires("customers:import")]
) -> Response:
    """Cancel an import; the rows that it has written stay."""
    async with call.transaction() as tx:
        running = await found(tx, import_id, call)
        call.honor_match(running.version)
        job = await jobs.cancel(tx, running, at=call.at)
        if job.state == "canceled":
            await ImportStore.of(tx, call.caller).forget_file(job.id)
        return followed(call, job, import_view(job, call.spoken))


@router.get(
    f"{PATH}/{{import_id}}/errors", response_model=Page[RowErrorView], raises=[ImportNotFound]
)
async def list_customer_import_errors(
    import_id: Id,
    call: Annotated[Call, requires("customers:import")],
    page: Annotated[PageOf, Depends()],
) -> Response:
    """List why rows were not taken, in the order of the sheet."""
    async with call.reading() as reader:
        job = await found(reader, import_id, call)
        rows = await ImportReader.of(reader, call.caller).problems_after(
            job.id, after=page.after or BEFORE_ALL, limit=page.fetch
        )
    items = [row_error_view(row, call.spoken) for row in rows[: page.limit]]
    return call.page(page, items, next_cursor=page.next_cursor(rows, "row", "number"))


@router.get(
    f"{PATH}/{{import_id}}/errors.csv",
    raises=[ImportNotFound],
    response_class=Response,
    responses={
        200: {
            "description": "The row errors as CSV.",
            "content": {"text/csv": {"schema": {"type": "string", "maxLength": 10_000_000}}},
        }
    },
    etag=False,
)
async def read_customer_import_errors_csv(
    import_id: Id, call: Annotated[Call, requires("customers:import")]
) -> Response:
    """Download why rows were not taken.

    A CSV with the columns row, column, code and detail; it holds no values of the rows.
    """
    async with call.reading() as reader:
        job = await found(reader, import_id, call)
        text = await as_csv(reader, job.id, call.spoken)
    headers = {"Content-Disposition": f'attachment; filename="import-{job.id}-errors.csv"'}
    return Response(text, media_type="text/csv; charset=utf-8", headers=headers)


async def queued(call: Call, upload: Upload, order: Order) -> Response:
    """Keep the file and put the work into the queue, in one transaction."""
    async with call.transaction(fingerprint=upload.fingerprint(order)) as tx:
        import_id = call.new_id()
        await ImportStore.of(tx, call.caller).keep_file(import_id, upload.parts(PART_BYTES))
        job = await jobs.enqueue(
            tx, id=import_id, kind=KIND, payload=order.payload(), at=call.at, unit=order.unit
        )
        answer = call.accepted(
            import_view(job, call.spoken),
            location=f"{PATH}/{job.id}",
            version=job.version,
            units=[job.unit],
        )
    call.database.signals.wake(KIND)
    return answer


async def found(reader: Reader, import_id: Id, call: Call) -> Job:
    units = units_of(call.caller)
    return await jobs.find(reader, import_id, kind=KIND, units=units, missing=ImportNotFound)
