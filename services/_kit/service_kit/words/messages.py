"""Sentences and labels for callers in every language that has a catalog: `languages/<tag>.json` of
each package.

A catalog is a JSON object. Code says sentences in English, and they are the keys of their
translations; what has no sentence in the code (the name of a state, a title, a piece of a letter)
has a key of its own, such as `state.closed`, which en.json translates too.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Self

from service_kit.words.language import preferred

ENGLISH = "en"
OWN = Path(__file__).parents[1] / "languages"


class Said(str):
    """A sentence whose places were filled in;
    it keeps its template and values, so that it can be said in other languages too.
    """

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

    A value that is said too is a sentence within the sentence; any other is shown as it is. Raises
    KeyError when a place has no value.
    """
    return Said(template, **values)


def sentence(text: str) -> Said:
    """A text of ours as a sentence, whether it has places or not."""
    return text if isinstance(text, Said) else said(text)


def stored(sentence: str, *, longest: int) -> dict[str, object]:
    """A sentence as JSON, so that who reads it later is told it in their own language;
    values are cut at `longest` characters.
    """
    if not isinstance(sentence, Said):
        return {"text": sentence[:longest]}
    values = {
        name: stored(value if isinstance(value, Said) else str(value), longest=longest)
        for name, value in sentence.values.items()
    }
    return {"text": sentence.template, "values": values}


def restored(kept: Mapping[str, Any]) -> str:
    """The sentence that `stored` made this of, in English."""
    if "values" not in kept:
        return str(kept["text"])
    template = kept["text"]
    return said(template, **{name: restored(value) for name, value in kept["values"].items()})


class Messages:
    """The catalogs of this kit and of one package: a folder each, with one file a language.
    `texts` holds them by language.
    """

    def __init__(self, folders: Iterable[Path] = ()) -> None:
        self.texts: dict[str, dict[str, str]] = {ENGLISH: {}}
        for folder in (OWN, *folders):
            for catalog in sorted(folder.glob("*.json")):
                self.texts.setdefault(catalog.stem, {}).update(
                    json.loads(catalog.read_text("utf-8"))
                )

    def preferred(self, accept_language: str | None, *, default: str) -> str:
        """The language with a catalog that an Accept-Language header wishes for."""
        return preferred(accept_language, self.texts, default=default)

    def spoken(self, sentence: str, language: str) -> str:
        """The sentence in the language; what no catalog knows stays English."""
        if not isinstance(sentence, Said):
            return self.known(sentence, language) or sentence
        template = self.known(sentence.template, language) or sentence.template
        if not sentence.values:
            return template
        return template.format(
            **{name: self._value(value, language) for name, value in sentence.values.items()}
        )

    def label(self, key: str, language: str) -> str:
        """What a thing is called, or its template,
        in English where the language has no word for it; nothing where English has none.
        """
        return self.known(key, language) or self.known(key, ENGLISH)

    def known(self, text: str, language: str) -> str:
        """The text of a sentence or a label in the catalog of a language,
        or nothing where it has none.
        """
        return self.texts.get(language, {}).get(text, "")

    def _value(self, value: object, language: str) -> object:
        return self.spoken(value, language) if isinstance(value, Said) else value
