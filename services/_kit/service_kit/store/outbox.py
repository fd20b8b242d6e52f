"""What one transaction tells:
its events, its audit rows and its stored answer, written in one statement before COMMIT.
"""

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Boolean,
    Integer,
    LargeBinary,
    String,
    Uuid,
    bindparam,
    func,
    insert,
    literal,
    select,
    true,
    union_all,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB

from service_kit.digests import ERASED, is_erasure, link_of, values_digest
from service_kit.process.origin import Origin
from service_kit.store.events import Action, Told
from service_kit.store.running import Reader
from service_kit.store.sqlstates import TransactionRolledBack, UniqueViolated
from service_kit.store.statements import rows
from service_kit.store.tables import Moment, audit_entry, audit_unsealed, event, idempotency_record
from service_kit.words.identity import new_id

TYPE_PREFIX = "guanxi."
TYPE_SUFFIX = ".v1"
# The member of an action's audited values that only callers with the scope for it are shown.
SENSITIVE = "sensitive"


@dataclass(frozen=True, kw_only=True)
class Proof:
    """That a row of an append-only table of the service was written:
    which one, and the hash that its content comes to.
    """

    subject: UUID
    kind: str
    sequence: int
    hash: bytes


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """An event or an action of the audit, with its id and the values that only the audit has."""

    id: UUID
    event: Told | Action
    values: Mapping[str, Any]
    sensitive: Mapping[str, Any] | None = None
    is_told: bool = True
    is_audited: bool = True
    proofs: Sequence[Proof] = ()


_events = rows(
    "events",
    subject=Uuid,
    id=Uuid,
    type=String,
    unit=String,
    occurred_at=Moment,
    payload=JSONB,
    traceparent=String,
    is_bulk=Boolean,
)
_audits = rows(
    "audits",
    subject=Uuid,
    at=Moment,
    action=String,
    client_id=String,
    actor=String,
    unit=String,
    request_id=String,
    salt=LargeBinary,
    digest=LargeBinary,
    link=LargeBinary,
    values=JSONB,
)
_EVENT_COLUMNS = [
    "subject",
    "id",
    "type",
    "unit",
    "occurred_at",
    "payload",
    "traceparent",
    "is_bulk",
]
_AUDIT_COLUMNS = [
    "subject",
    "at",
    "action",
    "client_id",
    "actor",
    "unit",
    "request_id",
    "salt",
    "digest",
    "values",
]
_previous = (
    select(audit_entry.c.sequence, audit_entry.c.hash)
    .where(audit_entry.c.subject == _audits.c.subject)
    .order_by(audit_entry.c.sequence.desc())
    .limit(literal(1, Integer))
    .lateral("previous")
)
_told = (
    insert(event)
    .from_select(_EVENT_COLUMNS, select(*(_events.c[name] for name in _EVENT_COLUMNS)))
    .cte("told")
)
_audited = (
    insert(audit_entry)
    .from_select(
        [*_AUDIT_COLUMNS, "sequence", "hash"],
        select(
            *(_audits.c[name] for name in _AUDIT_COLUMNS),
            func.coalesce(_previous.c.sequence, 0) + 1,
            func.sha256(
                func.coalesce(_previous.c.hash, literal(b"", LargeBinary)).op("||")(_audits.c.link)
            ),
        ).select_from(_audits.join(_previous, true(), isouter=True)),
    )
    .returning(audit_entry.c.subject, audit_entry.c.sequence, audit_entry.c.hash)
    .cte("audited")
)
# What has to be found again is noted outside its own table, in the same transaction: a tail that is
# removed leaves its note.
_proofs = rows("proofs", subject=Uuid, kind=String, sequence=Integer, hash=LargeBinary)
_NOTE_COLUMNS = ["subject", "kind", "sequence", "hash"]
_noted = (
    insert(audit_unsealed)
    .from_select(
        _NOTE_COLUMNS,
        union_all(
            select(
                _audited.c.subject,
                literal(audit_entry.name, String),
                _audited.c.sequence,
                _audited.c.hash,
            ),
            select(*(_proofs.c[name] for name in _NOTE_COLUMNS)),
        ),
    )
    .cte("noted")
)
_answered = (
    update(idempotency_record)
    .where(
        *(
            idempotency_record.c[name] == bindparam(f"answer_{name}")
            for name in ("client_id", "method", "path", "key")
        )
    )
    .values(
        {
            name: bindparam(f"answer_{name}")
            for name in ("status", "headers", "body", "unit", "subjects")
        }
    )
    .cte("answered")
)
WRITE = select(literal(1, Integer)).add_cte(_told, _audited, _noted)
WRITE_AND_ANSWER = select(literal(1, Integer)).add_cte(_told, _audited, _noted, _answered)


