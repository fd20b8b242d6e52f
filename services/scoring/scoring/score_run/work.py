"""A run over all customers: calibrate the models, fix the definition,
score everybody chunk by chunk, catch up with what came meanwhile.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from service_kit.store.database import Database
from service_kit.words.identity import Clock
from service_kit.words.messages import restored, said
from service_kit.work.jobs import RunningJob

from scoring.card.domain import DAYS, DEFINITION_VERSION, CutPoints, Definition, day_number
from scoring.card.store import CardReader, CardStore
from scoring.model.parameters import BgNbd, GammaGamma
from scoring.model.store import ModelStore
from scoring.score import rescoring
from scoring.score_run import bulk_histories
from scoring.score_run.bulk_histories import NOBODY, Slice
from scoring.score_run.calculator import Calculator, calculating
from scoring.score_run.domain import ModelNotDetermined, NobodyToScore, Terms
from scoring.score_run.events import ScoreRunCompleted
from scoring.score_run.population import PopulationReader, PopulationStore
from scoring.score_run.store import kept, terms_of
from scoring.tier import use_cases as tiers
from scoring.tier.store import TierStore

STEP_SECONDS = 60.0
# How long one reading of everybody may take.
READ_SECONDS = 600.0


class ScoreRuns:
    """Runs score runs; a killed worker's run is gone on with from its last chunk,
    by the definition that it had fixed.
    """

    def __init__(self, database: Database, clock: Clock, *, chunk: int) -> None:
        self._database = database
        self._clock = clock
        self._chunk = chunk

    async def run(self, job: RunningJob) -> None:
        """Raises ModelNotDetermined or NobodyToScore where the history cannot carry
        what was asked for.
        """
        terms = terms_of(job)
        phase = job.checkpoint.get("phase", "calibrating")
        if phase in ("calibrating", "scoring"):
            async with calculating() as calculator:
                if phase == "calibrating":
                    await self._fix_definition(job, terms, calculator)
                await self._score_everybody(job, terms, calculator)
            await self._come_into_force(job, terms)
        await self._catch_up(job, terms)
        job.result = {**kept(terms), "models": job.checkpoint["models"], "customers": job.done}

    async def _fix_definition(self, job: RunningJob, terms: Terms, calculator: Calculator) -> None:
        everybody = Slice(currency=terms.currency, until=terms.as_of)
        async with self._database.snapshot(statement_within=READ_SECONDS) as reader:
            horizon = await PopulationReader(reader).horizon()
            total = await bulk_histories.count(reader, everybody)
            if total == 0:
                raise NobodyToScore()
            calibrated = Slice(currency=terms.currency, until=terms.calibrate_until)
            behavior = await bulk_histories.calibration(reader, calibrated) if terms.models else b""
            population = await bulk_histories.cuts(reader, everybody)
            left_out = await PopulationReader(reader).left_out(currency=terms.currency)
        fitted = await self._fitted(terms, calculator, behavior)
        cuts, _ = await calculator.ask({"ask": "cut_points"}, population)
        async with job.step() as tx:
            ids = await ModelStore(tx).insert_fitted(
                fitted,
                run_id=job.id,
                currency=terms.currency,
                as_of=terms.calibrate_until,
                time_unit=terms.time_unit,
                at=self._clock(),
            )
            await CardStore(tx).insert_definition(
                _definition(job.id, terms, fitted, cuts["cuts"]), ids, at=self._clock()
            )
            job.total = total
            job.counts |= {"scored": 0, "tier_changes": 0, "left_out_transactions": left_out}
            named = {kind: str(id) for kind, id in ids.items()}
            job.checkpoint |= {"phase": "scoring", "models": named, "horizon": horizon}

    async def _fitted(
        self, terms: Terms, calculator: Calculator, behavior: bytes
    ) -> Mapping[str, Mapping[str, Any]]:
        if not terms.models:
            return {}
        answer, _ = await calculator.ask(
            {"ask": "calibrate", "models": list(terms.models), "days": terms.days}, behavior
        )
        if refused := answer.get("refused"):
            why = restored(refused["detail"])
            raise ModelNotDetermined(
                said(
                    "{model} cannot be fitted ({code}): {detail}",
                    model=refused["model"],
                    code=refused["code"],
                    detail=why,
                )
            )
        fitted: Mapping[str, Mapping[str, Any]] = answer["models"]
        return fitted

    async def _score_everybody(self, job: RunningJob, terms: Terms, calculator: Calculator) -> None:
        async with self._database.reading() as reader:
            definition = (await CardReader(reader).by_run([job.id]))[job.id]
        while (chunk := await self._next_chunk(job, terms)) is not None:
            async with self._database.snapshot(statement_within=STEP_SECONDS) as reader:
                inputs = await bulk_histories.inputs(reader, chunk)
            question = {
                "ask": "cards",
                "definition": _told(definition),
                "milliseconds": int(self._clock().timestamp() * 1000),
            }
            _, made = await calculator.ask(question, inputs)
            await self._write(job, chunk, made)

    async def _next_chunk(self, job: RunningJob, terms: Terms) -> Slice | None:
        after = UUID(job.checkpoint.get("after", str(NOBODY)))
        async with self._database.reading() as reader:
            bound = await PopulationReader(reader).next_bound(
                currency=terms.currency, after=after, limit=self._chunk
            )
        return (
            None
            if bound is None
            else Slice(currency=terms.currency, until=terms.as_of, after=after, upto=bound)
        )

    async def _write(self, job: RunningJob, chunk: Slice, made: bytes) -> None:
        async with job.step(statement_within=STEP_SECONDS) as tx:
            population = PopulationStore(tx)
            await population.write_cards(made)
            ids = await population.carded(job.id, chunk)
            changed = await tiers.follow(TierStore(tx), ids, at=self._clock())
            job.done += len(ids)
            job.counts["scored"] = job.done
            job.counts["tier_changes"] += changed
            job.checkpoint["after"] = str(chunk.upto)

    async def _come_into_force(self, job: RunningJob, terms: Terms) -> None:
        at = self._clock()
        async with job.step() as tx:
            await CardStore(tx).complete(job.id, at=at)
            tx.record(ScoreRunCompleted.of(job.id, terms, customers=job.done, unit=job.unit, at=at))
            job.checkpoint |= {"phase": "catching_up", "caught_up": str(NOBODY)}

    async def _catch_up(self, job: RunningJob, terms: Terms) -> None:
        """Orders that came while the run was under way, and cards of days after the run's,
        are scored by the new definition.
        """
        async with self._database.snapshot(statement_within=READ_SECONDS) as reader:
            if (await CardReader(reader).in_force())[terms.currency].run_id != job.id:
                return
            after = UUID(job.checkpoint["caught_up"])
            horizon = job.checkpoint["horizon"]
            ids = await PopulationReader(reader).to_catch_up(
                run_id=job.id,
                currency=terms.currency,
                as_of=terms.as_of,
                horizon=horizon,
                after=after,
            )
        for first in range(0, len(ids), rescoring.BATCH):
            chunk = ids[first : first + rescoring.BATCH]
            async with job.step(statement_within=STEP_SECONDS) as tx:
                await rescoring.rescore(tx, chunk, at=self._clock())
                job.checkpoint["caught_up"] = str(chunk[-1])


def _definition(
    run_id: UUID,
    terms: Terms,
    fitted: Mapping[str, Mapping[str, Any]],
    cuts: Mapping[str, list[int]],
) -> Definition:
    return Definition(
        run_id=run_id,
        currency=terms.currency,
        as_of=terms.as_of,
        time_unit=terms.time_unit,
        horizon_months=terms.horizon_months,
        annual_discount=terms.annual_discount,
        margin=terms.margin,
        cuts=CutPoints(**cuts),
        bg_nbd=BgNbd(**fitted["bg_nbd"]) if "bg_nbd" in fitted else None,
        gamma_gamma=GammaGamma(**fitted["gamma_gamma"]) if "gamma_gamma" in fitted else None,
    )


def _told(definition: Definition) -> dict[str, Any]:
    """What the calculator needs to know of a definition, as plain JSON."""
    return {
        "run_id": definition.run_id.hex,
        "currency": definition.currency,
        "as_of": day_number(definition.as_of),
        "definition_version": DEFINITION_VERSION,
        "cuts": {name: list(cuts) for name, cuts in vars(definition.cuts).items()},
        "days": DAYS[definition.time_unit],
        "horizon": definition.horizon,
        "month": definition.month,
        "horizon_months": definition.horizon_months,
        "discount_per_month": definition.discount_per_month,
        "margin": float(definition.margin),
        "bg_nbd": vars(definition.bg_nbd) if definition.bg_nbd else None,
        "gamma_gamma": vars(definition.gamma_gamma) if definition.gamma_gamma else None,
    }
