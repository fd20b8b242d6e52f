"""Idempotency keys: the same request twice has one effect and one answer
(draft-ietf-httpapi-idempotency-key-header).
"""

import hashlib
import re
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from pydantic_core import from_json, to_json
from sqlalchemy import Integer, bindparam, delete, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from starlette.responses import Response

from service_kit.store.database import Database, Transaction
from service_kit.store.running import Reader, Record
from service_kit.store.sqlstates import LockNotAvailable
from service_kit.store.tables import idempotency_record as record
from service_kit.words.errors import Conflict, Invalid, NotFound

# The same pattern is enforced here and written into the contract: a bare key, or a structured-field
# string.
KEY = r'^([!#-~][!-~]{0,254}|"([ !#-\[\]-~]|\\["\\]){1,255}")$'
LONGEST_KEY_HEADER = 512
_key = re.compile(KEY, re.ASCII)
WAIT_SECONDS = 2.0
FORGET_BATCH = 5_000
KEPT_HEADERS = ("location", "etag", "content-type")
LONGEST_OWNER = 100

_own = (
    record.c.client_id == bindparam("client_id"),
    record.c.method == bindparam("method"),
    record.c.path == bindparam("path"),
    record.c.key == bindparam("key"),
)
CLAIM = (
    insert(record)
    .values(
        {
            name: bindparam(name)
            for name in ("client_id", "method", "path", "key", "fingerprint", "created_at")
        }
    )
    .on_conflict_do_nothing()
    .returning(record.c.key)
)
FIND = select(record).where(*_own)
GIVE_BACK = delete(record).where(*_own)
_identity = tuple_(record.c.client_id, record.c.method, record.c.path, record.c.key)
_old = (
    select(record.c.client_id, record.c.method, record.c.path, record.c.key)
    .where(record.c.created_at < bindparam("before"))
    .order_by(record.c.created_at)
    .limit(bindparam("limit", type_=Integer))
)
FORGET = delete(record).where(_identity.in_(_old))


class IdempotencyKeyInvalid(Invalid):
    """An Idempotency-Key is 1 to 255 visible ASCII characters,
    bare or as a quoted structured-field string.
    """


class IdempotencyKeyReused(Invalid):
    """This Idempotency-Key was used with another body; a new request needs a new key."""


class IdempotencyKeyInUse(Conflict):
    """The first request with this Idempotency-Key is still under way;
    ask again after Retry-After.
    """


class AnswerNotSeen(NotFound):
    """What the first request with this Idempotency-Key was answered lies outside the
    units of this token.
    """


class Replayed(Exception):
    """The request was answered before; `response` is that answer."""

    def __init__(self, response: Response) -> None:
        super().__init__("answered before")
        self.response = response


@dataclass(frozen=True, kw_only=True)
class Key:
    """One key in its scope: who owns it, the method and the path."""

    owner: str
    method: str
    path: str
    key: str
    fingerprint: bytes

    @property
    def scope(self) -> dict[str, str]:
        # The column has its name from when a key belonged to the client alone; the release before
        # this one reads it so.
        return {"client_id": self.owner, "method": self.method, "path": self.path, "key": self.key}


@dataclass(frozen=True, kw_only=True)
class Kept:
    """An answer that was given before, where it lies and whom it is about;
    `unit` is None where an earlier release kept it.
    """

    status: int
    headers: dict[str, str]
    body: bytes
    unit: str | None
    subjects: Sequence[UUID]

    @property
    def response(self) -> Response:
        return Response(
            self.body,
            status_code=self.status,
            headers={**self.headers, "Idempotency-Replayed": "true"},
        )


Seen = Callable[[Reader, Kept], Awaitable[bool]]


