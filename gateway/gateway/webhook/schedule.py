"""When a delivery is tried again, and when an endpoint is given up.

How long one attempt may take is the setting `webhook_attempt_seconds`, how long deliveries are kept
`webhook_log_days`.
"""

from datetime import datetime, timedelta

# What the delivery workers are woken by.
TOPIC = "webhooks"
# Each counted from the failure before; the first attempt is made at once.
DELAYS = (
    timedelta(0),
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
# Deliveries that failed together shall not come back together.
JITTER = 0.1
GIVEN_UP_AFTER = timedelta(days=5)


def next_attempt(tries: int, failed_at: datetime, *, chance: float) -> datetime | None:
    """When to try again after so many tries; `chance` in [0, 1) spreads it;
    None when the schedule is over.
    """
    if tries >= len(DELAYS):
        return None
    return failed_at + DELAYS[tries] * (1 + JITTER * chance)


def is_given_up(failing_since: datetime, at: datetime) -> bool:
    """Whether an endpoint has done nothing but fail for so long that it is disabled."""
    return at - failing_since >= GIVEN_UP_AFTER
