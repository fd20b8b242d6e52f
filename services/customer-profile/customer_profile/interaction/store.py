"""Interactions in Postgres, each with its timeline entry."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from service_kit.access.units import within_units
from service_kit.store.database import Transaction
from service_kit.store.outbox import Event
from service_kit.store.running import Reader, Record
from service_kit.store.sqlstates import TransactionRolledBack, UniqueViolated
from service_kit.store.statements import rows
from service_kit.store.tables import Moment
from service_kit.words.fields import written
from sqlalchemy import Integer, Uuid, and_, bindparam, func, insert, select, tuple_, update

from customer_profile.interaction.domain import Direction, Interaction, InteractionAlreadyRecorded, InteractionNotFound, entry_of
from customer_profile.tables import customer, interaction
from customer_profile.timeline.store import TimelineStore
from customer_profile.touch import ANSWERING, Channel, Purpose

_of_present = (interaction.c.customer_id == customer.c.id, customer.c.erased_at.is_(None), within_units(customer.c.unit))
FIND = select(interaction, customer.c.unit).where(interaction.c.id == bindparam("id"), *_of_present)
LOCK = FIND.with_for_update(of=interaction)
LIST = (
    select(interaction, customer.c.unit)
    .where(
        interaction.c.customer_id == bindparam("customer_id"),
        tuple_(interaction.c.occurred_at, interaction.c.id) < tuple_(bindparam("before_at", type_=Moment), bindparam("before", type_=Uuid)),
        *_of_present,
    )
    .order_by(interaction.c.occurred_at.desc(), interaction.c.id.desc())
    .limit(bindparam("limit", type_=Integer))
)
SAME = select(interaction.c.id).where(
    interaction.c.customer_id == bindparam("customer_id"), interaction.c.external_id == bindparam("external_id")
)
INSERT = insert(interaction)
UPDATE = (
    update(interaction)
    .where(
        interaction.c.customer_id == bindparam("of_customer"),
        interaction.c.id == bindparam("of"),
        interaction.c.version == bindparam("was"),
    )
    .values(
        subject=bindparam("new_subject"),
        purpose=bindparam("new_purpose"),
        ended_at=bindparam("new_ended_at"),
        agent=bindparam("new_agent"),
        outcome=bindparam("new_outcome"),
        to_dos=bindparam("new_to_dos"),
        details=bindparam("new_details"),
        version=interaction.c.version + 1,
    )
)
_spans: Mapping[str, Any] = {"place": Integer, "customer_id": Uuid, "since": Moment, "until": Moment}
_asked = rows("asked", **_spans)
# What counts against the cap on touches: what went out on our own initiative to a customer in a span of time.
COUNT_TOUCHES = (
    select(_asked.c.place, func.count().label("touches"))
    .join(
        interaction,
        and_(
            interaction.c.customer_id == _asked.c.customer_id,
            interaction.c.occurred_at >= _asked.c.since,
            interaction.c.occurred_at < _asked.c.until,
            interaction.c.direction == "out",
            interaction.c.purpose.in_([purpose.value for purpose in Purpose if purpose not in ANSWERING]),
        ),
    )
    .group_by(_asked.c.place)
)


class InteractionStore:
    """Reads and writes interactions within the caller's units."""

    def __init__(self, reader: Reader, units: Sequence[str] | None) -> None:
        self._reader = reader
        self._units = units

    async def get(self, interaction_id: UUID, *, statement: Any = FIND) -> tuple[Interaction, str]:
        """The interaction and its customer's unit; InteractionNotFound where there is none within the units."""
        row = await self._reader.fetch_one(statement, id=interaction_id, units=self._units)
        if row is None:
            raise InteractionNotFound()
        return interaction_of(row), row["unit"]

    async def get_to_change(self, interaction_id: UUID) -> tuple[Interaction, str]:
        return await self.get(interaction_id, statement=LOCK)

    async def of_customer(self, customer_id: UUID, *, before: tuple[Any, UUID], limit: int) -> list[Record]:
        """The rows of a customer's interactions, newest first, behind a time and an id."""
        return await self._reader.fetch(
            LIST, customer_id=customer_id, before_at=before[0], before=before[1], limit=limit, units=self._units
        )


