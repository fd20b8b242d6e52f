"""A new version of the calendar, whatever state a case is in:
it moves on, its clocks ended, paused or running.
"""

import asyncio
from typing import Any

import pytest
from complaints.course.domain import TABLE, Move, State
from complaints.testing import Desk, StoppedClock, clock_named, with_holiday
from service_kit.testing import Api

# Where the usual way leads after which move; the sum proposed lies above the limit of the desk.
REACHED_BY = {
    State.ACKNOWLEDGED: "acknowledgement",
    State.ASSESSED: "validity",
    State.ASSIGNED: "responsibility",
    State.ANALYZED: "cause",
    State.PROPOSED: "proposal",
    State.APPROVED: "approval",
    State.IMPLEMENTED: "implementation",
    State.ANSWERED: "response",
    State.ACCEPTED: "feedback",
    State.CLOSED: "summary",
}
SIDEWAYS = ("pause", "reassignment", "resumption")


async def in_state(desk: Desk, state: State) -> dict[str, Any]:
    """A case that came to be in this state."""
    complaint = await desk.record()
    if state is State.RECEIVED:
        return complaint
    if through := REACHED_BY.get(state):
        return await desk.walk(complaint, through=through)
    acknowledged = await desk.walk(complaint, through="acknowledgement")
    match state:
        case State.PAUSED:
            return await desk.move(acknowledged, "pause")
        case State.WITHDRAWN:
            return await desk.move(acknowledged, "withdrawal")
        case State.REOPENED:
            return await desk.move(await desk.move(acknowledged, "withdrawal"), "reopening")
        case State.NOT_UPHELD:
            return await desk.move(acknowledged, "validity", verdict="not_upheld")
        case _:
            return await desk.move(
                await desk.walk(acknowledged, through="response"), "feedback", accepted=False
            )


@pytest.mark.parametrize("state", list(State))
async def test_a_case_in_this_state_makes_every_move_after_a_calendar_change(
    api: Api, desk: Desk, clock: StoppedClock, state: State
) -> None:
    complaint = await in_state(desk, state)
    assert complaint["state"] == state
    clock.forward(hours=1)
    await with_holiday(api, "2026-03-18")

    for move in SIDEWAYS:
        if move in complaint["allowed_moves"]:
            complaint = await desk.move(complaint, move)
    onward = next(
        move for move in Move if move not in SIDEWAYS and (State(complaint["state"]), move) in TABLE
    )
    complaint = await desk.move(complaint, onward)
    if "withdrawal" in complaint["allowed_moves"]:
        complaint = await desk.move(complaint, "withdrawal")
    reopened = (
        await desk.move(complaint, "reopening")
        if "reopening" in complaint["allowed_moves"]
        else complaint
    )

    assert reopened["state"] == "reopened"


async def test_a_case_whose_resolution_alone_was_dated_anew_moves_on(
    api: Api, desk: Desk, clock: StoppedClock
) -> None:
    """The ended first reply stays with the version that it was met under,
    the running resolution is lifted to the next.
    """
    clock.forward(days=285)
    complaint = await desk.walk(await desk.record(), through="acknowledgement")
    clock.forward(days=4)
    assert clock_named(complaint, "resolution")["provisional"] is False
    late = await desk.walk(await desk.record(), through="acknowledgement")
    assert clock_named(late, "resolution")["provisional"] is True

    await with_holiday(api, "2027-01-01", published_until="2027-12-31")
    for _ in range(100):
        late = await desk.read(late)
        if clock_named(late, "resolution")["calendar_version"] == 2:
            break
        await asyncio.sleep(0.05)

    assert clock_named(late, "resolution")["calendar_version"] == 2
    assert clock_named(late, "first_reply")["calendar_version"] == 1
    for each in (complaint, late):
        closed = await desk.walk(
            await desk.move(await desk.move(each, "pause"), "resumption"), through="summary"
        )
        assert closed["state"] == "closed"
