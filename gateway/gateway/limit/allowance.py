"""Spends requests from shared windows:
the hot path touches memory only, leases are fetched ahead.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from service_kit.store.sqlstates import OutcomeUnknown, TransactionRolledBack
from service_kit.words.errors import Unavailable

from gateway.limit.domain import Policy, Window

REMEMBERED = 20_000


@dataclass(frozen=True, kw_only=True)
class Lease:
    """So many requests were granted; so many are taken of the window by all replicas together."""

    granted: int
    taken_in_all: int


class Leases(Protocol):
    async def take(self, key: str, policy: Policy, window: int) -> Lease:
        """Take one chunk of the window from the counter that all replicas share."""
        ...


class Local:
    """Leases without a shared counter:
    for callers without a client, who are counted by each replica alone.
    """

    async def take(self, key: str, policy: Policy, window: int) -> Lease:
        return Lease(granted=policy.quota, taken_in_all=policy.quota)


class Verdict(NamedTuple):
    """Whether the request may pass, and the two header values that say how the client stands."""

    is_allowed: bool
    policy_field: bytes
    state_field: bytes
    retry_after: int


class Allowances:
    """The windows that this process spends from."""

    def __init__(self, leases: Leases, *, now: Callable[[], float] = time.time) -> None:
        self._leases = leases
        self._now = now
        self._windows: OrderedDict[str, Window] = OrderedDict()
        self._fetching: dict[str, asyncio.Task[None]] = {}

    async def spend(self, key: str, policy: Policy) -> Verdict:
        """Take one request of the client's window;
        waits only when the first lease of a window is fetched.
        """
        now = self._now()
        window = self._window(key, policy, now)
        is_allowed = window.spend()
        while not is_allowed and not window.is_drained:
            await asyncio.shield(self._fetch(key, window))
            is_allowed = window.spend()
        if window.is_low and key not in self._fetching:
            self._fetch(key, window)
        return _verdict(window, now, is_allowed=is_allowed)

    def is_drained(self, key: str) -> bool:
        """Whether the window of this moment has nothing left, as far as is known here;
        one that nobody spends from is not made.
        """
        window = self._windows.get(key)
        return (
            window is not None
            and window.is_drained
            and window.left <= 0
            and window.start <= self._now() < window.ends_at
        )

    def standing(self, key: str, policy: Policy) -> Verdict:
        """How the client stands, without taking anything."""
        now = self._now()
        return _verdict(self._window(key, policy, now), now, is_allowed=True)

    def _window(self, key: str, policy: Policy, now: float) -> Window:
        window = self._windows.get(key)
        if (
            window is None
            or not window.start <= now < window.ends_at
            or window.policy is not policy
        ):
            if (
                window is not None
                and window.start <= now < window.ends_at
                and window.policy == policy
            ):
                window.policy = policy
                return window
            window = self._windows[key] = Window(policy, policy.window_of(now))
            self._windows.move_to_end(key)
            if len(self._windows) > REMEMBERED:
                self._windows.popitem(last=False)
        return window

    def _fetch(self, key: str, window: Window) -> asyncio.Task[None]:
        """One fetch per client at a time; whoever needs it waits for the same."""
        task = self._fetching.get(key)
        if task is None:
            task = self._fetching[key] = asyncio.create_task(self._lease(key, window))
            task.add_done_callback(lambda _: self._fetching.pop(key, None))
        return task

    async def _lease(self, key: str, window: Window) -> None:
        try:
            lease = await self._leases.take(key, window.policy, window.start)
        except (Unavailable, TransactionRolledBack, OutcomeUnknown):
            # A database that does not answer must not stop reads that the services can still serve:
            # count alone meanwhile.
            granted = min(window.policy.chunk, window.unleased)
            window.add_lease(granted, window.policy.quota - window.unleased + granted)
            return
        window.add_lease(lease.granted, lease.taken_in_all)


def _verdict(window: Window, now: float, *, is_allowed: bool) -> Verdict:
    remaining = window.remaining if is_allowed else 0
    return Verdict(
        is_allowed, window.policy_field, window.state_field(remaining, now), window.resets_in(now)
    )
