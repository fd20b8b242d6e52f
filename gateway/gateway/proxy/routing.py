"""Which service answers which path: the second segment of the path decides, a few sub-resources belong elsewhere."""

from typing import Literal, get_args

Service = Literal["customer-profile", "complaints", "scoring", "contact-center"]
SERVICES: tuple[Service, ...] = get_args(Service)
PREFIX = "/v1/"

OWNERS: dict[str, Service] = {
    **dict.fromkeys(
        (
            "agreements",
            "card-templates",
            "care-plans",
            "care-tasks",
            "commitments",
            "consents",
            "contact-persons",
            "customer-imports",
            "customers",
            "duplicates",
            "interactions",
            "merges",
            "needs",
            "products",
            "prospects",
            "relationships",
            "segments",
            "tags",
            "talking-advice",
            "touchpoints",
            "units",
        ),
        "customer-profile",
    ),
    **dict.fromkeys(
        (
            "approval-policies",
            "attachments",
            "calendars",
            "categories",
            "complaint-categories",
            "complaint-trackings",
            "complaints",
            "letter-templates",
            "letters",
            "reply-scripts",
            "service-requests",
            "sla-policies",
            "statutory-limits",
        ),
        "complaints",
    ),
    **dict.fromkeys(
        (
            "customer-scores",
            "pyramid",
            "score-definitions",
            "score-models",
            "score-runs",
            "scores",
            "survey-responses",
            "surveys",
            "tier-changes",
            "tier-overrides",
            "tier-schemes",
            "tiers",
            "transaction-imports",
            "transactions",
        ),
        "scoring",
    ),
    **dict.fromkeys(
        (
            "agents",
            "callbacks",
            "campaigns",
            "contacts",
            "dedicated-agents",
            "entry-points",
            "flows",
            "key-contacts",
            "offers",
            "queues",
            "recommendations",
            "routing",
            "skills",
            "teams",
            "tier-treatments",
            "wallboard",
            "wrap-up-codes",
        ),
        "contact-center",
    ),
}
# Sub-resources of one service's resource that another service answers: (resource, sub-resource).
ELSEWHERE: dict[tuple[str, str], Service] = {
    ("customers", "scores"): "scoring",
    ("customers", "tier"): "scoring",
    ("customers", "tier-override"): "scoring",
    ("customers", "rescoring"): "scoring",
    ("customers", "complaints"): "complaints",
    ("customers", "contacts"): "contact-center",
}
# The gateway's own resources; everything outside /v1/ is its own as well.
OWN = frozenset({"api-keys", "clients", "signing-keys", "stream-tickets", "webhook-deliveries", "webhook-endpoints", "webhook-event-types"})
# Resources that every service has: the query parameter `source` names the one that is meant.
SHARED = frozenset({"audit-entries", "events", "jobs", "parked-events", "timers"})
OVERVIEW = ("customers", "overview")


def owner_of(path: str) -> Service | None:
    """The service that answers the path; None when the gateway itself does, be it with 404."""
    if not path.startswith(PREFIX):
        return None
    parts = path.split("/", 5)
    resource = parts[2]
    if len(parts) >= 5:
        pair = (resource, parts[4])
        if pair == OVERVIEW:
            return None
        if pair in ELSEWHERE:
            return ELSEWHERE[pair]
    return OWNERS.get(resource)


def is_shared(path: str) -> bool:
    """Whether the path is one that every service has."""
    return path.startswith(PREFIX) and path.split("/", 3)[2] in SHARED
