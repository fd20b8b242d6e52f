"""Which of the two languages an answer speaks."""

from collections.abc import Mapping

LANGUAGES = ("zh-CN", "en")


def preferred(accept_language: str | None, *, default: str) -> str:
    """`zh-CN` or `en` by the weights of an Accept-Language header (RFC 9110); the default when it names neither."""
    best, best_weight = default, 0.0
    for part in (accept_language or "").split(",")[:20]:
        tag, _, parameters = part.strip().partition(";")
        weight = _weight(parameters)
        language = _spoken(tag.strip().lower())
        if language and weight > best_weight:
            best, best_weight = language, weight
    return best


def spoken(labels: Mapping[str, str], language: str) -> str:
    """The label in the language, else in the other one."""
    return labels.get(language) or next((label for label in labels.values() if label), "")


def _spoken(tag: str) -> str | None:
    if tag == "zh" or tag.startswith("zh-"):
        return "zh-CN"
    return "en" if tag == "en" or tag.startswith("en-") else None


def _weight(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return min(1.0, max(0.0, float(value)))
    except ValueError:
        return 0.0
