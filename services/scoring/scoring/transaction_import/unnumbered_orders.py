"""How an order without a number of its own is known again: by all that it says, and by which of its
likes in the sheet it is.

Neither the file, its format nor the order of its rows takes part, so that a sheet saved again names
the same orders. Two rows that say the same are two orders, as the sheet says: the first and the
second of their kind. Migration 0004 makes the same digest in SQL.
"""

import hashlib
from datetime import UTC, datetime, timedelta

from scoring.transaction.domain import Transaction

PREFIX = "alike:"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


class Likes:
    """Numbers the orders of one sheet that say the same."""

    def __init__(self) -> None:
        # By hashes, since millions of rows are remembered; where two meet by chance, a number is
        # left out.
        self._seen: dict[int, int] = {}

    def name(self, transaction: Transaction) -> str:
        """What stands for the external id of the next order that says this."""
        digest = hashlib.sha256(_said_by(transaction).encode()).hexdigest()
        key = hash((transaction.source, digest))
        self._seen[key] = number = self._seen.get(key, 0) + 1
        return f"{PREFIX}{digest}:{number}"


def _said_by(transaction: Transaction) -> str:
    """The product comes last, since it alone may hold any character."""
    moment = (transaction.occurred_at - EPOCH) // MICROSECOND
    cost = "" if transaction.cost is None else transaction.cost
    amounts = f"{transaction.kind}|{transaction.currency}|{transaction.amount}|{cost}"
    place = f"{transaction.channel or ''}|{transaction.product or ''}"
    return f"{transaction.customer_id}|{moment}|{amounts}|{place}"
