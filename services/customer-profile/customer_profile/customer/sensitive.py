"""What of a file only the scope customers:sensitive may see; every reading of it is logged."""

from collections.abc import Mapping, Sequence
from typing import Any

from service_kit.words.identifiers import IdentifierType

from customer_profile.customer.facts import GROUPS
from customer_profile.customer.rows import Row

SENSITIVE_SCOPE = "customers:sensitive"
# Facts that are sensitive by their nature, by group; what a source called sensitive is named in the
# row.
BY_NATURE = {
    "characteristics": frozenset(
        {
            "health",
            "habits",
            "religion",
            "politics",
            "conflicts",
            "minors",
            "family",
            "investments",
            "property",
        }
    )
}
SECRET = f"identifiers.{IdentifierType.GOVERNMENT_ID.value}"


def sensitive_names(row: Row) -> list[str]:
    """Names of the facts of this file that are sensitive,
    and that of a government id where it has one.
    """
    facts = row["facts"]
    found = [
        f"{group}.{name}"
        for group, names in BY_NATURE.items()
        if not names.isdisjoint(facts.get(group, ()))
        for name in facts[group]
        if name in names
    ]
    found += [name for name in row["sensitive"] if name not in found]
    if any("sealed" in identifier for identifier in row["identifiers"]):
        found.append(SECRET)
    return found


def shown_facts(
    facts: Mapping[str, Mapping[str, Any]], hidden: Sequence[str]
) -> dict[str, Mapping[str, Any]]:
    """The three groups without what is hidden."""
    if not hidden:
        return {group: facts.get(group, {}) for group in GROUPS}
    return {
        group: {
            name: value
            for name, value in facts.get(group, {}).items()
            if f"{group}.{name}" not in hidden
        }
        for group in GROUPS
    }
