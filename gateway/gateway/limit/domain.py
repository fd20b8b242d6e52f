"""Limits per client: a fixed window of time, its quota, and what the headers tell the client about them."""

from dataclasses import dataclass
from math import ceil

# How many leases a replica takes from a window at most when it alone serves a client: few writes, yet a fair share for others.
LEASES_PER_WINDOW = 20


@dataclass(frozen=True, kw_only=True)
class Policy:
    """So many requests (`quota`) in so many seconds (`window`)."""

    quota: int
    window: int

    def window_of(self, seconds: float) -> int:
        """The start of the window that holds this moment, in seconds of the epoch."""
        return int(seconds // self.window) * self.window

    def resets_in(self, seconds: float) -> int:
        """Whole seconds until the next window, at least one."""
        return max(1, ceil(self.window_of(seconds) + self.window - seconds))

    @property
    def chunk(self) -> int:
        """How many requests one lease takes from the shared quota."""
        return max(1, self.quota // LEASES_PER_WINDOW)

    @property
    def policy_field(self) -> str:
        """The value of RateLimit-Policy (draft-ietf-httpapi-ratelimit-headers)."""
        return f'"default";q={self.quota};w={self.window}'

    def state_field(self, remaining: int, seconds: float) -> str:
        """The value of RateLimit: what is left, and the seconds until the quota is whole again."""
        return f'"default";r={max(0, remaining)};t={self.resets_in(seconds)}'


class Window:
    """What this process may still spend of one client's window; refilled by leases from the shared counter."""

    __slots__ = ("is_drained", "left", "policy", "start", "unleased")

    def __init__(self, policy: Policy, start: int) -> None:
        self.policy = policy
        self.start = start
        self.left = 0
        self.unleased = policy.quota
        self.is_drained = False

    def spend(self) -> bool:
        """Take one request; False when this process has none left."""
        if self.left <= 0:
            return False
        self.left -= 1
        return True

    def add_lease(self, granted: int, taken_in_all: int) -> None:
        """Add what the shared counter granted; `is_drained` means that it has no more to grant in this window."""
        self.left += granted
        self.unleased = max(0, self.policy.quota - taken_in_all)
        self.is_drained = granted == 0 or self.unleased == 0

    @property
    def is_low(self) -> bool:
        """Whether a further lease should be fetched ahead, so that no request waits for it."""
        return not self.is_drained and self.left * 4 <= self.policy.chunk

    @property
    def remaining(self) -> int:
        return self.left + self.unleased
