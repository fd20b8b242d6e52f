"""Where the facts of a file came from, and how they were learned."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from customer_profile.customer.facts import Facts, names

# How many sources are kept: the oldest ones go, unless a fact would be left without any.
MOST_SOURCES = 40


class SourceKind(StrEnum):
    CARD = "card"
    SURVEY = "survey"
    PHONE_INTERVIEW = "phone_interview"
    VISIT = "visit"
    EVENT = "event"
    IMPORT = "import"
    PARTNER = "partner"
    CONTACT = "contact"


class Learned(StrEnum):
    ASKED = "asked"
    OBSERVED = "observed"
    THIRD_PARTY = "third_party"
    PUBLIC = "public"


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """Where some facts came from: `facts` are their names as `basic.birth_date`."""

    kind: SourceKind
    learned: Learned
    recorded_at: datetime
    confirmed_at: datetime
    purposes: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()


def sources_with(
    sources: tuple[Source, ...], source: Source, told: Iterable[str], present: Facts
) -> tuple[Source, ...]:
    """The sources after one more told these facts; what no fact relies on any longer is dropped."""
    known = frozenset(names(present))
    told_now = tuple(name for name in told if name in known)
    if not sources:
        return (replace(source, facts=told_now),) if told_now else ()
    kept = [
        replace(old, facts=tuple(name for name in old.facts if name in known))
        if not known.issuperset(old.facts)
        else old
        for old in sources
    ]
    kept = [old for old in kept if old.facts]
    if told_now:
        kept.append(replace(source, facts=told_now))
    return tuple(kept if len(kept) <= MOST_SOURCES else _fewer(kept))


def _fewer(sources: list[Source]) -> list[Source]:
    """The sources without the oldest ones beyond the number that is kept;
    the last source of a fact stays.
    """
    told = Counter(name for source in sources for name in source.facts)
    excess = len(sources) - MOST_SOURCES
    kept = []
    for source in sources:
        if excess and all(told[name] > 1 for name in source.facts):
            told.subtract(source.facts)
            excess -= 1
        else:
            kept.append(source)
    return kept
