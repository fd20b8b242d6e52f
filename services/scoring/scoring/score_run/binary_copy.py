"""Rows of fixed width in Postgres' binary COPY format, as arrays and back:
how a million rows cross without a Python object each.
"""

import os
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

SIGNATURE = b"PGCOPY\n\xff\r\n\x00"
HEADER = SIGNATURE + bytes(8)
TRAILER = b"\xff\xff"
# Postgres types by the letters of a layout, as big-endian numpy types.
TYPES = {
    "uuid": "V16",
    "int2": ">i2",
    "int4": ">i4",
    "int8": ">i8",
    "date": ">i4",
    "currency": "S3",
}
Arrays: TypeAlias = Mapping[str, Any]


def layout(columns: Mapping[str, str]) -> np.dtype[np.void]:
    """One row: the number of fields, then each field behind its length."""
    fields: list[tuple[str, str]] = [("_fields", ">i2")]
    for name, kind in columns.items():
        fields += [(f"_{name}", ">i4"), (name, TYPES[kind])]
    return np.dtype(fields)


def read(content: bytes, columns: Mapping[str, str]) -> Arrays:
    """The columns of a COPY that has no NULL;
    ValueError when it has other rows than the layout says.
    """
    if not content.startswith(SIGNATURE):
        raise ValueError("this is no binary COPY")
    rows = layout(columns)
    begin = len(SIGNATURE) + 8 + int.from_bytes(content[15:19], "big")
    end = len(content) - len(TRAILER)
    if (end - begin) % rows.itemsize or content[end:] != TRAILER:
        raise ValueError("the rows of this COPY are not of the expected width")
    table = np.frombuffer(content, dtype=rows, count=(end - begin) // rows.itemsize, offset=begin)
    return {name: _native(table[name], kind) for name, kind in columns.items()}


def _native(column: NDArray[Any], kind: str) -> NDArray[Any]:
    return column.astype(np.int64) if kind in ("int2", "int4", "int8", "date") else column.copy()


def write(columns: Mapping[str, str], arrays: Arrays, *, absent: Sequence[str] = ()) -> bytes:
    """A COPY of the columns in their order; columns named as absent are NULL in every row."""
    present = {name: kind for name, kind in columns.items() if name not in absent}
    size = len(next(iter(arrays.values())))
    table = np.zeros(size, dtype=_layout_with_nulls(columns, absent))
    table["_fields"] = len(columns)
    for name in columns:
        if name in present:
            table[f"_{name}"] = table.dtype[name].itemsize
            table[name] = arrays[name]
        else:
            table[f"_{name}"] = -1
    return HEADER + table.tobytes() + TRAILER


def _layout_with_nulls(columns: Mapping[str, str], absent: Sequence[str]) -> np.dtype[np.void]:
    fields: list[tuple[str, str]] = [("_fields", ">i2")]
    for name, kind in columns.items():
        fields.append((f"_{name}", ">i4"))
        if name not in absent:
            fields.append((name, TYPES[kind]))
    return np.dtype(fields)


def new_ids(size: int, *, milliseconds: int) -> NDArray[np.void]:
    """UUIDs of version 7 for one moment."""
    ids = np.frombuffer(os.urandom(16 * size), dtype=np.uint8).reshape(size, 16).copy()
    ids[:, :6] = np.frombuffer(milliseconds.to_bytes(6, "big"), dtype=np.uint8)
    ids[:, 6] = ids[:, 6] & 0x0F | 0x70
    ids[:, 8] = ids[:, 8] & 0x3F | 0x80
    return ids.view("V16").reshape(size)
