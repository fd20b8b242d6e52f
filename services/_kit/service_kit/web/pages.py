"""Keyset pages: a limit, an opaque signed cursor, and the answer with its Link header."""

import hashlib
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

from fastapi import Query, Request
from pydantic import Field
from pydantic_core import from_json, to_json

from service_kit.process.secrets import SealBroken
from service_kit.web.wiring import wiring_of
from service_kit.words.errors import Invalid
from service_kit.words.fields import Output

Item = TypeVar("Item")
LARGEST_PAGE = 200
CURSOR_LENGTH = 1_000


class CursorInvalid(Invalid):
    """The cursor was not made by this list with these filters; start again without one."""


class Page(Output, Generic[Item]):
    """One page of a list; `next_cursor` is null on the last one."""

    items: Annotated[list[Item], Field(max_length=LARGEST_PAGE)]
    next_cursor: Annotated[str | None, Field(max_length=CURSOR_LENGTH)]


KINDS: dict[str, Any] = {
    "u": UUID,
    "t": datetime.fromisoformat,
    "d": date.fromisoformat,
    "n": Decimal,
}


def _packed(value: object) -> object:
    if isinstance(value, UUID):
        return ["u", str(value)]
    if isinstance(value, datetime):
        return ["t", value.isoformat()]
    if isinstance(value, date):
        return ["d", value.isoformat()]
    if isinstance(value, Decimal):
        return ["n", str(value)]
    return value


def _unpacked(value: Any) -> Any:
    return KINDS[value[0]](value[1]) if isinstance(value, list) else value


class PageOf:
    """A dependency: the asked page. `limit` is the size; `after` the keyset values behind which it
    begins, or None.

    The cursor is signed together with the path and all filters, so that one list's cursor is
    refused by another.
    """

    def __init__(
        self,
        request: Request,
        limit: Annotated[
            int,
            Query(
                ge=1,
                le=LARGEST_PAGE,
                json_schema_extra={"format": "int32"},
                description="Items per page.",
            ),
        ] = 50,
        cursor: Annotated[
            str | None,
            Query(
                min_length=1,
                max_length=CURSOR_LENGTH,
                pattern=r"^[A-Za-z0-9_-]+$",
                description="`next_cursor` of the page before; leave it out for the first page.",
            ),
        ] = None,
    ) -> None:
        self._request = request
        self._sealer = wiring_of(request).sealer
        self.limit = limit
        self.after: tuple[Any, ...] | None = None if cursor is None else self._opened(cursor)

    @property
    def fetch(self) -> int:
        """How many rows to ask the database for:
        one more than the page, to know whether there is a next.
        """
        return self.limit + 1

    def _filters(self) -> bytes:
        rest = sorted(
            (name, value)
            for name, value in self._request.query_params.multi_items()
            if name not in ("cursor", "limit")
        )
        return hashlib.sha256(to_json([self._request.url.path, rest])).digest()[:8]

    def _opened(self, cursor: str) -> tuple[Any, ...]:
        try:
            payload = self._sealer.opened(cursor, purpose="cursor")
            if payload[:8] != self._filters():
                raise CursorInvalid(pointer="query/cursor")
            return tuple(_unpacked(value) for value in from_json(payload[8:]))
        except (SealBroken, ValueError) as error:
            raise CursorInvalid(pointer="query/cursor") from error

    def cursor(self, keys: Sequence[object]) -> str:
        """The signed cursor behind the row with these keyset values."""
        return self._sealer.signed(
            self._filters() + to_json([_packed(key) for key in keys]), purpose="cursor"
        )

    def next_cursor(self, rows: Sequence[Any], *keys: str) -> str | None:
        """The cursor behind the last row of this page, from `fetch` rows;
        None when there are no more.
        """
        if len(rows) <= self.limit:
            return None
        last = rows[self.limit - 1]
        return self.cursor(
            [last[key] if hasattr(last, "keys") else getattr(last, key) for key in keys]
        )

    def link(self, next_cursor: str | None) -> dict[str, str]:
        """The Link header to the next page."""
        if next_cursor is None:
            return {}
        url = self._request.url.include_query_params(cursor=next_cursor)
        return {"Link": f'<{url.path}?{url.query}>; rel="next"'}
