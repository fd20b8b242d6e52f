"""The course of a case as one table:
from which state which move leads where, and who may make it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from service_kit.words.moves import Moves


class State(StrEnum):
    RECEIVED = "received"
    ACKNOWLEDGED = "acknowledged"
    ASSESSED = "assessed"
    NOT_UPHELD = "not_upheld"
    ASSIGNED = "assigned"
    ANALYZED = "analyzed"
    PROPOSED = "proposed"
    APPROVED = "approved"
    IMPLEMENTED = "implemented"
    ANSWERED = "answered"
    ACCEPTED = "accepted"
    DISPUTED = "disputed"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"
    REOPENED = "reopened"
    PAUSED = "paused"


class Move(StrEnum):
    ACKNOWLEDGEMENT = "acknowledgement"
    VALIDITY = "validity"
    RESPONSIBILITY = "responsibility"
    CAUSE = "cause"
    PROPOSAL = "proposal"
    APPROVAL = "approval"
    IMPLEMENTATION = "implementation"
    RESPONSE = "response"
    FEEDBACK = "feedback"
    SUMMARY = "summary"
    WITHDRAWAL = "withdrawal"
    REOPENING = "reopening"
    REASSIGNMENT = "reassignment"
    PAUSE = "pause"
    RESUMPTION = "resumption"


class Outcome(StrEnum):
    """What decides between two ways on."""

    DONE = "done"
    NOT_UPHELD = "not_upheld"
    ABOVE_LIMIT = "above_limit"
    RETURNED = "returned"
    REJECTED = "rejected"
    PARTLY = "partly"
    NOT_ACCEPTED = "not_accepted"


class Duty(StrEnum):
    """Whose move it is in the house; `scope` is what the token must carry."""

    AGENT = "agent"
    HANDLER = "handler"
    DEPARTMENT = "department"
    MANAGER = "manager"

    @property
    def scope(self) -> str:
        return "complaints:approve" if self is Duty.MANAGER else "complaints:write"


class Where(StrEnum):
    """Targets that the case itself knows."""

    STAYS = "stays"
    WHERE_IT_WAS = "where_it_was"


Target = State | Where


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    states: tuple[State, ...]
    move: Move
    duty: Duty
    to: Mapping[Outcome, Target]
    events: Mapping[Outcome, str]


def _row(
    states: State | tuple[State, ...],
    move: Move,
    duty: Duty,
    event: str,
    to: Target,
    **others: tuple[str, Target],
) -> Row:
    """`event` and `to` are what happens usually;
    `others` name a different event and target by outcome.
    """
    ways = {Outcome.DONE: (event, to)} | {Outcome(name): way for name, way in others.items()}
    return Row(
        states if isinstance(states, tuple) else (states,),
        move,
        duty,
        {outcome: target for outcome, (_, target) in ways.items()},
        {outcome: told for outcome, (told, _) in ways.items()},
    )


S, M, D = State, Move, Duty
AT_WORK = (
    S.RECEIVED, S.ACKNOWLEDGED, S.ASSESSED, S.NOT_UPHELD, S.ASSIGNED, S.ANALYZED, S.PROPOSED,
    S.APPROVED, S.IMPLEMENTED, S.ANSWERED, S.ACCEPTED, S.DISPUTED, S.REOPENED,
)  # fmt: skip
ENDED = (S.CLOSED, S.WITHDRAWN)

# fmt: off
# ruff: noqa: E501 (a row of the table is read across)
TABLE = Moves(
    _row(S.RECEIVED,                            M.ACKNOWLEDGEMENT, D.AGENT,      "acknowledged", S.ACKNOWLEDGED),
    _row((S.ACKNOWLEDGED, S.REOPENED, S.DISPUTED), M.VALIDITY,     D.HANDLER,    "assessed",     S.ASSESSED,
         not_upheld=("not_upheld", S.NOT_UPHELD)),
    _row(S.ASSESSED,                            M.RESPONSIBILITY,  D.HANDLER,    "assigned",     S.ASSIGNED),
    _row(S.ASSIGNED,                            M.CAUSE,           D.DEPARTMENT, "analyzed",     S.ANALYZED),
    _row((S.ANALYZED, S.PROPOSED),              M.PROPOSAL,        D.DEPARTMENT, "proposed",     S.APPROVED,
         above_limit=("proposed", S.PROPOSED)),
    _row(S.PROPOSED,                            M.APPROVAL,        D.MANAGER,    "approved",     S.APPROVED,
         returned=("returned", S.ANALYZED), rejected=("rejected", S.ANALYZED)),
    _row(S.APPROVED,                            M.IMPLEMENTATION,  D.DEPARTMENT, "implemented",  S.IMPLEMENTED,
         partly=("implementation", Where.STAYS)),
    _row((S.IMPLEMENTED, S.NOT_UPHELD),         M.RESPONSE,        D.HANDLER,    "answered",     S.ANSWERED),
    _row(S.ANSWERED,                            M.FEEDBACK,        D.AGENT,      "feedback",     S.ACCEPTED,
         not_accepted=("feedback", S.DISPUTED)),
    _row((S.ACCEPTED, S.ANSWERED, S.DISPUTED),  M.SUMMARY,         D.HANDLER,    "closed",       S.CLOSED),
    _row((*AT_WORK, S.PAUSED),                  M.WITHDRAWAL,      D.AGENT,      "withdrawn",    S.WITHDRAWN),
    _row(ENDED,                                 M.REOPENING,       D.HANDLER,    "reopened",     S.REOPENED),
    _row((*AT_WORK, S.PAUSED),                  M.REASSIGNMENT,    D.HANDLER,    "reassigned",   Where.STAYS),
    _row(AT_WORK,                               M.PAUSE,           D.HANDLER,    "paused",       S.PAUSED),
    _row(S.PAUSED,                              M.RESUMPTION,      D.HANDLER,    "resumed",      Where.WHERE_IT_WAS),
)
# fmt: on

DUTY_OF: Mapping[Move, Duty] = {row.move: row.duty for row in TABLE}


def allowed_moves(state: State) -> tuple[Move, ...]:
    """The moves that can be made now, in the order of the steps."""
    return tuple(move for move in Move if (state, move) in TABLE)
