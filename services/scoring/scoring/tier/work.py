"""Judges everybody anew when another tier scheme comes into force."""

from datetime import datetime
from uuid import UUID

from service_kit.store.database import Database
from service_kit.words.identity import Clock
from service_kit.work.jobs import RunningJob

from scoring.tier import use_cases
from scoring.tier.store import TierReader, TierStore

KIND = "tier_review"
CHUNK = 2_000
COUNT_SECONDS = 60.0
# How often it is looked for overrides that end.
OVERRIDES_SECONDS = 1.0
NOBODY = UUID(int=0)


class TierReviews:
    """Runs the reviews, in checkpointed steps."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def run(self, job: RunningJob) -> None:
        """Judge customer after customer; `counts` says how many got other stars."""
        if job.total is None:
            async with self._database.snapshot(statement_within=COUNT_SECONDS) as reader:
                job.total = await TierReader(reader).count_scored()
        while await self._step(job, at=self._clock()):
            pass
        job.result = dict(job.counts)

    async def _step(self, job: RunningJob, *, at: datetime) -> bool:
        async with job.step() as tx:
            after = UUID(job.checkpoint["after"]) if "after" in job.checkpoint else NOBODY
            tiers = TierStore(tx)
            ids = await tiers.next_scored(after=after, limit=CHUNK)
            if ids:
                changed = await use_cases.follow(tiers, ids, at=at)
                job.counts["tier_changes"] = job.counts.get("tier_changes", 0) + changed
                job.done += len(ids)
                job.checkpoint["after"] = str(ids[-1])
        return bool(ids)
