"""What of a screen pop a token may see:
each part needs the scope that reads it where it comes from.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace

from service_kit.access.caller import Caller

from contact_center.acting import agent_of
from contact_center.contact.domain import Contact
from contact_center.directory.domain import KnownCustomer
from contact_center.screen_pop.neighbor_answers import Answers

SCOPES: Mapping[str, str] = {
    "customer": "customers:read",
    "scores": "scores:read",
    "open_cases": "complaints:read",
    "consents": "consents:read",
    "care_tasks": "care:read",
}
# The trail is of many hands; an entry of a kind that is not known here is shown to nobody who must
# have the scope for it.
TRAIL_SCOPES: Mapping[str, str] = {
    "interaction": "interactions:read",
    "contact": "contacts:read",
    "case": "complaints:read",
    "care": "care:read",
    "score": "scores:read",
    "import": "customers:read",
}
EVERYTHING = frozenset((*SCOPES.values(), *TRAIL_SCOPES.values()))


def withheld_from(scopes: Collection[str]) -> list[str]:
    """The parts that these scopes do not give;
    the trail is one of them as soon as any kind of entry is left out.
    """
    parts = [part for part, scope in SCOPES.items() if scope not in scopes]
    return parts if set(TRAIL_SCOPES.values()) <= set(scopes) else [*parts, "trail"]


def permitted(answers: Answers, scopes: Collection[str]) -> Answers:
    """The answers without what these scopes do not read."""
    withheld = withheld_from(scopes)
    return replace(
        answers,
        card=None if "customer" in withheld else answers.card,
        scored=None if "scores" in withheld else answers.scored,
        open_cases=() if "open_cases" in withheld else answers.open_cases,
        consents=() if "consents" in withheld else answers.consents,
        care_tasks=() if "care_tasks" in withheld else answers.care_tasks,
        timeline=[entry for entry in answers.timeline if TRAIL_SCOPES.get(entry.kind) in scopes],
        withheld=tuple(withheld),
    )


def known_to(known: KnownCustomer | None, scopes: Collection[str]) -> KnownCustomer | None:
    """What the directory knows,
    without the tier and the number of cases where these scopes do not read them.
    """
    if known is None:
        return None
    return replace(
        known,
        tier=known.tier if SCOPES["scores"] in scopes else None,
        open_complaints=known.open_complaints if SCOPES["open_cases"] in scopes else 0,
    )


def scopes_for(contact: Contact, caller: Caller) -> frozenset[str]:
    """Whoever has the contact in hand is shown all of it, for that is the job;
    everybody else what the token reads elsewhere.
    """
    return EVERYTHING if contact.is_in_hand_of(agent_of(caller)) else caller.scopes
