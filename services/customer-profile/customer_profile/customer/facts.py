"""The three groups of facts on a customer's file."""

from collections.abc import Mapping
from datetime import date
from typing import TypeAlias

from service_kit.words import merging

Json: TypeAlias = "str | int | float | bool | list[Json] | dict[str, Json] | None"
Group: TypeAlias = Mapping[str, Json]
Facts: TypeAlias = Mapping[str, Group]

GROUPS = ("basic", "characteristics", "business")
NO_FACTS: Facts = {group: {} for group in GROUPS}
MOST_FACTS = 300
MOST_MEMBERS = 50


def merged(facts: Facts, patch: Facts) -> Facts:
    """The facts after a merge patch:
    null deletes, objects are merged member by member, a group that is not named stays.
    """
    return {
        group: merging.merged(facts.get(group), members)
        if (members := patch.get(group))
        else facts.get(group, {})
        for group in GROUPS
    }


def tidied(facts: Facts) -> Facts:
    """The facts in all three groups without nulls;
    the same object where there is nothing to tidy.
    """
    if len(facts) == len(GROUPS) and not any(
        value is None for group in facts.values() for value in group.values()
    ):
        return facts
    return merged(NO_FACTS, facts)


def are_too_many(facts: Facts) -> bool:
    """Whether these are more facts, or larger ones, than a file keeps."""
    values = [value for group in facts.values() for value in group.values()]
    return len(values) > MOST_FACTS or any(
        isinstance(value, dict) and len(value) > MOST_MEMBERS for value in values
    )


def names(facts: Facts) -> tuple[str, ...]:
    """The names of all facts that have a value, as `group.name`."""
    return tuple(
        f"{group}.{name}"
        for group in GROUPS
        for name, value in facts.get(group, {}).items()
        if value is not None
    )


def changed(before: Facts, after: Facts) -> tuple[str, ...]:
    """The names of the facts that are new, different or gone."""
    return tuple(
        f"{group}.{name}"
        for group in GROUPS
        for name in sorted({*before.get(group, {}), *after.get(group, {})})
        if before.get(group, {}).get(name) != after.get(group, {}).get(name)
    )


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
