"""Seals what was written to the audit outside its own table, batch by batch,
under a key that the database does not hold.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from pydantic_core import to_json
from sqlalchemy import Integer, String, Uuid, bindparam, delete, insert, literal, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from service_kit.process.secrets import Sealer
from service_kit.store.database import Database
from service_kit.store.statements import rows
from service_kit.store.tables import audit_seal, audit_seal_head, audit_unsealed
from service_kit.words.identity import Clock

BATCH = 2_000
HEAD = "audit"
PURPOSE = "audit seal"
HEAD_PURPOSE = "audit seal head"

LOCK_HEAD = (
    select(audit_seal_head).where(audit_seal_head.c.name == HEAD).with_for_update(skip_locked=True)
)
MAKE_HEAD = (
    upsert(audit_seal_head)
    .values(name=HEAD, number=0, mac=bindparam("mac"))
    .on_conflict_do_nothing()
)
_keys = (audit_unsealed.c.subject, audit_unsealed.c.kind, audit_unsealed.c.sequence)
WAITING = select(audit_unsealed).order_by(*_keys).limit(literal(BATCH, Integer))
_taken = rows("taken", subject=Uuid, kind=String, sequence=Integer)
FORGET = delete(audit_unsealed).where(*(key == _taken.c[key.name] for key in _keys))
LAST = select(audit_seal.c.mac).where(audit_seal.c.number == bindparam("number"))
INSERT = insert(audit_seal)
MOVE_HEAD = (
    update(audit_seal_head)
    .where(audit_seal_head.c.name == HEAD)
    .values(number=bindparam("to"), mac=bindparam("new_mac"))
)


def entry_of(row: Any) -> list[object]:
    """How a seal holds one row that was written."""
    return [
        str(row["subject"]),
        row["kind"],
        row["sequence"],
        bytes(row["hash"]).hex(),
        row["taken"],
    ]


def mac_of(
    sealer: Sealer, *, number: int, sealed_at: datetime, previous: bytes, entries: Sequence[Any]
) -> bytes:
    """The seal of a batch: over the seal before it and all of its own,
    so that nobody without the key makes, changes or moves one.
    """
    return sealer.digest(
        to_json([number, sealed_at.astimezone(UTC).isoformat(), previous.hex(), entries]),
        purpose=PURPOSE,
    )


def head_mac(sealer: Sealer, number: int, last: bytes) -> bytes:
    """What the head holds beside the number of the last seal,
    so that a removed tail of seals is missed.
    """
    return sealer.digest(to_json([number, last.hex()]), purpose=HEAD_PURPOSE)


class Seals:
    """Any replica may run one; the locked head row lets one work at a time."""

    def __init__(self, database: Database, sealer: Sealer, *, clock: Clock) -> None:
        self._database = database
        self._sealer = sealer
        self._clock = clock

    async def step(self) -> bool:
        """Seal one batch; True when there may be more."""
        async with self._database.transaction() as tx:
            head = await tx.fetch_one(LOCK_HEAD)
            if head is None:
                await tx.execute(MAKE_HEAD, mac=head_mac(self._sealer, 0, b""))
                return False
            waiting = await tx.fetch(WAITING)
            if not waiting:
                return False
            number = head["number"] + 1
            mac = await self._sealed(tx, number, [entry_of(row) for row in waiting])
            await tx.execute(
                FORGET, **{f"taken_{key.name}": [row[key.name] for row in waiting] for key in _keys}
            )
            await tx.execute(MOVE_HEAD, to=number, new_mac=head_mac(self._sealer, number, mac))
        return len(waiting) == BATCH

    async def _sealed(self, tx: Any, number: int, entries: Sequence[Any]) -> bytes:
        previous = await tx.fetch_value(LAST, number=number - 1) or b""
        at = self._clock()
        mac = mac_of(
            self._sealer, number=number, sealed_at=at, previous=bytes(previous), entries=entries
        )
        await tx.execute(INSERT, name=HEAD, number=number, sealed_at=at, entries=entries, mac=mac)
        return mac
