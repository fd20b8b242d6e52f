"""Limits per client: a fixed window of time, its quota, and what the headers tell the client about
them.

Who has no limit of its own has that of the settings `rate_limit_requests`, `rate_limit_seconds` and
`anonymous_limit_requests`.
"""

from dataclasses import dataclass
from math import ceil

# How many leases a replica takes from a window at most when it alone serves a client: few writes,
# yet a fair share for others.
LEASES_PER_WINDOW = 20


@dataclass(frozen=True, kw_only=True)
class Policy:
    """So many requests (`quota`) in so many seconds (`window`)."""

    quota: int
    window: int

    def window_of(self, seconds: float) -> int:
        """The start of the window that holds this moment, in seconds of the epoch."""
        return int(seconds // self.window) * self.window

    def exceeds(self, other: "Policy") -> bool:
        """Whether it lets through more than the other, at once or in the long run."""
        return self.quota > other.quota or self.quota * other.window > other.quota * self.window

    @property
    def chunk(self) -> int:
        """How many requests one lease takes from the shared quota."""
        return max(1, self.quota // LEASES_PER_WINDOW)

    @property
    def policy_field(self) -> bytes:
        """The value of RateLimit-Policy (draft-ietf-httpapi-ratelimit-headers)."""
        return b'"default";q=%d;w=%d' % (self.quota, self.window)


class Window:
    """What this process may still spend of one client's window;
    refilled by leases from the shared counter.
    """

    __slots__ = (
        "ends_at",
        "is_drained",
        "left",
        "low",
        "policy",
        "policy_field",
        "start",
        "unleased",
    )

    def __init__(self, policy: Policy, start: int) -> None:
        self.policy = policy
        self.policy_field = policy.policy_field
        self.start = start
        self.ends_at = start + policy.window
        self.low = policy.chunk // 4
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
        """Add what the shared counter granted;
        `is_drained` means that it has no more to grant in this window.
        """
        self.left += granted
        self.unleased = max(0, self.policy.quota - taken_in_all)
        self.is_drained = granted == 0 or self.unleased == 0

    @property
    def is_low(self) -> bool:
        """Whether a further lease should be fetched ahead, so that no request waits for it."""
        return not self.is_drained and self.left <= self.low

    @property
    def remaining(self) -> int:
        return self.left + self.unleased

    def resets_in(self, seconds: float) -> int:
        """Whole seconds until the next window, at least one."""
        return max(1, ceil(self.ends_at - seconds))

    def state_field(self, remaining: int, seconds: float) -> bytes:
        """The value of RateLimit: what is left, and the seconds until the quota is whole again."""
        return b'"default";r=%d;t=%d' % (remaining, self.resets_in(seconds))
