"""Judges everybody anew when another tier scheme comes into force."""

from datetime import datetime
from typing import Any
from uuid import UUID

from service_kit.database import Database, Transaction
from service_kit.identity import Clock
from service_kit.jobs import RunningJob
from sqlalchemy import Uuid, bindparam, func, select

from scoring.tables import score_card
from scoring.tier import use_cases
from scoring.tier.store import TierStore

KIND = "tier_review"
CHUNK = 2_000
NOBODY = UUID(int=0)

NEXT = (
    select(score_card.c.customer_id)
    .distinct()
    .where(score_card.c.customer_id > bindparam("after", type_=Uuid))
    .order_by(score_card.c.customer_id)
    .limit(bindparam("limit"))
)
COUNT = select(func.count(score_card.c.customer_id.distinct()))


class TierReviews:
    """Runs the reviews, in checkpointed steps."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def run(self, job: RunningJob) -> None:
        """Judge customer after customer; `counts` says how many got other stars."""
        if job.total is None:
            async with self._database.reading() as reader:
                job.total = await reader.fetch_value(COUNT)
        while await self._step(job, at=self._clock()):
            pass
        job.result = dict(job.counts)

    async def _step(self, job: RunningJob, *, at: datetime) -> bool:
        async with job.step() as tx:
            ids = await self._next(tx, job.checkpoint)
            if ids:
                changed = await use_cases.follow(TierStore(tx), ids, at=at)
                job.counts["tier_changes"] = job.counts.get("tier_changes", 0) + changed
                job.done += len(ids)
                job.checkpoint["after"] = str(ids[-1])
        return bool(ids)

    async def _next(self, tx: Transaction, checkpoint: dict[str, Any]) -> list[UUID]:
        after = UUID(checkpoint["after"]) if "after" in checkpoint else NOBODY
        return [row["customer_id"] for row in await tx.fetch(NEXT, after=after, limit=CHUNK)]
