"""The three groups of facts on a customer's file, where each fact came from, and which are shown to few only."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import TypeAlias

from service_kit.words import merging

Json: TypeAlias = "str | int | float | bool | list[Json] | dict[str, Json] | None"
Group: TypeAlias = Mapping[str, Json]
Facts: TypeAlias = Mapping[str, Group]

GROUPS = ("basic", "characteristics", "business")
NO_FACTS: Facts = {group: {} for group in GROUPS}
# Health, habits, beliefs, conflicts and property: shown only to callers with the sensitive scope, and every reading is logged.
SENSITIVE = frozenset(
    f"characteristics.{name}"
    for name in ("health", "habits", "religion", "politics", "conflicts", "minors", "family", "investments", "property")
)
MOST_FACTS = 300
MOST_MEMBERS = 50
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


def merged(facts: Facts, patch: Facts) -> Facts:
    """The facts after a merge patch: null deletes, objects are merged member by member, a group that is not named stays."""
    return {group: merging.merged(facts.get(group), members) if (members := patch.get(group)) else facts.get(group, {}) for group in GROUPS}


def tidied(facts: Facts) -> Facts:
    """The facts in all three groups without nulls; the same object where there is nothing to tidy."""
    if len(facts) == len(GROUPS) and not any(value is None for group in facts.values() for value in group.values()):
        return facts
    return merged(NO_FACTS, facts)


def are_too_many(facts: Facts) -> bool:
    """Whether these are more facts, or larger ones, than a file keeps."""
    values = [value for group in facts.values() for value in group.values()]
    return len(values) > MOST_FACTS or any(isinstance(value, dict) and len(value) > MOST_MEMBERS for value in values)


def names(facts: Facts) -> tuple[str, ...]:
    """The names of all facts that have a value, as `group.name`."""
    return tuple(f"{group}.{name}" for group in GROUPS for name, value in facts.get(group, {}).items() if value is not None)


def changed(before: Facts, after: Facts) -> tuple[str, ...]:
    """The names of the facts that are new, different or gone."""
    return tuple(
        f"{group}.{name}"
        for group in GROUPS
        for name in sorted({*before.get(group, {}), *after.get(group, {})})
        if before.get(group, {}).get(name) != after.get(group, {}).get(name)
    )


def with_source(sources: tuple[Source, ...], source: Source, told: Iterable[str], present: Facts) -> tuple[Source, ...]:
    """The sources after one more told these facts; what no fact relies on any longer is dropped."""
    known = frozenset(names(present))
    told_now = tuple(name for name in told if name in known)
    if not sources:
        return (replace(source, facts=told_now),) if told_now else ()
    kept = [
        replace(old, facts=tuple(name for name in old.facts if name in known)) if not known.issuperset(old.facts) else old
        for old in sources
    ]
    kept = [old for old in kept if old.facts]
    if told_now:
        kept.append(replace(source, facts=told_now))
    return tuple(kept if len(kept) <= MOST_SOURCES else _fewer(kept))


def _fewer(sources: list[Source]) -> list[Source]:
    """The sources without the oldest ones beyond the number that is kept; the last source of a fact stays."""
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


def birth_date(facts: Facts) -> date | None:
    """The birth date, when it is known in full."""
    written = facts.get("basic", {}).get("birth_date")
    return date.fromisoformat(written) if isinstance(written, str) else None


def other_names(facts: Facts) -> list[str]:
    """The former and short names, by which a customer is searched as well."""
    basic = facts.get("basic", {})
    former = basic.get("former_names")
    found = [name for name in former if isinstance(name, str)] if isinstance(former, list) else []
    short = basic.get("short_name")
    return [*found, short] if isinstance(short, str) else found
