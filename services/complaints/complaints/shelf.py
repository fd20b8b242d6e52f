"""Calendars and policies read before: their versions never change, so that a process reads each of them once."""

from dataclasses import dataclass, field

from complaints.calendar.domain import Calendar
from complaints.sla.domain import Policy


@dataclass
class Shelf:
    """By name and version; only what was read after its commit is put here."""

    calendars: dict[tuple[str, int], Calendar] = field(default_factory=dict)
    policies: dict[tuple[str, int], Policy] = field(default_factory=dict)