def recorded(
    event_: Told | Action,
    values: Mapping[str, Any],
    *,
    sensitive: Mapping[str, Any] | None = None,
    is_told: bool = True,
    is_audited: bool = True,
    proofs: Sequence[Proof] = (),
) -> Recorded:
    """An event ready to be written, with a fresh id;
    ValueError where the name of the sensitive member is taken otherwise.
    """
    if SENSITIVE in values or SENSITIVE in event_.values:
        raise ValueError(f"{event_.name}: the member `{SENSITIVE}` is given by its own keyword")
    return Recorded(
        id=new_id(),
        event=event_,
        values=values,
        sensitive=sensitive,
        is_told=is_told,
        is_audited=is_audited,
        proofs=proofs,
    )


async def write(
    tx: Reader, entries: Sequence[Recorded], origin: Origin, answer: Mapping[str, object] | None
) -> None:
    """Write events, audit rows and the stored answer of one transaction in one statement.

    `answer` holds the columns of its idempotency record, or is None where the request had no key.
    Raises TransactionRolledBack when a rival wrote an audit row of the same subject first: the
    transaction may run again.
    """
    told = [entry for entry in entries if entry.is_told]
    audited = [entry for entry in entries if entry.is_audited]
    try:
        arrays = {
            **_event_arrays(told, origin),
            **_audit_arrays(audited, origin),
            **_proof_arrays(entries),
        }
        if answer is None:
            await tx.fetch(WRITE, **arrays)
        else:
            await tx.fetch(
                WRITE_AND_ANSWER,
                **arrays,
                **{f"answer_{name}": value for name, value in answer.items()},
            )
    except UniqueViolated as error:
        if error.constraint == "pk_audit_entry":
            raise TransactionRolledBack("another change of the same subject came first") from error
        raise


def _event_arrays(entries: Sequence[Recorded], origin: Origin) -> dict[str, object]:
    return {
        "events_subject": [entry.event.subject for entry in entries],
        "events_id": [entry.id for entry in entries],
        "events_type": [entry.event.name for entry in entries],
        "events_unit": [entry.event.unit for entry in entries],
        "events_occurred_at": [entry.event.at for entry in entries],
        "events_payload": [entry.event.values for entry in entries],
        "events_traceparent": [origin.traceparent] * len(entries),
        "events_is_bulk": [origin.is_bulk] * len(entries),
    }


def _audit_arrays(entries: Sequence[Recorded], origin: Origin) -> dict[str, object]:
    audited = [_audit_row(group, origin) for group in _by_subject(entries)]
    names = [*_AUDIT_COLUMNS, "link"]
    return {f"audits_{name}": [row[name] for row in audited] for name in names}


def _proof_arrays(entries: Sequence[Recorded]) -> dict[str, object]:
    proofs = [proof for entry in entries for proof in entry.proofs]
    return {f"proofs_{name}": [getattr(proof, name) for proof in proofs] for name in _NOTE_COLUMNS}


def _by_subject(entries: Sequence[Recorded]) -> list[list[Recorded]]:
    groups: dict[UUID, list[Recorded]] = {}
    for entry in entries:
        groups.setdefault(entry.event.subject, []).append(entry)
    return list(groups.values())


def _audit_row(entries: Sequence[Recorded], origin: Origin) -> dict[str, Any]:
    """One audit row per subject and transaction: its actions and their values together."""
    first = entries[0].event
    actions = list(dict.fromkeys(entry.event.name for entry in entries))
    values = _values_by_action(entries)
    salt = os.urandom(16)
    row: dict[str, Any] = {
        "subject": first.subject,
        "at": first.at,
        "action": " ".join(_named(actions))[:200],
        "client_id": origin.client_id,
        "actor": origin.actor,
        "unit": first.unit,
        "request_id": origin.request_id,
        "salt": salt,
        "digest": values_digest(salt, values),
        "values": values,
    }
    return {**row, "link": link_of(row)}


def _named(actions: Sequence[str]) -> list[str]:
    """An erasure that a change names itself, such as `customer.erased`, is not named twice."""
    has_own_name = any(action != ERASED and is_erasure(action) for action in actions)
    return [action for action in actions if action != ERASED or not has_own_name]


def _values_by_action(entries: Sequence[Recorded]) -> dict[str, dict[str, Any]]:
    """What each action carried; the second of one kind stands beside the first, as `clock.warned
    2`.

    What is sensitive lies inside, so that the digest covers it and erasure takes it along.
    """
    values: dict[str, dict[str, Any]] = {}
    counts: Counter[str] = Counter()
    for entry in entries:
        action = entry.event.name
        counts[action] += 1
        name = action if counts[action] == 1 else f"{action} {counts[action]}"
        values[name] = {
            **entry.event.values,
            **entry.values,
            **({SENSITIVE: dict(entry.sensitive)} if entry.sensitive else {}),
        }
    return values
