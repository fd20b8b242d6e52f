"""What the words of a case are called."""

from collections.abc import Mapping

from complaints.case.moves import Move, State
from complaints.case.records import RemedyType, Verdict
from complaints.languages import MESSAGES

Word = State | Move | Verdict | RemedyType
KINDS: Mapping[type[Word], str] = {State: "state", Move: "move", Verdict: "verdict", RemedyType: "remedy"}


def called(word: Word, language: str) -> str:
    return MESSAGES.label(f"{KINDS[type(word)]}.{word}", language)
