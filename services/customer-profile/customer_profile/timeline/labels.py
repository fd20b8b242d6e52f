"""Titles of what programs tell."""

from collections.abc import Mapping

from customer_profile.customer.facts import Json
from customer_profile.languages import MESSAGES


def titled(label: str, details: Mapping[str, Json], language: str) -> str:
    """The title of a label, its places filled from the details;
    an unknown label falls back to the part before its dot.
    """
    known = (
        MESSAGES.label(f"timeline.{each}", language) for each in (label, label.partition(".")[0])
    )
    title = next(filter(None, known), label)
    for name, value in details.items():
        title = title.replace(f"{{{name}}}", "" if value is None else str(value))
    return title
