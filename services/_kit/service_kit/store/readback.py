"""What became of a transaction whose COMMIT got no answer."""

from asyncio import sleep
from collections.abc import Sequence
from time import monotonic
from typing import Any

from sqlalchemy import insert

from service_kit.store.database import Database
from service_kit.store.sqlstates import (
    DatabaseUnavailable,
    OutcomeUnknown,
    TransactionRolledBack,
    UniqueViolated,
)
from service_kit.store.tables import event
from service_kit.words.errors import Unavailable

WITHIN_SECONDS = 10.0
PAUSE_SECONDS = 0.5
PROBE = insert(event)


class OutcomeNotKnown(Unavailable):
    """The database went away while it was committing: whether the change was made is not known;
    look before you repeat it.
    """


class _Undone(Exception):
    """Leaves the probe's transaction without a trace."""


async def was_committed(database: Database, told: Sequence[Any]) -> bool:
    """Whether the transaction that told these events was committed.

    Writes one of them again and takes it back: the unique key makes the probe wait for a
    transaction that is still under way. Raises OutcomeNotKnown when the database does not come back
    in time, or when nothing was told that could be asked for.
    """
    entry = next((each for each in told if each.is_told), None)
    if entry is None:
        raise OutcomeNotKnown()
    until = monotonic() + WITHIN_SECONDS
    while monotonic() < until:
        try:
            async with database.transaction() as tx:
                await tx.execute(
                    PROBE,
                    subject=entry.event.subject,
                    id=entry.id,
                    type=entry.event.name,
                    unit=None,
                    occurred_at=entry.event.at,
                    payload={},
                    traceparent=None,
                )
                raise _Undone
        except _Undone:
            return False
        except UniqueViolated:
            return True
        except (DatabaseUnavailable, TransactionRolledBack, OutcomeUnknown, Unavailable):
            await sleep(PAUSE_SECONDS)
    raise OutcomeNotKnown()
