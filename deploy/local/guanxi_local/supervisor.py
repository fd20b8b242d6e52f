"""Keeps the children running: first start, restarts after a death, and the stop of all of them."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from guanxi_local.child import Child
from guanxi_local.refusals import LauncherError

LONGEST_PAUSE = 4.0
STEADY_AFTER = 30.0
POLL = 0.05


@dataclass
class Watched:
    """A child with the memory of its deaths."""

    child: Child
    started_at: float = 0.0
    deaths: int = 0
    restart_at: float | None = field(default=None)


def pause_after(deaths: int) -> float:
    """Seconds from one start to the next: none after the first death, then doubling from half a
    second.

    They count from the start, not from the death: what was killed again and again after a while is
    back as fast as after the first time, and what cannot start is tried no more often than every
    few seconds.
    """
    return 0.0 if deaths <= 1 else min(LONGEST_PAUSE, 0.5 * 2.0 ** min(deaths - 2, 10))


class Supervisor:
    """Starts children together, restarts the one that dies, and stops them in a bounded time."""

    def __init__(
        self,
        *,
        tell: Callable[[str], None],
        changed: Callable[[], None],
        clock: Callable[[], float],
    ) -> None:
        self.watched: list[Watched] = []
        self._tell = tell
        self._changed = changed
        self._clock = clock

    @property
    def children(self) -> list[Child]:
        return [watched.child for watched in self.watched]

    def start(self, children: Iterable[Child]) -> None:
        for child in children:
            watched = Watched(child)
            self.watched.append(watched)
            self._start(watched)
        self._changed()

    def wait_until_ready(self, *, within: float) -> None:
        """Refuses when a child dies before it was ready, or is not ready in time."""
        deadline = self._clock() + within
        waiting = [watched.child for watched in self.watched]
        while waiting:
            for child in waiting:
                if not child.is_running:
                    raise LauncherError(
                        f"{child.name} stopped at start (exit {child.exit_code}):"
                        f" {child.last_words()} (log: {child.log})"
                    )
            waiting = [child for child in waiting if not child.is_ready()]
            if waiting and self._clock() > deadline:
                names = ", ".join(child.name for child in waiting)
                raise LauncherError(
                    f"Not ready within {within:g} s: {names}: {waiting[0].last_words()} (log:"
                    f" {waiting[0].log})"
                )
            time.sleep(POLL if waiting else 0)

    def restart_the_dead(self) -> None:
        """One round: notes deaths, and starts again what is due."""
        for watched in self.watched:
            if watched.child.is_running:
                continue
            now = self._clock()
            if watched.restart_at is None:
                self._note_death(watched, now)
            elif now >= watched.restart_at:
                watched.child.ensure_stopped(within=0)
                self._start(watched)
                self._changed()

    def stop(self, names: Iterable[str], *, within: float) -> None:
        """Asks these to stop and kills after the time is up who did not."""
        wanted = set(names)
        children = [watched.child for watched in self.watched if watched.child.name in wanted]
        for child in children:
            child.ask_to_stop()
        deadline = self._clock() + within
        for child in children:
            child.ensure_stopped(within=deadline - self._clock())

    def _start(self, watched: Watched) -> None:
        watched.started_at, watched.restart_at = self._clock(), None
        watched.child.start()

    def _note_death(self, watched: Watched, now: float) -> None:
        was_steady = now - watched.started_at > STEADY_AFTER
        watched.deaths = 1 if was_steady else watched.deaths + 1
        watched.restart_at = max(now, watched.started_at + pause_after(watched.deaths))
        self._tell(
            f"{watched.child.name} ended (exit {watched.child.exit_code}); starting it again."
        )
