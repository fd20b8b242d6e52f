"""Which scopes each family of events needs: those of reading what it tells of; a contract test compares them with what services publish."""

from collections.abc import Collection, Iterable

from service_kit.access.event_scopes import FamilyScopes, family_of, readable
from service_kit.words.errors import Invalid
from service_kit.words.messages import said

OWN_EVENT_SCOPES: FamilyScopes = {
    "client": ("clients:read",),
    # What is told of the keys of all clients is more than the list of one's own.
    "api_key": ("clients:read", "api-keys:read"),
    # As with keys: the endpoints of all clients.
    "webhook_endpoint": ("clients:read", "webhooks:read"),
    "webhook": ("webhooks:read",),
}
EVENT_SCOPES: FamilyScopes = {
    "customer": ("customers:read",),
    "interaction": ("interactions:read",),
    "consent": ("consents:read",),
    "care_task": ("care:read",),
    "complaint": ("complaints:read",),
    "clock": ("complaints:read",),
    "transaction": ("transactions:read",),
    "score_run": ("scores:read",),
    "tier": ("tiers:read",),
    "survey": ("surveys:read",),
    "contact": ("contacts:read",),
    "offer": ("offers:read",),
    "agent": ("agents:read",),
    "dedicated_agent": ("agents:read",),
    "queue": ("queues:read",),
    "flow": ("queues:read",),
    "entry_point": ("queues:read",),
    "tier_treatment": ("queues:read",),
    **OWN_EVENT_SCOPES,
}
ALL = frozenset(scope for scopes in EVENT_SCOPES.values() for scope in scopes)
EVERYTHING = "*"
TEST_TYPE = "webhook.test"


class EventTypeUnknown(Invalid):
    """Nothing of this family of event types is ever told; the contract lists the events under `webhooks`."""


def needed_for(filters: Iterable[str]) -> list[str]:
    """The scopes of what the filters name; `*` names nothing, it stands for what may be read. EventTypeUnknown for what nobody tells."""
    needed: dict[str, None] = {}
    for place, asked in enumerate(filters):
        if asked == EVERYTHING:
            continue
        scopes = EVENT_SCOPES.get(family_of(asked))
        if scopes is None:
            raise EventTypeUnknown(said("there are no events {asked}", asked=asked), pointer=f"/event_types/{place}")
        needed |= dict.fromkeys(scopes)
    return list(needed)


def may_read(scopes: Collection[str], event_type: str) -> bool:
    """Whether somebody with these scopes may be told of this (plain) event type; what is unknown here is told to nobody."""
    needed = EVENT_SCOPES.get(family_of(event_type))
    return event_type == TEST_TYPE or (needed is not None and set(needed) <= set(scopes))


def families_for(scopes: Collection[str]) -> list[str] | None:
    """The families that these scopes let read; None when those are all."""
    return readable(EVENT_SCOPES, scopes)
