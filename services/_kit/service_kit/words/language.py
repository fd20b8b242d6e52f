"""Which language an answer speaks."""

from collections.abc import Iterable, Mapping


def preferred(accept_language: str | None, languages: Iterable[str], *, default: str) -> str:
    """One of the languages by the weights of an Accept-Language header (RFC 9110);
    the default when it names none of them.
    """
    known = {tag.lower(): tag for tag in languages}
    best, best_weight = default, 0.0
    for part in (accept_language or "").split(",")[:20]:
        tag, _, parameters = part.strip().partition(";")
        weight = _weight(parameters)
        language = closest(tag.strip(), known)
        if language and weight > best_weight:
            best, best_weight = language, weight
    return best


def spoken(labels: Mapping[str, str], language: str) -> str:
    """The label in the language, else in the other one."""
    return labels.get(language) or next((label for label in labels.values() if label), "")


def closest(tag: str, known: Mapping[str, str]) -> str | None:
    """The language of a tag, else the first one of the same kind:
    Chinese of Taiwan is answered in that of the mainland.
    """
    wished = tag.lower()
    kind = wished.partition("-")[0]
    return known.get(wished) or next(
        (own for own in known.values() if own.lower().partition("-")[0] == kind), None
    )


def _weight(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return min(1.0, max(0.0, float(value)))
    except ValueError:
        return 0.0
