"""The composition root: what is wired to what."""

from datetime import timedelta
from pathlib import Path

from service_kit.access.tokens import Keys
from service_kit.service import Service
from service_kit.words.identity import Clock, clock
from service_kit.words.money import Money
from service_kit.work.lanes import LANES

from complaints.approval.domain import APPROVAL_LIMIT
from complaints.calendar import routes as calendar_routes
from complaints.case import move_routes
from complaints.case import routes as case_routes
from complaints.case.due import REDATING_SECONDS, Firing, Redating
from complaints.case.events import EVENTS
from complaints.case.store import may_read
from complaints.clients.customer_profile import CustomerProfile
from complaints.clients.scoring import SurveyAnswers
from complaints.course import routes as course_routes
from complaints.customer.domain import Customers
from complaints.customer.news import Confirming, Following
from complaints.languages import MESSAGES
from complaints.letter import routes as letter_routes
from complaints.letter.printer import Printer
from complaints.note import routes as note_routes
from complaints.settings import Settings
from complaints.sla import routes as sla_routes
from complaints.sla.store import Shelves
from complaints.survey.news import SurveyNews
from complaints.tracking import routes as tracking_routes

MIGRATIONS = Path(__file__).parent / "migrations"
SCOPES = {
    "complaints:read": "Read complaints, their steps and their letters.",
    "complaints:write": "Record complaints and move them through their steps.",
    "complaints:approve": "Decide on proposals above their proposer's limit.",
    "sla:read": "Read calendars and service-level policies.",
    "sla:write": "Change calendars and service-level policies.",
    "events:read": "Read the feed of events.",
    "audit:read": "Read the audit.",
}
EVENT_SCOPES = {
    "complaint": ("complaints:read",),
    "clock": ("complaints:read",),
}
DESCRIPTION = (
    "Complaints through their eight steps, under business-time clocks, with approvals and letters."
)
ROUTERS = (
    case_routes.router,
    course_routes.router,
    move_routes.router,
    letter_routes.router,
    note_routes.router,
    tracking_routes.router,
    sla_routes.router,
    calendar_routes.router,
)


def compose(settings: Settings, *, keys: Keys | None = None, now: Clock = clock) -> Service:
    """The service with its parts and its background work."""
    service = Service(
        name="complaints",
        title="Guanxi complaints",
        description=DESCRIPTION,
        settings=settings,
        migrations=MIGRATIONS,
        messages=MESSAGES,
        routers=ROUTERS,
        events=EVENTS,
        scopes=SCOPES,
        event_scopes=EVENT_SCOPES,
        keys=keys,
        now=now,
        claims={APPROVAL_LIMIT: Money.parse},
        may_read=may_read,
    )
    shelves = service.part(Shelves())
    neighbor = service.client(settings.customer_profile_url, seconds=settings.customer_seconds)
    customers = service.part(CustomerProfile(neighbor), Customers)
    service.part(Printer(seconds=settings.letter_seconds))
    firing = Firing(service.database, clock=service.clock)
    again_after = timedelta(seconds=settings.confirm_seconds)
    confirming = Confirming(
        service.database, customers, clock=service.clock, again_after=again_after
    )
    service.worker(service.loop("clocks", firing.step, idle_seconds=settings.clock_poll_seconds))
    redating = Redating(service.database, shelves.calendars, clock=service.clock)
    service.worker(service.loop("redating", redating.step, idle_seconds=REDATING_SECONDS))
    service.worker(
        service.loop("confirming", confirming.step, idle_seconds=settings.confirm_seconds / 2)
    )
    # A person's erasure does not wait behind an import. Each lane has a follower of its own, which
    # keeps what it asked for a batch.
    for lane in LANES:
        following = Following(service.database, customers, service.kept_answers)
        profile = service.client(settings.customer_profile_url)
        service.consume(
            "customer-profile",
            profile,
            following.reads,
            prepare=following.prepare,
            lane=lane,
        )
    surveys = SurveyNews(
        customers,
        SurveyAnswers(service.client(settings.scoring_url)),
        shelves,
        settings,
        clock=service.clock,
    )
    service.consume(
        "scoring",
        service.client(settings.scoring_url),
        surveys.reads,
        prepare=surveys.prepare,
    )
    return service