async def touches(reader: Reader, asked: Sequence[tuple[UUID, datetime, datetime]]) -> list[int]:
    """How many touches on our own initiative each customer had in a span of time, in the order of the question."""
    spans = list(zip(*asked, strict=True)) or [(), (), ()]
    named = {f"asked_{name}": list(values) for name, values in zip(_spans, [range(len(asked)), *spans], strict=True)}
    counted = {row["place"]: row["touches"] for row in await reader.fetch(COUNT_TOUCHES, **named)}
    return [counted.get(place, 0) for place in range(len(asked))]


async def add(tx: Transaction, recorded: Interaction, *, unit: str) -> None:
    """Write a new interaction with its timeline entry; InteractionAlreadyRecorded for an external id that is there already."""
    if recorded.external_id is not None:
        same = await tx.fetch_value(SAME, customer_id=recorded.customer_id, external_id=recorded.external_id)
        if same is not None:
            raise InteractionAlreadyRecorded(interaction_id=str(same))
    try:
        await tx.execute(INSERT, **row_of(recorded))
    except UniqueViolated as error:
        raise InteractionAlreadyRecorded() from error
    await TimelineStore(tx).add(entry_of(recorded))
    tx.record(
        told("interaction.recorded", recorded, unit, at=recorded.created_at),
        values={"subject": recorded.subject, "outcome": recorded.outcome},
    )


async def save(tx: Transaction, before: Interaction, after: Interaction, *, unit: str, at: datetime) -> None:
    """Write a changed interaction and its timeline entry."""
    changed = await tx.execute(
        UPDATE,
        of_customer=after.customer_id,
        of=after.id,
        was=before.version,
        new_subject=after.subject,
        new_purpose=after.purpose.value,
        new_ended_at=after.ended_at,
        new_agent=after.agent,
        new_outcome=after.outcome,
        new_to_dos=list(after.to_dos),
        new_details=after.details,
    )
    if not changed:
        raise TransactionRolledBack("the interaction changed meanwhile")
    await TimelineStore(tx).change(entry_of(after))
    tx.record(told("interaction.changed", after, unit, at=at), values={"subject": after.subject, "outcome": after.outcome})


def told(type_: str, interaction_: Interaction, unit: str, *, at: datetime) -> Event:
    payload = {
        "interaction_id": str(interaction_.id),
        "customer_id": str(interaction_.customer_id),
        "channel": interaction_.channel.value,
        "direction": interaction_.direction.value,
        "purpose": interaction_.purpose.value,
        "occurred_at": written(interaction_.occurred_at),
    }
    return Event(type=type_, subject=interaction_.id, unit=unit, at=at, payload=payload)


def interaction_of(row: Record) -> Interaction:
    return Interaction(
        id=row["id"],
        customer_id=row["customer_id"],
        version=row["version"],
        channel=Channel(row["channel"]),
        direction=Direction(row["direction"]),
        purpose=Purpose(row["purpose"]),
        subject=row["subject"],
        occurred_at=row["occurred_at"],
        ended_at=row["ended_at"],
        agent=row["agent"],
        outcome=row["outcome"],
        to_dos=tuple(row["to_dos"]),
        details=row["details"],
        external_id=row["external_id"],
        created_at=row["created_at"],
    )


def row_of(interaction_: Interaction) -> dict[str, Any]:
    return {
        "id": interaction_.id,
        "customer_id": interaction_.customer_id,
        "version": interaction_.version,
        "channel": interaction_.channel.value,
        "direction": interaction_.direction.value,
        "purpose": interaction_.purpose.value,
        "subject": interaction_.subject,
        "occurred_at": interaction_.occurred_at,
        "ended_at": interaction_.ended_at,
        "agent": interaction_.agent,
        "outcome": interaction_.outcome,
        "to_dos": list(interaction_.to_dos),
        "details": interaction_.details,
        "external_id": interaction_.external_id,
        "created_at": interaction_.created_at,
    }
