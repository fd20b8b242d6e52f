"""The lanes of a feed and the headers of its answers:
what those who tell and those who follow must mean alike.
"""

from typing import Literal, TypeAlias

REACHED = "Guanxi-Cursor"
FAMILIES = "Guanxi-Families"
Lane: TypeAlias = Literal["all", "live", "bulk"]
ALL: Lane = "all"
# Whoever follows one of these follows the other too: together they hold every event once.
LANES: tuple[Lane, ...] = ("live", "bulk")
