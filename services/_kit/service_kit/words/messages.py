"""Sentences for callers, in both languages: the code says them in English, a catalog of each package holds them in Chinese.

A catalog is a JSON object from the English sentence, or its template with named places, to the Chinese one.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Self

CHINESE = "zh-CN"
OWN = Path(__file__).parents[1] / f"messages.{CHINESE}.json"


class Said(str):
    """A sentence whose places were filled in; it keeps its template and values, so that it can be said in the other language too."""

    __slots__ = ("template", "values")
    template: str
    values: Mapping[str, object]

    def __new__(cls, template: str, /, **values: object) -> Self:
        made = super().__new__(cls, template.format(**values) if values else template)
        made.template = template
        made.values = values
        return made

    def __getnewargs_ex__(self) -> tuple[tuple[str], dict[str, object]]:
        return (self.template,), dict(self.values)


def said(template: str, /, **values: object) -> Said:
    """`said("at most {largest} bytes", largest=9)`: a text that the catalogs know by its template.

    A value that is said too is a sentence within the sentence; any other is shown as it is. Raises KeyError when a place has no value.
    """
    return Said(template, **values)


def sentence(text: str) -> Said:
    """A text of ours as a sentence, whether it has places or not."""
    return text if isinstance(text, Said) else said(text)


def stored(sentence: str, *, longest: int) -> dict[str, object]:
    """A sentence as JSON, so that who reads it later is told it in their own language; values are cut at `longest` characters."""
    if not isinstance(sentence, Said):
        return {"text": sentence[:longest]}
    values = {name: stored(value if isinstance(value, Said) else str(value), longest=longest) for name, value in sentence.values.items()}
    return {"text": sentence.template, "values": values}


def restored(kept: Mapping[str, Any]) -> str:
    """The sentence that `stored` made this of, in English."""
    if "values" not in kept:
        return str(kept["text"])
    template = kept["text"]
    return said(template, **{name: restored(value) for name, value in kept["values"].items()})


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
        if not sentence.values:
            return template
        return template.format(**{name: self._value(value, language) for name, value in sentence.values.items()})

    def chinese(self, sentence: str) -> str:
        """The sentence in Chinese, or nothing where no catalog knows it."""
        return self._chinese.get(sentence, "")

    def _value(self, value: object, language: str) -> object:
        return self.spoken(value, language) if isinstance(value, Said) else value
