"""Webhook deliveries in the gateway's schema:
written with their events, claimed by lease, one endpoint at a time.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from service_kit.store.running import Record
from sqlalchemy import (
    ARRAY,
    String,
    Uuid,
    any_,
    bindparam,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)

from gateway.rows import Reads, Writes, units_within
from gateway.tables import (
    IS_OPEN,
    client,
    client_name,
    webhook_attempt,
    webhook_delivery,
    webhook_endpoint,
)
from gateway.webhook.delivery.domain import Attempt, Delivery

SHOWN_ATTEMPTS = 100
PURGED_AT_ONCE = 2_000
COLUMNS = (
    "id",
    "endpoint_id",
    "event_id",
    "event_type",
    "occurred_at",
    "body",
    "traceparent",
    "state",
    "tries",
    "attempts",
    "due_at",
    "epoch",
    "created_at",
    "updated_at",
)
delivery, attempt = webhook_delivery.c, webhook_attempt.c
_families = bindparam("families", type_=ARRAY(String))
_is_readable = or_(
    _families.is_(None), func.split_part(delivery.event_type, ".", 1) == any_(_families)
)
_is_claimable = (
    IS_OPEN
    & (delivery.due_at <= bindparam("moment"))
    & or_(delivery.leased_until.is_(None), delivery.leased_until <= bindparam("moment"))
)
ADD = insert(webhook_delivery)
# Endpoints with work, each found by one probe of the index: how much work one of them has delays no
# other. What belongs to a disabled client waits until it is enabled again.
DUE = (
    select(webhook_endpoint.c.id, webhook_endpoint.c.failing_since)
    .join(client_name, client_name.c.client_id == webhook_endpoint.c.client_id)
    .join(client, client.c.id == client_name.c.client)
    .where(
        client.c.is_enabled,
        webhook_endpoint.c.state == "enabled",
        select(delivery.id)
        .where(delivery.endpoint_id == webhook_endpoint.c.id, _is_claimable)
        .exists(),
    )
)
_claimed = (
    select(delivery.id)
    .where(delivery.endpoint_id == bindparam("of_endpoint"), _is_claimable)
    .order_by(delivery.due_at)
    .limit(bindparam("room"))
    .with_for_update(skip_locked=True)
    .cte("claimed")
)
CLAIM = (
    update(webhook_delivery)
    .where(delivery.endpoint_id == bindparam("of_endpoint"), delivery.id.in_(select(_claimed.c.id)))
    .values(leased_until=bindparam("until"), epoch=delivery.epoch + 1)
    .returning(webhook_delivery)
)
FINISH = (
    update(webhook_delivery)
    .where(
        delivery.endpoint_id == bindparam("of_endpoint"),
        delivery.id == bindparam("of_id"),
        delivery.epoch == bindparam("held"),
    )
    .values(
        state=bindparam("new_state"),
        tries=bindparam("new_tries"),
        attempts=bindparam("new_attempts"),
        due_at=bindparam("new_due_at"),
        updated_at=bindparam("new_updated_at"),
        leased_until=None,
    )
)
ADD_ATTEMPT = insert(webhook_attempt)
FIND = (
    select(webhook_delivery, webhook_endpoint.c.client_id, webhook_endpoint.c.units)
    .join(webhook_endpoint)
    .where(delivery.id == bindparam("id"))
)
ATTEMPTS = (
    select(webhook_attempt)
    .join(
        webhook_delivery,
        (delivery.endpoint_id == attempt.endpoint_id) & (delivery.id == attempt.delivery_id),
    )
    .where(
        attempt.delivery_id == any_(bindparam("ids", type_=ARRAY(Uuid))),
        attempt.endpoint_id == any_(bindparam("endpoints", type_=ARRAY(Uuid))),
        attempt.number > delivery.attempts - SHOWN_ATTEMPTS,
    )
    .order_by(attempt.delivery_id, attempt.number)
)
# An attempt under way loses its hold: what comes of it later must not take the place of the replay.
_again = {
    "state": "pending",
    "tries": 0,
    "due_at": bindparam("moment"),
    "updated_at": bindparam("moment"),
    "leased_until": None,
    "epoch": delivery.epoch + 1,
}
REPLAY = (
    update(webhook_delivery)
    .where(delivery.endpoint_id == bindparam("of_endpoint"), delivery.id == bindparam("of_id"))
    .values(_again)
)
REPLAY_RANGE = (
    update(webhook_delivery)
    .where(
        delivery.endpoint_id == bindparam("of_endpoint"),
        delivery.occurred_at >= bindparam("since"),
        delivery.occurred_at < bindparam("until"),
        delivery.state == any_(bindparam("states", type_=ARRAY(String))),
        _is_readable,
    )
    .values(_again)
)
_old = (
    select(delivery.endpoint_id, delivery.id)
    .where(~IS_OPEN, delivery.updated_at < bindparam("before"))
    .limit(PURGED_AT_ONCE)
    .cte("old")
)
PURGE = delete(webhook_delivery).where(
    delivery.endpoint_id == _old.c.endpoint_id, delivery.id == _old.c.id
)


class DeliveryReader(Reads):
    async def find(self, id: UUID) -> tuple[Delivery, str, tuple[str, ...] | None] | None:
        """The delivery with its log, and whose it is: the client, and the units of its endpoint."""
        row = await self._reader.fetch_one(FIND, id=id)
        if row is None:
            return None
        units = None if row["units"] is None else tuple(row["units"])
        return (await self._with_logs([row]))[0], row["client_id"], units

    async def page(
        self,
        *,
        of_client: str,
        units: Sequence[str] | None,
        families: Sequence[str] | None,
        endpoint_id: UUID | None,
        event_id: UUID | None,
        state: str | None,
        after: Sequence[Any] | None,
        limit: int,
    ) -> list[Delivery]:
        """Deliveries to those of one client's endpoints that lie within the units,
        newest first, with their logs.
        """
        is_shown = (webhook_endpoint.c.client_id == of_client) & units_within(
            webhook_endpoint.c.units, units
        )
        statement = (
            select(webhook_delivery)
            .join(webhook_endpoint)
            .where(is_shown, _is_readable)
            .order_by(delivery.id.desc())
            .limit(limit)
        )
        if endpoint_id is not None:
            statement = statement.where(delivery.endpoint_id == endpoint_id)
        if event_id is not None:
            statement = statement.where(delivery.event_id == str(event_id))
        if state is not None:
            statement = statement.where(delivery.state == state)
        if after is not None:
            statement = statement.where(delivery.id < after[0])
        return await self._with_logs(await self._reader.fetch(statement, families=families))

    async def due(self, *, at: datetime) -> list[tuple[UUID, bool]]:
        """Enabled endpoints of enabled clients with work that may be claimed,
        and whether each has been failing.
        """
        rows = await self._reader.fetch(DUE, moment=at)
        return [(row["id"], row["failing_since"] is not None) for row in rows]

    async def _with_logs(self, rows: Sequence[Record]) -> list[Delivery]:
        ids, endpoints = [row["id"] for row in rows], list({row["endpoint_id"] for row in rows})
        logs: defaultdict[UUID, list[Attempt]] = defaultdict(list)
        for row in await self._reader.fetch(ATTEMPTS, ids=ids, endpoints=endpoints) if ids else ():
            members = {name: row[name] for name in ("number", "at", "status", "seconds", "error")}
            logs[row["delivery_id"]].append(Attempt(**members))
        return [from_row(row, tuple(logs[row["id"]])) for row in rows]


class DeliveryStore(DeliveryReader, Writes):
    """Webhook deliveries, in one transaction."""

    async def add(self, deliveries: Sequence[Delivery]) -> None:
        rows = [{name: getattr(each, name) for name in COLUMNS} for each in deliveries]
        await self._tx.execute_many(ADD, rows)

    async def claim(
        self, endpoint_id: UUID, *, room: int, at: datetime, until: datetime
    ) -> list[Delivery]:
        """Take up to `room` deliveries; nobody else sends them before `until`."""
        rows = await self._tx.fetch(
            CLAIM, of_endpoint=endpoint_id, room=room, moment=at, until=until
        )
        return [from_row(row) for row in rows]

    async def finish(self, done: Delivery, tried: Attempt) -> bool:
        """Write down an attempt;
        False when the lease ran out and another process has the delivery now.
        """
        tx = self._tx
        held = {"of_endpoint": done.endpoint_id, "of_id": done.id, "held": done.epoch}
        is_held = await tx.execute(
            FINISH,
            **held,
            new_state=done.state,
            new_tries=done.tries,
            new_attempts=done.attempts,
            new_due_at=done.due_at,
            new_updated_at=done.updated_at,
        )
        if is_held:
            await tx.execute(
                ADD_ATTEMPT,
                endpoint_id=done.endpoint_id,
                delivery_id=done.id,
                number=tried.number,
                at=tried.at,
                status=tried.status,
                seconds=tried.seconds,
                error=tried.error,
            )
        return bool(is_held)

    async def replay(self, replayed: Delivery) -> None:
        await self._tx.execute(
            REPLAY, of_endpoint=replayed.endpoint_id, of_id=replayed.id, moment=replayed.due_at
        )

    async def replay_range(
        self,
        endpoint_id: UUID,
        *,
        since: datetime,
        until: datetime,
        states: Sequence[str],
        families: Sequence[str] | None,
        at: datetime,
    ) -> int:
        """Send again what happened in a range of time, of these families of events;
        how many deliveries that is.
        """
        chosen = {"since": since, "until": until, "states": list(states), "families": families}
        return await self._tx.execute(REPLAY_RANGE, of_endpoint=endpoint_id, moment=at, **chosen)

    async def purge(self, *, before: datetime) -> bool:
        """Forget one batch of finished deliveries; True when there may be more."""
        return await self._tx.execute(PURGE, before=before) == PURGED_AT_ONCE


def from_row(row: Record, log: tuple[Attempt, ...] = ()) -> Delivery:
    return Delivery(**{name: row[name] for name in COLUMNS}, log=log)
