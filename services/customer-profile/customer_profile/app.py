"""The composition root of customer-profile: what is wired to what."""

from collections.abc import Mapping
from pathlib import Path

from service_kit.access.tokens import Keys
from service_kit.service import Service
from service_kit.store.events import events_in
from service_kit.words.identity import Clock, clock
from service_kit.work.jobs import Jobs

from customer_profile.care import events as care_events
from customer_profile.care.birthdays import IDLE_SECONDS as BIRTHDAYS_SECONDS
from customer_profile.care.birthdays import Birthdays
from customer_profile.care.routes import router as care
from customer_profile.consent import events as consent_events
from customer_profile.consent.routes import router as consents
from customer_profile.contact_person.routes import router as contact_persons
from customer_profile.customer import events as customer_events
from customer_profile.customer.routes import router as customers
from customer_profile.customer.sensitive import SENSITIVE_SCOPE
from customer_profile.customer.store import may_read
from customer_profile.customer_import.importing import KIND as IMPORTS
from customer_profile.customer_import.importing import SWEEP_SECONDS, Importing
from customer_profile.customer_import.routes import router as customer_imports
from customer_profile.customer_read.routes import router as customer_reads
from customer_profile.identifier.domain import Vault
from customer_profile.identifier.vault import SealedVault
from customer_profile.interaction import events as interaction_events
from customer_profile.interaction.routes import router as interactions
from customer_profile.languages import MESSAGES
from customer_profile.news.handlers import CONTACTS, TIERS, complaints
from customer_profile.note.routes import router as notes
from customer_profile.relationship.routes import router as relationships
from customer_profile.settings import Settings
from customer_profile.timeline.routes import router as timeline

IMPORT_FILES = "import_files"
MIGRATIONS = Path(__file__).parent / "migrations"
ROUTERS = (
    customers,
    customer_reads,
    contact_persons,
    notes,
    relationships,
    timeline,
    interactions,
    consents,
    customer_imports,
    care,
)
SCOPES: Mapping[str, str] = {
    "customers:read": "Read and find customers.",
    "customers:write": "Create, change and erase customers.",
    "customers:sensitive": "See sensitive facts and government ids; every read is logged.",
    "customers:import": "Import customers from sheets.",
    "interactions:read": "Read interactions.",
    "interactions:write": "Record interactions.",
    "consents:read": "Read consents and ask whether a customer may be contacted.",
    "consents:write": "Record consents.",
    "care:read": "Read care plans and tasks.",
    "care:write": "Make care plans, tell occasions, end tasks.",
    "events:read": "Read the feed of events.",
    "audit:read": "Read the audit, sensitive reads included.",
}
EVENT_SCOPES = {
    "customer": ("customers:read",),
    "interaction": ("interactions:read",),
    "consent": ("consents:read",),
    "care_task": ("care:read",),
}
EVENTS = events_in(customer_events, interaction_events, consent_events, care_events)


def compose(settings: Settings, *, keys: Keys | None = None, now: Clock = clock) -> Service:
    service = Service(
        name="customer-profile",
        title="Guanxi customer profile",
        description=(
            "Who the customers are, what happened with them, and when they may be contacted."
        ),
        settings=settings,
        migrations=MIGRATIONS,
        messages=MESSAGES,
        routers=ROUTERS,
        events=EVENTS,
        scopes=SCOPES,
        event_scopes=EVENT_SCOPES,
        sensitive_scope=SENSITIVE_SCOPE,
        keys=keys,
        now=now,
        may_read=may_read,
    )
    vault = service.part(SealedVault(service.sealer), Vault)
    importing = Importing(service.database, settings, vault, clock=service.clock)
    imports = Jobs(service.database, IMPORTS, importing.run, clock=service.clock)

    async def import_sheet() -> bool:
        has_run = await imports.step()
        if has_run:
            # However it ended: given up after too many kills, too, its sheet is not kept.
            service.database.signals.wake(IMPORT_FILES)
        return has_run

    service.worker(service.loop(IMPORTS, import_sheet))
    service.worker(service.loop(IMPORT_FILES, importing.sweep, idle_seconds=SWEEP_SECONDS))
    service.worker(
        service.loop(
            "birthdays",
            Birthdays(service.database, settings, clock=service.clock).step,
            idle_seconds=BIRTHDAYS_SECONDS,
        )
    )
    service.consume(
        "complaints",
        service.client(settings.complaints_url),
        complaints(settings, clock=service.clock),
    )
    service.consume("scoring", service.client(settings.scoring_url), TIERS)
    service.consume("contact-center", service.client(settings.contact_center_url), CONTACTS)
    return service
