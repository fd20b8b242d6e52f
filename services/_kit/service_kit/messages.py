"""Sentences for callers, in both languages: the code says them in English, a catalog of each package holds them in Chinese.

A catalog is a JSON object from the English sentence, or its template with named places, to the Chinese one.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Self

CHINESE = "zh-CN"
OWN = Path(__file__).parent / f"messages.{CHINESE}.json"


class Said(str):
    """A sentence whose places were filled in; it keeps its template and values, so that it can be said in the other language too."""

    __slots__ = ("template", "values")
    template: str
    values: Mapping[str, object]

    def __new__(cls, template: str, /, **values: object) -> Self:
        made = super().__new__(cls, template.format(**values))
        made.template = template
        made.values = values
        return made


def said(template: str, /, **values: object) -> Said:
    """`said("at most {largest} bytes", largest=9)`: a text that the catalogs know by its template.

    Raises KeyError when a place of the template has no value.
    """
    return Said(template, **values)


def stored(sentence: str, *, longest: int) -> dict[str, object]:
    """A sentence as JSON, so that who reads it later is told it in their own language; values are cut at `longest` characters."""
    if not isinstance(sentence, Said):
        return {"text": sentence[:longest]}
    return {"text": sentence.template, "values": {name: str(value)[:longest] for name, value in sentence.values.items()}}


def restored(kept: Mapping[str, Any]) -> str:
    """The sentence that `stored` made this of, in English."""
    return said(kept["text"], **kept["values"]) if "values" in kept else str(kept["text"])


class Messages:
    """The catalogs of this kit and of one service."""

    def __init__(self, catalogs: Iterable[Path] = ()) -> None:
        self._chinese: dict[str, str] = {}
        for catalog in (OWN, *catalogs):
            self._chinese.update(json.loads(catalog.read_text("utf-8")))

    def spoken(self, sentence: str, language: str) -> str:
        """The sentence in `zh-CN` or `en`; what no catalog knows stays English."""
        if language != CHINESE:
            return sentence
        if not isinstance(sentence, Said):
            return self._chinese.get(sentence, sentence)
        template = self._chinese.get(sentence.template, sentence.template)
        return template.format(**{name: self._value(value, language) for name, value in sentence.values.items()})

    def chinese(self, sentence: str) -> str:
        """The sentence in Chinese, or nothing where no catalog knows it."""
        return self._chinese.get(sentence, "")

    def _value(self, value: object, language: str) -> object:
        return self.spoken(value, language) if isinstance(value, str) else value
