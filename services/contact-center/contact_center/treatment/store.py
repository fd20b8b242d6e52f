"""Tier treatments in Postgres."""

from dataclasses import asdict
from typing import Any

from service_kit.store.running import Record
from sqlalchemy import bindparam, select, update

from contact_center.marks import TREATMENTS, mark
from contact_center.stores import Reads, Writes
from contact_center.tables import tier_treatment
from contact_center.treatment.domain import TierTreatment, TreatmentNotFound
from contact_center.treatment.events import TierTreatmentChanged

ALL = select(tier_treatment).order_by(tier_treatment.c.tier)
FIND = select(tier_treatment).where(tier_treatment.c.tier == bindparam("tier"))
LOCK = FIND.with_for_update()
UPDATE = update(tier_treatment).where(tier_treatment.c.tier == bindparam("of_tier"))


class TreatmentReader(Reads):
    """Reads the treatments; every tier has one."""

    async def all(self) -> list[TierTreatment]:
        return [treatment_of(row) for row in await self._reader.fetch(ALL)]

    async def get(self, tier: str) -> TierTreatment:
        return found(await self._reader.fetch_one(FIND, tier=tier))


class TreatmentStore(TreatmentReader, Writes):
    """Changes the treatments; a write tells its event and marks them for the router."""

    async def locked(self, tier: str) -> TierTreatment:
        return found(await self._tx.fetch_one(LOCK, tier=tier))

    async def save(self, changed: TierTreatment) -> None:
        row: dict[str, Any] = asdict(changed)
        await self._tx.execute(UPDATE, of_tier=row.pop("tier"), **row)
        await mark(self._tx, "treatments", TREATMENTS)
        self._tx.record(TierTreatmentChanged.of(changed))


def found(row: Record | None) -> TierTreatment:
    if row is None:
        raise TreatmentNotFound()
    return treatment_of(row)


def treatment_of(row: Record) -> TierTreatment:
    return TierTreatment(**{name: row[name] for name in TierTreatment.__dataclass_fields__})
