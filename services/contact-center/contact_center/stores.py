"""The shape of a store: one that reads, and on top of it one that writes in a transaction;
the caller's units are given once.
"""

from collections.abc import Sequence

from service_kit.store.database import Transaction
from service_kit.store.running import Reader


class Reads:
    """Reads rows within these units, all of them where none are given."""

    def __init__(self, reader: Reader, units: Sequence[str] | None = None) -> None:
        self._reader = reader
        self._units = units


class Writes(Reads):
    """Reads and writes in one transaction."""

    def __init__(self, tx: Transaction, units: Sequence[str] | None = None) -> None:
        super().__init__(tx, units)
        self._tx = tx
