"""Which service answers which path: the first word of the resource decides, a few belong elsewhere."""

import re
from typing import Literal, get_args

Service = Literal["customer-profile", "complaints", "scoring", "contact-center"]
SERVICES: tuple[Service, ...] = get_args(Service)
PREFIX = "/v1/"

# By the first word of the resource: `/v1/score-runs` belongs to scoring as `/v1/scores` does.
FAMILIES: dict[str, Service] = {
    **dict.fromkeys(
        (
            "agreements",
            "card",
            "care",
            "churn",
            "commitments",
            "consents",
            "customer",
            "customers",
            "duplicate",
            "duplicates",
            "households",
            "installed",
            "interaction",
            "interactions",
            "merges",
            "needs",
            "portfolios",
            "prospects",
            "recalls",
            "retention",
            "segments",
            "tags",
            "talking",
            "touchpoints",
        ),
        "customer-profile",
    ),
    **dict.fromkeys(
        (
            "approval",
            "attachments",
            "calendars",
            "case",
            "cases",
            "complaint",
            "complaints",
            "letter",
            "letters",
            "reply",
            "sla",
            "statutory",
        ),
        "complaints",
    ),
    **dict.fromkeys(
        (
            "entitlements",
            "evaluations",
            "points",
            "pyramid",
            "score",
            "scores",
            "survey",
            "surveys",
            "tier",
            "tiers",
            "transaction",
            "transactions",
        ),
        "scoring",
    ),
    **dict.fromkeys(
        (
            "agent",
            "agents",
            "callbacks",
            "campaigns",
            "contact",
            "contacts",
            "dedicated",
            "entry",
            "flow",
            "flows",
            "key",
            "offers",
            "queue",
            "queues",
            "recommendations",
            "skills",
            "staffing",
            "teams",
            "wallboard",
            "wrap",
        ),
        "contact-center",
    ),
}
# Resources that another service answers than the one whose word they begin with.
EXCEPTIONS: dict[str, Service] = {"tier-treatments": "contact-center"}
# Sub-resources of customers that are answered elsewhere, by their first word.
OF_CUSTOMERS: dict[str, Service] = {
    "complaints": "complaints",
    "contacts": "contact-center",
    "score": "scoring",
    "scores": "scoring",
    "tier": "scoring",
}
# The gateway's own resources; everything outside /v1/ is its own as well.
OWN = frozenset({"api-keys", "clients", "stream-tickets", "webhook-deliveries", "webhook-endpoints"})
# Resources that every service has: the query parameter `source` names the one that is meant.
SHARED = frozenset({"audit-entries", "events", "parked-events", "parked-timers"})
OVERVIEW = "overview"
# The operations that answer with server-sent events; they alone are opened with tickets.
STREAM = re.compile(r"/v1/agents/[^/]+/stream")


def owner_of(path: str) -> Service | None:
    """The service that answers the path; None when the gateway itself does, be it with 404."""
    if not path.startswith(PREFIX):
        return None
    parts = path.split("/", 5)
    resource = parts[2]
    if resource in OWN or resource in SHARED:
        return None
    if resource == "customers" and len(parts) >= 5:
        return None if parts[4] == OVERVIEW else OF_CUSTOMERS.get(_first_word(parts[4]), "customer-profile")
    return EXCEPTIONS.get(resource) or FAMILIES.get(_first_word(resource))


def _first_word(name: str) -> str:
    return name.partition("-")[0]


def is_shared(path: str) -> bool:
    """Whether the path is one that every service has."""
    return path.startswith(PREFIX) and path.split("/", 3)[2] in SHARED


def is_stream(path: str) -> bool:
    """Whether a GET of the path opens an event stream."""
    return STREAM.fullmatch(path) is not None


def is_method_of_shared(path: str, method: str) -> bool:
    """Whether the method fits: what every service has is read, and something is done to what lies below it."""
    return method == ("POST" if "/" in path.removeprefix(PREFIX) else "GET")
