"""A table of moves finds its lines by state and move, and holds each place once."""

from dataclasses import dataclass
from enum import StrEnum

import pytest
from service_kit.words.moves import Moves


class State(StrEnum):
    NEW = "new"
    OPEN = "open"
    OVER = "over"


class Move(StrEnum):
    OPENING = "opening"
    CLOSING = "closing"


@dataclass(frozen=True)
class Line:
    states: tuple[State, ...]
    move: Move
    to: State


OPENING = Line((State.NEW, State.OVER), Move.OPENING, State.OPEN)
CLOSING = Line((State.OPEN, State.NEW), Move.CLOSING, State.OVER)


def test_a_line_is_found_by_state_and_move():
    table = Moves(OPENING, CLOSING)

    assert table[State.OVER, Move.OPENING] is OPENING
    assert (State.OVER, Move.CLOSING) not in table
    assert table.leading_from(State.NEW) == [OPENING, CLOSING]
    assert list(table) == [OPENING, CLOSING]
    with pytest.raises(KeyError):
        table[State.OPEN, Move.OPENING]


def test_a_table_in_which_one_move_leads_two_ways_is_refused():
    with pytest.raises(ValueError, match="two ways"):
        Moves(OPENING, Line((State.OVER,), Move.OPENING, State.NEW))
