"""Which events somebody may be told of:
those whose scopes, as the contracts say them, they all hold.
"""

from collections.abc import Collection, Iterable

from service_kit.access.event_scopes import FamilyScopes, family_of, readable
from service_kit.words.errors import Invalid
from service_kit.words.messages import said

EVERYTHING = "*"
TEST_TYPE = "webhook.test"


class EventTypeUnknown(Invalid):
    """Nothing of this family of event types is ever told;
    the contract lists the events under `webhooks`.
    """


class EventScopes:
    """Made from the families of events that are told,
    each with the scopes of reading what it tells of.
    """

    def __init__(self, families: FamilyScopes) -> None:
        self._families = families
        self.scopes = frozenset(scope for scopes in families.values() for scope in scopes)

    def needed_for(self, filters: Iterable[str]) -> list[str]:
        """The scopes of what the filters name; `*` names nothing, it stands for what may be read.
        Raises EventTypeUnknown.
        """
        needed: dict[str, None] = {}
        for place, asked in enumerate(filters):
            if asked == EVERYTHING:
                continue
            scopes = self._families.get(family_of(asked))
            if scopes is None:
                raise EventTypeUnknown(
                    said("there are no events {asked}", asked=asked),
                    pointer=f"/event_types/{place}",
                )
            needed |= dict.fromkeys(scopes)
        return list(needed)

    def may_read(self, scopes: Collection[str], event_type: str) -> bool:
        """Whether somebody with these scopes may be told of this (plain) event type;
        what is unknown here is told to nobody.
        """
        needed = self._families.get(family_of(event_type))
        return event_type == TEST_TYPE or (needed is not None and set(needed) <= set(scopes))

    def readable_by(self, scopes: Collection[str]) -> list[str] | None:
        """The families that these scopes let read; None when those are all."""
        return readable(self._families, scopes)
