"""Which service answers which path, as the contracts say:
a table that is made once, when the gateway starts.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from gateway.services import GATEWAY

PREFIX = "/v1/"
# In place of an owner: what each of them has; the query parameter `source` names the one that is
# meant.
SHARED = "shared"
# In place of a part of the path: whatever stands there, and the end of it.
ANY = "{}"
END = ""
# By the next part of the path: who answers all that lies there, or a table of the parts after it.
Table = dict[str, "Table | str"]


class PathClaimedTwice(Exception):
    """A path is in the contracts of several, and not of all."""


class Paths:
    """Made from the paths that each publishes, by name;
    a part that is written out goes before a parameter.
    """

    def __init__(self, published: Mapping[str, Iterable[str]]) -> None:
        self._table = _table(_owners(published))

    def owner_of(self, path: str) -> str:
        """Who answers the path, be it with 404: a service, GATEWAY, or SHARED."""
        if not path.startswith(PREFIX):
            return GATEWAY
        place: Table | str = self._table
        for part in path[len(PREFIX) :].split("/"):
            if isinstance(place, str):
                return place
            place = place.get(part) or place.get(ANY) or place.get(END, GATEWAY)
        return place if isinstance(place, str) else str(place.get(END, GATEWAY))


def _owners(published: Mapping[str, Iterable[str]]) -> dict[tuple[str, ...], str]:
    claims: defaultdict[tuple[str, ...], set[str]] = defaultdict(set)
    for name, paths in published.items():
        for path in paths:
            if path.startswith(PREFIX):
                claims[
                    tuple(
                        ANY if part.startswith("{") else part
                        for part in path.removeprefix(PREFIX).split("/")
                    )
                ].add(name)
    return {parts: _owner(parts, names, among=len(published)) for parts, names in claims.items()}


def _owner(parts: tuple[str, ...], names: set[str], *, among: int) -> str:
    if len(names) == 1:
        return next(iter(names))
    if len(names) < among:
        raise PathClaimedTwice(
            f"{PREFIX}{'/'.join(parts)} is claimed by {' and '.join(sorted(names))}"
        )
    return SHARED


def _table(owners: Mapping[tuple[str, ...], str]) -> Table:
    """The table of the next parts; where all that follows has one owner, the owner."""
    following: defaultdict[str, dict[tuple[str, ...], str]] = defaultdict(dict)
    for parts, owner in owners.items():
        following[parts[0] if parts else END][parts[1:]] = owner
    return {
        part: rest.popitem()[1] if len(set(rest.values())) == 1 else _table(rest)
        for part, rest in following.items()
    }
