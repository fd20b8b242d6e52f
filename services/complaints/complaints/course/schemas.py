"""The course of complaints as the API shows it."""

from typing import Annotated

from pydantic import Field
from service_kit.words.fields import Output

from complaints.course.domain import TABLE, Duty, Move, Outcome, Row, State
from complaints.course.labels import called


class WayView(Output):
    """Where a move leads by its outcome;
    `stays` and `where_it_was` are no states but say what happens to the present one.
    """

    outcome: Outcome
    state: Annotated[str, Field(max_length=20)]
    event: Annotated[str, Field(max_length=60)]


class MoveView(Output):
    """One row of the table by which cases move."""

    move: Move
    label: Annotated[str, Field(max_length=100)]
    duty: Duty
    scope: Annotated[str, Field(max_length=60)]
    states: Annotated[list[State], Field(max_length=30)]
    leads_to: Annotated[list[WayView], Field(max_length=10)]


class StateLabel(Output):
    state: State
    label: Annotated[str, Field(max_length=100)]


class CourseView(Output):
    """The whole table of moves, and what states and moves are called."""

    states: Annotated[list[StateLabel], Field(max_length=30)]
    moves: Annotated[list[MoveView], Field(max_length=30)]


def course_view(language: str) -> CourseView:
    """The table of moves with its labels in a language."""
    rows = sorted(TABLE, key=lambda row: list(Move).index(row.move))
    return CourseView(
        states=[StateLabel(state=state, label=called(state, language)) for state in State],
        moves=[_move(row, language) for row in rows],
    )


def _move(row: Row, language: str) -> MoveView:
    ways = [
        WayView(outcome=outcome, state=str(to), event=f"complaint.{row.events[outcome]}")
        for outcome, to in row.to.items()
    ]
    return MoveView(
        move=row.move,
        label=called(row.move, language),
        duty=row.duty,
        scope=row.duty.scope,
        states=list(row.states),
        leads_to=ways,
    )
