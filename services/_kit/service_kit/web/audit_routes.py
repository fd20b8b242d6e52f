"""The audit of a service, as every service serves it:
what is sensitive in it is shown to nobody but callers with the scope for it.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Query, Response
from pydantic import Field
from sqlalchemy import bindparam, select

from service_kit.access.units import units_of, within_units
from service_kit.store.events import Action
from service_kit.store.outbox import SENSITIVE
from service_kit.store.running import Record
from service_kit.store.tables import audit_entry
from service_kit.web.call import Call
from service_kit.web.pages import Page, PageOf
from service_kit.web.routing import Router, requires
from service_kit.words.fields import Id, Output, StoredJson, Timestamp

SENSITIVE_READ = "audit.sensitive_read"
LIST = (
    select(audit_entry)
    .where(
        audit_entry.c.subject == bindparam("subject"),
        audit_entry.c.sequence > bindparam("after"),
        within_units(audit_entry.c.unit),
    )
    .order_by(audit_entry.c.sequence)
    .limit(bindparam("limit"))
)
SHOWN = ("subject", "sequence", "at", "action", "client_id", "actor", "unit", "request_id")


class AuditEntryOut(Output):
    """One row of the audit: what was done to `subject`, by whom; `values` is null once personal
    values were erased.

    `masked` says that sensitive values were left out.
    """

    subject: Id
    sequence: Annotated[int, Field(ge=1, le=2**31 - 1, json_schema_extra={"format": "int32"})]
    at: Timestamp
    action: Annotated[str, Field(max_length=200)]
    client_id: Annotated[str, Field(max_length=100)]
    actor: Annotated[str, Field(max_length=200)]
    unit: Annotated[str | None, Field(max_length=200)]
    request_id: Annotated[str | None, Field(max_length=100)]
    digest: Annotated[str, Field(max_length=64)]
    hash: Annotated[str, Field(max_length=64)]
    values: StoredJson | None
    masked: bool


def audit_router(*, sensitive_scope: str = "") -> Router:
    """GET /v1/audit-entries of one service;
    without a `sensitive_scope` nobody sees sensitive values there.
    """
    router = Router(tags=["events"])

    @router.get("/v1/audit-entries", response_model=Page[AuditEntryOut])
    async def list_audit_entries(
        call: Annotated[Call, requires("audit:read")],
        page: Annotated[PageOf, Depends()],
        subject: Annotated[Id, Query(description="Id of the resource whose history is asked for.")],
    ) -> Response:
        """Read what was done to a resource, oldest first; rows are chained by their hashes.

        Sensitive values are left out, and `masked` says so, unless the token has the scope for
        them; every such read is an entry itself.
        """
        after = page.after[0] if page.after else 0
        async with call.reading() as reader:
            rows = await reader.fetch(
                LIST, subject=subject, after=after, limit=page.fetch, units=units_of(call.caller)
            )
        is_open = call.caller.may(sensitive_scope)
        entries = [audit_entry_out(row, is_open=is_open) for row in rows[: page.limit]]
        next_cursor = page.next_cursor(rows, "sequence")
        revealed = [row for row in rows[: page.limit] if is_open and holds_sensitive(row["values"])]
        if not revealed:
            return call.page(page, entries, next_cursor=next_cursor)
        async with call.transaction() as tx:
            tx.audit(sensitive_reading(subject, revealed, call))
            return call.page(page, entries, next_cursor=next_cursor)

    return router


def sensitive_reading(subject: UUID, revealed: Sequence[Record], call: Call) -> Action:
    """Who saw the sensitive values of which rows."""
    sequences = [row["sequence"] for row in revealed]
    return Action(
        name=SENSITIVE_READ,
        subject=subject,
        unit=revealed[-1]["unit"],
        at=call.at,
        values={"sequences": sequences},
    )


def audit_entry_out(row: Record, *, is_open: bool) -> AuditEntryOut:
    """A stored row as it is shown.
    It was accepted when it was written: nothing in it is judged again.
    """
    is_masked = not is_open and holds_sensitive(row["values"])
    return AuditEntryOut.model_construct(
        **{name: row[name] for name in SHOWN},
        digest=row["digest"].hex(),
        hash=row["hash"].hex(),
        values=without_sensitive(row["values"]) if is_masked else row["values"],
        masked=is_masked,
    )


def holds_sensitive(values: Mapping[str, Mapping[str, Any]] | None) -> bool:
    return any(SENSITIVE in of_action for of_action in (values or {}).values())


def without_sensitive(values: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The values of each action without their sensitive member."""
    return {
        action: {name: value for name, value in held.items() if name != SENSITIVE}
        for action, held in values.items()
    }
