"""The composition root of scoring: what is wired to what."""

from collections.abc import Sequence
from pathlib import Path

from service_kit.access.tokens import Keys
from service_kit.service import Service
from service_kit.store.database import Transaction
from service_kit.store.events import events_in
from service_kit.words.identity import Clock, clock
from service_kit.work.jobs import Jobs
from service_kit.work.lanes import LANES
from service_kit.work.timers import Timer, Timers

from scoring.clients.customer_profile import CustomerProfile
from scoring.company_day import company_day
from scoring.customer.acquaintance import CustomerFile
from scoring.customer.store import may_read
from scoring.languages import MESSAGES
from scoring.model import routes as model_routes
from scoring.news import CustomerNews
from scoring.pyramid import routes as pyramid_routes
from scoring.score import rescoring
from scoring.score import routes as score_routes
from scoring.score_run import domain as score_run
from scoring.score_run import events as score_run_events
from scoring.score_run import routes as score_run_routes
from scoring.score_run.work import ScoreRuns
from scoring.settings import Settings
from scoring.survey import events as survey_events
from scoring.survey import routes as survey_routes
from scoring.tier import events as tier_events
from scoring.tier import routes as tier_routes
from scoring.tier import use_cases as tiers
from scoring.tier import work as tier_review
from scoring.tier.store import OVERRIDE_ENDS, TierStore
from scoring.transaction import events as transaction_events
from scoring.transaction import routes as transaction_routes
from scoring.transaction_import import domain as transaction_import
from scoring.transaction_import import routes as import_routes
from scoring.transaction_import.work import SWEEP, SWEEP_SECONDS, Customers, TransactionImports

MIGRATIONS = Path(__file__).parent / "migrations"
SCOPES = {
    "transactions:read": "Read transactions and imports.",
    "transactions:write": "Record, correct and import transactions.",
    "scores:read": "Read scores, models, runs and the pyramid.",
    "scores:write": "Start and cancel score runs.",
    "tiers:read": "Read tier schemes and tiers.",
    "tiers:write": "Change tier schemes and override tiers.",
    "surveys:read": "Read survey answers.",
    "surveys:write": "Record survey answers.",
    "events:read": "Read the feed of events.",
    "audit:read": "Read the audit.",
}
EVENT_SCOPES = {
    "transaction": ("transactions:read",),
    "score_run": ("scores:read",),
    "tier": ("tiers:read",),
    "survey": ("surveys:read",),
}
EVENTS = events_in(transaction_events, score_run_events, tier_events, survey_events)
ROUTERS = [
    transaction_routes.router,
    import_routes.router,
    score_run_routes.router,
    model_routes.router,
    score_routes.router,
    pyramid_routes.router,
    tier_routes.router,
    survey_routes.router,
]


def compose(
    settings: Settings,
    *,
    keys: Keys | None = None,
    now: Clock = clock,
    customers: Customers | None = None,
) -> Service:
    """The service with its routes, its clients and its background work;
    `customers` stands in for customer-profile.
    """
    service = Service(
        name="scoring",
        title="Guanxi scoring",
        description=(
            "Transactions, value scores, the customer pyramid, star tiers and survey answers."
        ),
        settings=settings,
        migrations=MIGRATIONS,
        messages=MESSAGES,
        routers=ROUTERS,
        events=EVENTS,
        scopes=SCOPES,
        event_scopes=EVENT_SCOPES,
        keys=keys,
        now=now,
        may_read=may_read,
    )
    profile = service.client(
        settings.customer_profile_url, seconds=settings.customer_question_seconds
    )
    customers = customers or CustomerProfile(profile)
    service.part(customers, CustomerFile)
    imports = TransactionImports(service.database, service.clock, customers, settings)
    _work(service, settings, imports)
    # A person's erasure does not wait behind an import.
    for lane in LANES:
        service.consume(
            "customer-profile",
            service.client(settings.customer_profile_url),
            CustomerNews(service.kept_answers).reads,
            lane=lane,
        )
    return service


def _work(service: Service, settings: Settings, imports: TransactionImports) -> None:
    """Background work: long work of three kinds, scores that follow large batches,
    overrides that end.
    """
    database, now = service.database, service.clock
    runs = ScoreRuns(database, now, chunk=settings.score_chunk)
    reviews = tier_review.TierReviews(database, now)

    async def rescore(tx: Transaction, due: Sequence[Timer]) -> None:
        await rescoring.fire(tx, due, at=now())

    async def end_overrides(tx: Transaction, due: Sequence[Timer]) -> None:
        at = now()
        await tiers.end_overrides(
            TierStore(tx),
            [timer.subject for timer in due],
            at=at,
            day=company_day(at, settings.time_zone),
        )

    async def import_sheet() -> bool:
        has_run = await sheets.step()
        if has_run:
            database.signals.wake(SWEEP)
        return has_run

    sheets = Jobs(database, transaction_import.KIND, imports.run, clock=now)
    rescorings = Timers(database, rescoring.TIMER, rescore, clock=now, batch=rescoring.BATCH)
    endings = Timers(database, OVERRIDE_ENDS, end_overrides, clock=now)
    service.worker(
        service.loop("score_runs", Jobs(database, score_run.KIND, runs.run, clock=now).step)
    )
    service.worker(service.loop("imports", import_sheet))
    service.worker(service.loop(SWEEP, imports.sweep, idle_seconds=SWEEP_SECONDS))
    service.worker(
        service.loop("tier_reviews", Jobs(database, tier_review.KIND, reviews.run, clock=now).step)
    )
    service.worker(service.loop("rescoring", rescorings.step, idle_seconds=rescoring.IDLE_SECONDS))
    service.worker(
        service.loop("overrides", endings.step, idle_seconds=tier_review.OVERRIDES_SECONDS)
    )
