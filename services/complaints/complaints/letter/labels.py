"""How a letter words verdicts and remedies."""

from collections.abc import Mapping

from complaints.languages import MESSAGES
from complaints.words import RemedyType, Verdict

KINDS: Mapping[type[Verdict | RemedyType], str] = {Verdict: "verdict", RemedyType: "remedy"}


def phrased(word: Verdict | RemedyType, language: str) -> str:
    return MESSAGES.label(f"{KINDS[type(word)]}.{word}", language)