def owner_of(client_id: str, sub: str) -> str:
    """Whose key it is: the client's own, or that of the person for whom the client acts.

    Two people behind one frontend own different keys. A client that acts for itself keeps its plain
    id, under which the release before this one kept its answers. No client id holds a `#`.
    """
    if sub == client_id:
        return client_id
    digest = hashlib.sha256(to_json([client_id, sub])).hexdigest()
    return f"{client_id[: LONGEST_OWNER - len(digest) - 1]}#{digest}"


def parse(header: str) -> str:
    """The key inside the header; IdempotencyKeyInvalid when it is neither of the two forms."""
    if len(header) > LONGEST_KEY_HEADER or not _key.fullmatch(header):
        raise IdempotencyKeyInvalid(pointer="header/Idempotency-Key")
    return re.sub(r"\\(.)", r"\1", header[1:-1]) if header.startswith('"') else header


def fingerprint(content_type: str, body: bytes) -> bytes:
    """What makes two requests the same.
    JSON bodies are compared by value, all others by their bytes.
    """
    if "json" in content_type:
        with suppress(ValueError):
            body = to_json(_ordered(from_json(body)))
    return hashlib.sha256(body).digest()


def _ordered(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _ordered(value[name]) for name in sorted(value)}
    return [_ordered(member) for member in value] if isinstance(value, list) else value


async def claim(tx: Transaction, key: Key, *, at: datetime, seen: Seen) -> None:
    """Take the key for this transaction; a rival waits here until the first has committed.

    Raises Replayed with the stored answer, AnswerNotSeen where the caller may not read it any more,
    IdempotencyKeyReused for another body, IdempotencyKeyInUse when the rival takes too long.
    """
    try:
        mine = await tx.fetch_one(CLAIM, **key.scope, fingerprint=key.fingerprint, created_at=at)
    except LockNotAvailable as error:
        raise IdempotencyKeyInUse(retry_after=1) from error
    if mine is not None:
        return
    kept = await stored(tx, key)
    if not await seen(tx, kept):
        raise AnswerNotSeen()
    raise Replayed(kept.response)


async def stored(reader: Reader, key: Key) -> Kept:
    """The stored answer of a key that is known to be taken."""
    row = await reader.fetch_one(FIND, **key.scope)
    if row is None or row["status"] is None:
        raise IdempotencyKeyInUse(retry_after=1)
    if row["fingerprint"] != key.fingerprint:
        raise IdempotencyKeyReused(pointer="header/Idempotency-Key")
    return _kept(row)


async def found(reader: Reader, key: Key) -> Kept | None:
    """The stored answer to the same request, if there is one."""
    row = await reader.fetch_one(FIND, **key.scope)
    return (
        None
        if row is None or row["status"] is None or row["fingerprint"] != key.fingerprint
        else _kept(row)
    )


def _kept(row: Record) -> Kept:
    return Kept(**{name: row[name] for name in Kept.__dataclass_fields__})


async def give_back(tx: Transaction, key: Key) -> None:
    """Let the key be used again: what was answered is not kept."""
    await tx.execute(GIVE_BACK, **key.scope)


def answer_of(
    key: Key, response: Response, *, unit: str, subjects: Sequence[UUID], once: Sequence[str] = ()
) -> dict[str, object]:
    """The columns that keep a 2xx answer under its key;
    the fields named in `once` (secrets) are kept as null.
    """
    body = bytes(response.body)
    if once:
        members = from_json(body)
        body = to_json({name: None if name in once else value for name, value in members.items()})
    kept = {name: response.headers[name] for name in KEPT_HEADERS if name in response.headers}
    return {
        **key.scope,
        "status": response.status_code,
        "headers": kept,
        "body": body,
        "unit": unit,
        "subjects": list(subjects),
    }


async def forget_old(
    database: Database, *, at: datetime, hours: int, batch: int = FORGET_BATCH
) -> int:
    """Delete one batch of the records older than the promised time; how many they were."""
    async with database.transaction() as tx:
        return await tx.execute(FORGET, before=at - timedelta(hours=hours), limit=batch)
