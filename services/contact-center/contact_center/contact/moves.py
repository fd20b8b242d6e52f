"""The course of a contact as one table: which move leads from which states to which."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from service_kit.words.errors import Conflict


class State(StrEnum):
    IN_FLOW = "in_flow"
    QUEUED = "queued"
    OFFERED = "offered"
    ASSIGNED = "assigned"
    ON_HOLD = "on_hold"
    WRAPPING = "wrapping"
    COMPLETED = "completed"
    ABANDONED = "abandoned"


class Move(StrEnum):
    """Those that callers ask for are sub-resources of the contact; the others happen by themselves."""

    INPUTS = "inputs"
    HANG_UP = "hang_up"
    QUEUEING = "queueing"
    OFFERING = "offering"
    ACCEPTANCE = "acceptance"
    RETURN = "return"
    ABANDONMENT = "abandonment"
    HOLD = "hold"
    RESUMPTION = "resumption"
    TRANSFER = "transfer"
    WRAP_UP = "wrap_up"
    COMPLETION = "completion"


class ContactMoveNotAllowed(Conflict):
    """The contact is not in a state for this move; `allowed_moves` says what it allows now."""


@dataclass(frozen=True)
class Way:
    """One line of the table."""

    move: Move
    states: frozenset[State]
    to: State
    event: str
    is_asked: bool


def _way(move: Move, states: tuple[State, ...], to: State, event: str, *, is_asked: bool = False) -> Way:
    return Way(move, frozenset(states), to, f"contact.{event}", is_asked)


S, M = State, Move
TABLE = (
    _way(M.INPUTS, (S.IN_FLOW,), S.IN_FLOW, "in_flow", is_asked=True),
    _way(M.HANG_UP, (S.IN_FLOW,), S.COMPLETED, "completed"),
    _way(M.QUEUEING, (S.IN_FLOW,), S.QUEUED, "queued"),
    _way(M.OFFERING, (S.QUEUED,), S.OFFERED, "offered"),
    _way(M.ACCEPTANCE, (S.OFFERED,), S.ASSIGNED, "assigned"),
    _way(M.RETURN, (S.OFFERED,), S.QUEUED, "queued"),
    _way(M.ABANDONMENT, (S.IN_FLOW, S.QUEUED, S.OFFERED), S.ABANDONED, "abandoned", is_asked=True),
    _way(M.HOLD, (S.ASSIGNED,), S.ON_HOLD, "on_hold", is_asked=True),
    _way(M.RESUMPTION, (S.ON_HOLD,), S.ASSIGNED, "resumed", is_asked=True),
    _way(M.TRANSFER, (S.ASSIGNED, S.ON_HOLD), S.QUEUED, "transferred", is_asked=True),
    _way(M.WRAP_UP, (S.ASSIGNED, S.ON_HOLD), S.WRAPPING, "wrapping"),
    _way(M.COMPLETION, (S.ASSIGNED, S.ON_HOLD, S.WRAPPING), S.COMPLETED, "completed", is_asked=True),
)
WAYS: Mapping[Move, Way] = {way.move: way for way in TABLE}


def way(state: State, move: Move) -> Way:
    """The line of the table for this move.

    Raises ContactMoveNotAllowed when it does not start in this state.
    """
    found = WAYS[move]
    if state not in found.states:
        detail = f"{move.value.replace('_', ' ')} is not possible while the contact is {state.value.replace('_', ' ')}"
        raise ContactMoveNotAllowed(detail, state=state.value, allowed_moves=allowed_moves(state))
    return found


def allowed_moves(state: State) -> list[str]:
    """What may be asked for in this state."""
    return [way.move.value for way in TABLE if way.is_asked and state in way.states]
