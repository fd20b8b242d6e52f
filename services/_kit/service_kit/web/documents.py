"""Versioned documents over HTTP: what the operations of each kind have in common."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import Query
from pydantic import BaseModel
from starlette.responses import Response

from service_kit.store.database import Transaction
from service_kit.store.documents import Documents
from service_kit.store.events import Action
from service_kit.store.running import Record
from service_kit.web.call import Call
from service_kit.web.pages import PageOf

VersionAsked = Annotated[
    int | None, Query(ge=1, le=2**31 - 1, json_schema_extra={"format": "int32"})
]


class DocumentAnswers:
    """Lists, reads and replaces documents of one kind,
    which lie at `path` and are shown by `view`.
    """

    def __init__(
        self, documents: Documents[Any], view: Callable[[Record], BaseModel], *, path: str
    ) -> None:
        self._documents = documents
        self._view = view
        self._path = path

    async def page(self, call: Call[Any], page: PageOf) -> Response:
        """The present versions, by name."""
        after = page.after[0] if page.after else ""
        async with call.reading() as reader:
            rows = await self._documents.page(reader, after=after, limit=page.fetch)
        return call.page(
            page, [self._view(row) for row in rows], next_cursor=page.next_cursor(rows, "name")
        )

    async def one(self, call: Call[Any], name: str, version: int | None) -> Response:
        """The present version, or an earlier one."""
        async with call.reading() as reader:
            row = await self._documents.get(reader, name, version=version)
        return call.answer(self._view(row), version=row["version"])

    async def replaced(
        self, call: Call[Any], tx: Transaction, name: str, **columns: object
    ) -> Response:
        """Write the first version, or the next one after that which the caller has seen."""
        version = call.next_version(await self._documents.lock(tx, name))
        row = await self._documents.write(tx, name, version, written_at=call.at, **columns)
        tx.audit(
            Action(
                name=f"{self._documents.kind}.written",
                subject=self._documents.subject_of(name),
                at=call.at,
                values={"version": version},
            )
        )
        return call.put(self._view(row), location=f"{self._path}/{name}", version=version)
