"""Restarts: at once after the first death, later and later after more, and never without bound."""

from pathlib import Path

import pytest
from guanxi_local.child import Child
from guanxi_local.refusals import LauncherError
from guanxi_local.supervisor import LONGEST_PAUSE, STEADY_AFTER, Supervisor, pause_after


class MortalChild(Child):
    """A child without a process: it lives and dies by word."""

    def __init__(self, name: str) -> None:
        super().__init__(name, "nowhere", [], environment={}, log=Path(f"/nowhere/{name}.log"))
        self.starts = 0
        self.is_alive = False
        self.answers = True

    @property
    def is_running(self) -> bool:
        return self.is_alive

    def start(self) -> None:
        self.starts += 1
        self.is_alive = True

    def is_ready(self) -> bool:
        return self.is_alive and self.answers

    def ensure_stopped(self, *, within: float) -> None:
        self.is_alive = False


class Watch:
    """A supervisor with a clock that is moved by hand."""

    def __init__(self, *children: Child) -> None:
        self.now = 100.0
        self.told: list[str] = []
        self.changes = 0
        self.supervisor = Supervisor(
            tell=self.told.append, changed=self._change, clock=lambda: self.now
        )
        self.supervisor.start(children)

    def _change(self) -> None:
        self.changes += 1

    def after(self, seconds: float) -> None:
        self.now += seconds
        self.supervisor.restart_the_dead()


def test_the_pauses_double_from_none_up_to_a_bound() -> None:
    assert [pause_after(deaths) for deaths in (1, 2, 3, 4, 5)] == [0.0, 0.5, 1.0, 2.0, 4.0]
    assert pause_after(50) == LONGEST_PAUSE


def test_a_child_that_died_is_started_again_at_once_and_it_is_told() -> None:
    child = MortalChild("complaints")
    watch = Watch(child)

    child.is_alive = False
    watch.after(0.05)
    watch.after(0.05)

    assert (child.starts, child.is_alive) == (2, True)
    assert watch.told == ["complaints ended (exit None); starting it again."]
    assert watch.changes == 2


def test_a_child_that_keeps_dying_is_started_later_and_later() -> None:
    child = MortalChild("complaints")
    watch = Watch(child)

    for _ in range(600):
        child.is_alive = False
        watch.after(0.05)

    assert 10 <= child.starts <= 13


def test_a_child_that_is_killed_again_and_again_is_back_as_fast_as_the_first_time() -> None:
    child = MortalChild("scoring")
    watch = Watch(child)

    for kills in range(1, 9):
        watch.after(LONGEST_PAUSE)
        child.is_alive = False
        watch.after(0.05)
        watch.after(0.05)
        assert child.starts == 1 + kills


def test_a_child_that_ran_steadily_is_not_blamed_for_old_deaths() -> None:
    child = MortalChild("complaints")
    watch = Watch(child)
    for _ in range(200):
        child.is_alive = False
        watch.after(0.05)
    child.start()
    watch.supervisor.watched[0].started_at, watch.supervisor.watched[0].restart_at = watch.now, None

    watch.after(STEADY_AFTER + 1)
    child.is_alive = False
    watch.after(0.05)
    watch.after(0.05)

    assert child.is_alive


def test_a_child_that_dies_before_it_was_ready_ends_the_start() -> None:
    healthy, dying = MortalChild("gateway"), MortalChild("scoring")
    watch = Watch(healthy, dying)
    dying.is_alive = False

    with pytest.raises(LauncherError, match="scoring stopped at start"):
        watch.supervisor.wait_until_ready(within=5)


def test_a_child_that_never_answers_ends_the_start_in_time() -> None:
    silent = MortalChild("scoring")
    silent.answers = False
    watch = Watch(silent)

    with pytest.raises(LauncherError, match="Not ready within -1 s: scoring"):
        watch.supervisor.wait_until_ready(within=-1)


def test_only_the_named_children_are_stopped() -> None:
    gateway, scoring = MortalChild("gateway"), MortalChild("scoring")
    watch = Watch(gateway, scoring)

    watch.supervisor.stop(["gateway"], within=1)

    assert (gateway.is_alive, scoring.is_alive) == (False, True)


def test_a_child_that_cannot_be_started_again_is_tried_later() -> None:
    child = MortalChild("complaints")
    watch = Watch(child)
    refusals = [
        LauncherError("Cannot start complaints: no space."),
        LauncherError("Cannot start complaints: no space."),
    ]
    start = child.start

    def refused() -> None:
        if refusals:
            raise refusals.pop()
        start()

    child.start = refused  # type: ignore[method-assign]
    child.is_alive = False
    told = 0
    for _ in range(200):
        try:
            watch.after(0.05)
        except LauncherError:
            told += 1

    assert (told, child.is_alive, child.starts) == (2, True, 2)
