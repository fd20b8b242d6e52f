"""What states and moves are called."""

from collections.abc import Mapping

from complaints.course.domain import Move, State
from complaints.languages import MESSAGES

KINDS: Mapping[type[State | Move], str] = {State: "state", Move: "move"}


def called(word: State | Move, language: str) -> str:
    return MESSAGES.label(f"{KINDS[type(word)]}.{word}", language)
