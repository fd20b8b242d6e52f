"""Tier treatments in Postgres."""

from typing import Any

from service_kit.store.database import Transaction
from service_kit.store.outbox import Event
from service_kit.store.running import Reader, Record
from sqlalchemy import bindparam, select, update

from contact_center.routing.marks import TREATMENTS, mark
from contact_center.tables import tier_treatment
from contact_center.treatment.domain import TierTreatment, TreatmentUnknown

ALL = select(tier_treatment).order_by(tier_treatment.c.tier)
FIND = select(tier_treatment).where(tier_treatment.c.tier == bindparam("tier"))
LOCK = FIND.with_for_update()
UPDATE = update(tier_treatment).where(tier_treatment.c.tier == bindparam("of_tier"))


class TreatmentStore:
    """Reads and changes the treatments; every tier has one."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def all(self) -> list[TierTreatment]:
        return [treatment_of(row) for row in await self._reader.fetch(ALL)]

    async def get(self, tier: str) -> TierTreatment:
        return self._found(await self._reader.fetch_one(FIND, tier=tier))

    async def locked(self, tier: str) -> TierTreatment:
        return self._found(await self._reader.fetch_one(LOCK, tier=tier))

    async def save(self, changed: TierTreatment) -> None:
        tx = self._reader
        assert isinstance(tx, Transaction), "writes need a transaction"
        row: dict[str, Any] = {name: getattr(changed, name) for name in TierTreatment.__dataclass_fields__ if name != "tier"}
        await tx.execute(UPDATE, of_tier=changed.tier, **row)
        await mark(tx, "treatments", TREATMENTS)
        row.pop("updated_at")
        payload = {"tier": changed.tier, **row}
        tx.record(Event(type="tier_treatment.changed", subject=TREATMENTS, at=changed.updated_at, payload=payload))

    @staticmethod
    def _found(row: Record | None) -> TierTreatment:
        if row is None:
            raise TreatmentUnknown()
        return treatment_of(row)


def treatment_of(row: Record) -> TierTreatment:
    return TierTreatment(**{name: row[name] for name in TierTreatment.__dataclass_fields__})
