"""The composition root: what is wired to what."""

from datetime import timedelta
from pathlib import Path

from service_kit.access.tokens import Keys
from service_kit.service import Service
from service_kit.store.events import events_in
from service_kit.store.leases import Lease, Sole
from service_kit.words.identity import Clock, clock
from service_kit.work.lanes import LANES
from service_kit.work.timers import Timers

from contact_center.acting import AGENT_ID
from contact_center.agent import events as agent_events
from contact_center.agent import routes as agent_routes
from contact_center.clients.complaints import Complaints
from contact_center.clients.customer_profile import Customers
from contact_center.clients.scoring import Scores
from contact_center.contact import events as contact_events
from contact_center.contact import routes as contact_routes
from contact_center.contact.consequences import FLOW_TIMER
from contact_center.contact.silence import SILENCE_SECONDS, on_silence
from contact_center.contact.store import may_read
from contact_center.customer import news
from contact_center.customer.strangers import IDLE_SECONDS as STRANGERS_SECONDS
from contact_center.customer.strangers import KIND as STRANGERS
from contact_center.customer.strangers import Strangers
from contact_center.dedicated import events as dedicated_events
from contact_center.dedicated import routes as dedicated_routes
from contact_center.directory.digests import AddressDigests
from contact_center.entry_point import events as entry_point_events
from contact_center.entry_point import routes as entry_point_routes
from contact_center.figures import routes as figure_routes
from contact_center.flow import events as flow_events
from contact_center.flow import routes as flow_routes
from contact_center.flow.schemas import graph
from contact_center.flow.store import Graphs
from contact_center.languages import MESSAGES
from contact_center.offer import routes as offer_routes
from contact_center.queue import events as queue_events
from contact_center.queue import routes as queue_routes
from contact_center.router import endings
from contact_center.router.endings import Endings
from contact_center.router.hints import Hearing, Hints
from contact_center.router.router import LEASE_NAME, Router
from contact_center.screen_pop import routes as screen_pop_routes
from contact_center.screen_pop.neighbors import Neighbors
from contact_center.settings import Settings
from contact_center.stream import routes as stream_routes
from contact_center.stream.tail import Tail
from contact_center.treatment import events as treatment_events
from contact_center.treatment import routes as treatment_routes

MIGRATIONS = Path(__file__).parent / "migrations"
SCOPES = {
    "contacts:read": "Read contacts and their screen pops.",
    "contacts:write": "Begin contacts and move them.",
    "contacts:handle": (
        "Move the contacts and answer the offers of the agent for whom the token acts."
    ),
    "contacts:supervise": "Move the contacts of every agent, with a token that acts for none.",
    "presence:write": "Say what the agent for whom the token acts is at.",
    "offers:read": "Read offers and follow the stream of an agent.",
    "offers:write": "Accept and reject offers.",
    "agents:read": "Read agents and who is dedicated to whom.",
    "agents:write": "Take on and change agents, their presence and dedications.",
    "queues:read": "Read queues and their figures, flows, entry points and tier treatments.",
    "queues:write": "Change queues, flows, entry points and tier treatments.",
    "events:read": "Read the feed of events.",
    "audit:read": "Read the audit.",
}
EVENT_SCOPES = {
    "contact": ("contacts:read",),
    "offer": ("offers:read",),
    "agent": ("agents:read",),
    "dedicated_agent": ("agents:read",),
    "queue": ("queues:read",),
    "flow": ("queues:read",),
    "entry_point": ("queues:read",),
    "tier_treatment": ("queues:read",),
}
DESCRIPTION = (
    "Contacts from the entry point through flow, queue and offer to an agent, with the screen pop"
    " of who is calling."
)
ROUTERS = (
    contact_routes.router,
    screen_pop_routes.router,
    offer_routes.router,
    agent_routes.router,
    stream_routes.router,
    dedicated_routes.router,
    queue_routes.router,
    figure_routes.router,
    entry_point_routes.router,
    flow_routes.router,
    treatment_routes.router,
)

EVENTS = events_in(
    contact_events,
    agent_events,
    queue_events,
    flow_events,
    entry_point_events,
    dedicated_events,
    treatment_events,
)


def compose(settings: Settings, *, keys: Keys | None = None, now: Clock = clock) -> Service:
    """The service with its parts and its background work."""
    service = Service(
        name="contact-center",
        title="Guanxi contact center",
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
        claims={AGENT_ID: str},
        may_read=may_read,
    )
    _wire_routing(service, settings)
    _wire_directory(service, settings)
    _wire_screen_pop(service, settings)
    service.part(Tail(service.database))
    service.part(Graphs(graph))
    return service


def _wire_routing(service: Service, settings: Settings) -> None:
    async def route(lease: Lease) -> None:
        await Router(service.database, lease=lease).run()

    ttl = timedelta(seconds=settings.router_lease_seconds)
    service.worker(Sole(LEASE_NAME, service.leases, route, ttl=ttl))
    ending = Endings(service.database)
    service.worker(
        service.loop("endings", ending.step, topic=endings.TOPIC, idle_seconds=endings.IDLE_SECONDS)
    )
    silence = Timers(service.database, FLOW_TIMER, on_silence, clock=None)
    service.worker(service.loop("silence", silence.step, idle_seconds=SILENCE_SECONDS))
    hints = service.part(Hints(service.database))
    service.worker(Hearing(service.database, hints))
    service.at_start(hints.start)


def _wire_directory(service: Service, settings: Settings) -> None:
    digests = service.part(AddressDigests(service.sealer, region=settings.phone_region))
    customer_profile = service.client(settings.customer_profile_url)
    seeking = Strangers(service.database, digests, service.kept_answers, clock=service.clock)
    service.worker(service.loop(STRANGERS, seeking.step, idle_seconds=STRANGERS_SECONDS))
    for lane in LANES:
        customers = news.CustomerNews(Customers(customer_profile), digests, service.kept_answers)
        service.consume(
            "customer-profile",
            customer_profile,
            customers.reads,
            prepare=customers.prepare,
            batch_handler=customers.take,
            lane=lane,
        )
    service.consume("scoring", service.client(settings.scoring_url), news.tiers(digests))
    service.consume("complaints", service.client(settings.complaints_url), news.complaints(digests))


def _wire_screen_pop(service: Service, settings: Settings) -> None:
    seconds = settings.screen_pop_seconds
    neighbors = Neighbors(
        customers=Customers(service.client(settings.customer_profile_url, seconds=seconds)),
        scores=Scores(service.client(settings.scoring_url, seconds=seconds)),
        complaints=Complaints(service.client(settings.complaints_url, seconds=seconds)),
        seconds=seconds,
    )
    service.part(neighbors)
