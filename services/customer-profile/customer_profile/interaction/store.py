"""Interactions in Postgres, each with its timeline entry."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from service_kit.store.database import Transaction
from service_kit.store.running import Record
from service_kit.store.sqlstates import UniqueViolated
from service_kit.store.statements import rows
from service_kit.store.tables import Moment
from sqlalchemy import Integer, Select, Uuid, and_, bindparam, func, insert, select

from customer_profile.customer.present import of_seen
from customer_profile.interaction import events
from customer_profile.interaction.domain import (
    Interaction,
    InteractionAlreadyRecorded,
    InteractionNotFound,
    entry_of,
)
from customer_profile.interaction.rows import interaction_of, row_of
from customer_profile.stores import Access, Store, change, changing, newest_first
from customer_profile.tables import customer, interaction
from customer_profile.timeline.store import TimelineStore
from customer_profile.touch import ANSWERING, Purpose

_seen = select(interaction, customer.c.unit).where(of_seen(interaction))
FIND = _seen.where(interaction.c.id == bindparam("id"))
LOCK = FIND.with_for_update(of=interaction)
LIST = newest_first(
    _seen.where(interaction.c.customer_id == bindparam("customer_id")),
    interaction.c.occurred_at,
    interaction.c.id,
)
SAME = select(interaction.c.id).where(
    interaction.c.customer_id == bindparam("customer_id"),
    interaction.c.external_id == bindparam("external_id"),
)
INSERT = insert(interaction)
UPDATE = changing(
    interaction, "subject", "purpose", "ended_at", "agent", "outcome", "to_dos", "details"
)
_spans: Mapping[str, Any] = {
    "place": Integer,
    "customer_id": Uuid,
    "since": Moment,
    "until": Moment,
}
_asked = rows("asked", **_spans)
# What counts against the cap on touches: what went out on our own initiative to a customer in a
# span of time.
COUNT_TOUCHES = (
    select(_asked.c.place, func.count().label("touches"))
    .join(
        interaction,
        and_(
            interaction.c.customer_id == _asked.c.customer_id,
            interaction.c.occurred_at >= _asked.c.since,
            interaction.c.occurred_at < _asked.c.until,
            interaction.c.direction == "out",
            interaction.c.purpose.in_(
                [purpose.value for purpose in Purpose if purpose not in ANSWERING]
            ),
        ),
    )
    .group_by(_asked.c.place)
)


class InteractionReader(Store[Access]):
    """Reads interactions."""

    async def get(self, interaction_id: UUID) -> tuple[Interaction, str]:
        """The interaction and its customer's unit;
        InteractionNotFound where there is none within the units.
        """
        return await self._found(FIND, interaction_id)

    async def _found(self, statement: Select[Any], interaction_id: UUID) -> tuple[Interaction, str]:
        row = await self._tx.fetch_one(statement, id=interaction_id, units=self._units)
        if row is None:
            raise InteractionNotFound()
        return interaction_of(row), row["unit"]

    async def of_customer(
        self, customer_id: UUID, *, before: Sequence[Any], limit: int
    ) -> list[Record]:
        """The rows of a customer's interactions, newest first, behind a time and an id."""
        return await self._tx.fetch(
            LIST,
            customer_id=customer_id,
            before_at=before[0],
            before=before[1],
            limit=limit,
            units=self._units,
        )

    async def touches(self, asked: Sequence[tuple[UUID, datetime, datetime]]) -> list[int]:
        """How many touches on our initiative each customer had in a span of time,
        in the order of the question.
        """
        spans = list(zip(*asked, strict=True)) or [(), (), ()]
        named = {
            f"asked_{name}": list(values)
            for name, values in zip(_spans, [range(len(asked)), *spans], strict=True)
        }
        counted = {
            row["place"]: row["touches"] for row in await self._tx.fetch(COUNT_TOUCHES, **named)
        }
        return [counted.get(place, 0) for place in range(len(asked))]


class InteractionStore(InteractionReader[Transaction]):
    """Reads and writes interactions."""

    async def get_to_change(self, interaction_id: UUID) -> tuple[Interaction, str]:
        """As `get`, locked until the transaction ends."""
        return await self._found(LOCK, interaction_id)

    async def add(self, recorded: Interaction, *, unit: str) -> None:
        """Write a new interaction with its timeline entry;
        InteractionAlreadyRecorded for an external id that is there already.
        """
        if recorded.external_id is not None:
            same = await self._tx.fetch_value(
                SAME, customer_id=recorded.customer_id, external_id=recorded.external_id
            )
            if same is not None:
                raise InteractionAlreadyRecorded(interaction_id=str(same))
        try:
            await self._tx.execute(INSERT, **row_of(recorded))
        except UniqueViolated as error:
            raise InteractionAlreadyRecorded() from error
        await TimelineStore(self._tx, None).add(entry_of(recorded))
        self._tx.record(
            events.InteractionRecorded.of(recorded, unit=unit, at=recorded.created_at),
            values=_audited(recorded),
        )

    async def save(
        self, before: Interaction, after: Interaction, *, unit: str, at: datetime
    ) -> None:
        """Write a changed interaction and its timeline entry."""
        await change(self._tx, UPDATE, row_of(after), was=before.version)
        await TimelineStore(self._tx, None).change(entry_of(after))
        self._tx.record(
            events.InteractionChanged.of(after, unit=unit, at=at), values=_audited(after)
        )


def _audited(interaction: Interaction) -> dict[str, object]:
    return {"subject": interaction.subject, "outcome": interaction.outcome}
