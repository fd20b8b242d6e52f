"""A table of moves: from which states a move leads where."""

from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Generic, Protocol, TypeVar


class Way(Protocol):
    """One line of a table; what else it says is the slice's."""

    @property
    def states(self) -> Iterable[StrEnum]: ...

    @property
    def move(self) -> StrEnum: ...


W = TypeVar("W", bound=Way)


class Moves(Generic[W]):
    """The lines of a table, found by state and move; ValueError where two lines claim one place."""

    def __init__(self, *ways: W) -> None:
        self._ways = ways
        self._by_place: Mapping[tuple[StrEnum, StrEnum], W] = {
            (state, way.move): way for way in ways for state in way.states
        }
        if len(self._by_place) != sum(len(list(way.states)) for way in ways):
            raise ValueError("one move leads two ways from one state")

    def __iter__(self) -> Iterator[W]:
        return iter(self._ways)

    def __contains__(self, place: tuple[StrEnum, StrEnum]) -> bool:
        return place in self._by_place

    def __getitem__(self, place: tuple[StrEnum, StrEnum]) -> W:
        """The line for this state and move; KeyError where the move does not start there."""
        return self._by_place[place]

    def leading_from(self, state: StrEnum) -> list[W]:
        """The lines that start in this state, in the order of the table."""
        return [way for way in self._ways if state in way.states]
