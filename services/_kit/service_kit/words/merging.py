"""JSON merge patches, as RFC 7396 has them."""

from collections.abc import Mapping
from typing import Any


def merged(document: object, patch: Mapping[str, Any]) -> dict[str, Any]:
    """The document after the patch: null deletes a member, objects are merged member by member, all
    else is replaced whole.

    What is no object counts as an empty one. Neither argument is changed.
    """
    after = dict(document) if isinstance(document, Mapping) else {}
    for name, value in patch.items():
        if value is None:
            after.pop(name, None)
        else:
            after[name] = merged(after.get(name), value) if isinstance(value, Mapping) else value
    return after
