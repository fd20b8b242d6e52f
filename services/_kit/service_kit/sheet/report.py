"""What an import says of its sheet: what was taken as what."""

from typing import Annotated, Any

from pydantic import Field

from service_kit.sheet.domain import LONGEST_CELL, MOST_COLUMNS, Format, Sheet, ToldBy
from service_kit.words.fields import Output

ColumnName = Annotated[str, Field(max_length=LONGEST_CELL)]
FieldName = Annotated[str, Field(max_length=100)]
MOST_ROWS = 2**31 - 1


class ColumnsOut(Output):
    """What became of the columns of the sheet;
    one without a name is called by its letter, as `[C]`.
    """

    taken: Annotated[
        dict[ColumnName, FieldName],
        Field(max_length=MOST_COLUMNS, description="Which column filled which field."),
    ]
    ignored: Annotated[
        list[ColumnName], Field(max_length=MOST_COLUMNS, description="Columns that nobody took.")
    ]


class SheetOut(Output):
    """How the file was read."""

    format: Format
    name: Annotated[
        str | None,
        Field(max_length=200, description="The sheet of a workbook: its first visible one."),
    ]
    encoding: Annotated[
        str | None, Field(max_length=40, description="Null for workbooks, which name their own.")
    ]
    encoding_told_by: Annotated[
        ToldBy | None,
        Field(
            description="`caller`: named in the form; `mark`: a byte order mark says it; `proof`:"
            " all bytes fit it as they would no other by chance; `likeness`: it alone is likely."
        ),
    ]
    delimiter: Annotated[str | None, Field(max_length=1, description="Of CSV alone.")]
    header_row: Annotated[
        int | None,
        Field(
            ge=1,
            le=MOST_ROWS,
            json_schema_extra={"format": "int32"},
            description="The row with the names of the columns; NDJSON has none.",
        ),
    ]


def told_of(sheet: Sheet) -> dict[str, Any]:
    """How a sheet was read, as a job keeps it and `SheetOut` shows it."""
    is_text = sheet.format is not Format.XLSX
    codec, told_by = sheet.encoding
    return {
        "format": sheet.format.value,
        "name": sheet.name,
        "encoding": codec if is_text else None,
        "encoding_told_by": told_by.value if is_text else None,
        "delimiter": sheet.delimiter if sheet.format is Format.CSV else None,
        "header_row": sheet.header,
    }
