"""Contacts of an erased person that nobody knew to be theirs,
since they came before the directory knew the address.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from service_kit.store import audit
from service_kit.store.database import Database, Transaction
from service_kit.store.running import Record
from service_kit.web.kept_answers import KeptAnswers
from service_kit.words.identity import Clock
from service_kit.work import timers
from service_kit.work.timers import Timer, Timers
from sqlalchemy import Integer, Uuid, bindparam, select

from contact_center.contact.of_customer import CustomerContacts
from contact_center.directory.store import Digests
from contact_center.tables import contact, directory_address

KIND = "erased_strangers"
IDLE_SECONDS = 2.0
# How many contacts are looked through in one transaction.
BATCH = 2_000
FIRST = UUID(int=0)
_others = directory_address.alias("others")
# A number that somebody else has too says nothing of whose a contact was.
OWN_DIGESTS = select(directory_address.c.digest).where(
    directory_address.c.customer_id == bindparam("customer_id"),
    ~select(_others.c.digest)
    .where(
        _others.c.digest == directory_address.c.digest,
        _others.c.customer_id != directory_address.c.customer_id,
    )
    .exists(),
)
NEXT = (
    select(contact.c.id, contact.c.channel, contact.c.from_address, contact.c.customer_id)
    .where(contact.c.id > bindparam("after", type_=Uuid))
    .order_by(contact.c.id)
    .limit(bindparam("limit", type_=Integer))
)


async def look_soon(tx: Transaction, customer_id: UUID, *, at: datetime) -> None:
    """Look for them once this transaction is over;
    to be called while the directory still has the addresses.
    """
    digests = [row["digest"].hex() for row in await tx.fetch(OWN_DIGESTS, customer_id=customer_id)]
    if digests:
        await _go_on(tx, customer_id, digests, after=FIRST, at=at)


async def _go_on(
    tx: Transaction, customer_id: UUID, digests: Sequence[str], *, after: UUID, at: datetime
) -> None:
    payload = {"digests": list(digests), "after": str(after)}
    await timers.schedule(
        tx, Timer(subject=customer_id, kind=KIND, key="", due_at=at, payload=payload)
    )


class Strangers:
    """Looks through all contacts, batch by batch beside the calls;
    the addresses are compared by their digests alone.
    """

    def __init__(
        self, database: Database, digests: Digests, kept_answers: KeptAnswers, *, clock: Clock
    ) -> None:
        self._digests = digests
        self._kept_answers = kept_answers
        self._clock = clock
        self._timers = Timers(database, KIND, self._look, clock=clock, batch=1)

    async def step(self) -> bool:
        """Look through one batch for one person."""
        return await self._timers.step()

    async def _look(self, tx: Transaction, due: Sequence[Timer]) -> None:
        for timer in due:
            digests, after = timer.payload["digests"], UUID(timer.payload["after"])
            rows = await tx.fetch(NEXT, after=after, limit=BATCH)
            sought = {bytes.fromhex(digest) for digest in digests}
            await self._erase(
                tx,
                [
                    row["id"]
                    for row in rows
                    if row["customer_id"] is None and self._is_from(row, sought)
                ],
            )
            if len(rows) == BATCH:
                await _go_on(tx, timer.subject, digests, after=rows[-1]["id"], at=self._clock())

    def _is_from(self, row: Record, sought: set[bytes]) -> bool:
        address = row["from_address"]
        return address is not None and not sought.isdisjoint(
            self._digests.called_from(row["channel"], address)
        )

    async def _erase(self, tx: Transaction, found: Sequence[UUID]) -> None:
        if found:
            ids = await CustomerContacts(tx).erase_strangers(found)
            await audit.erase(tx, *ids, at=self._clock())
            await self._kept_answers.erase(tx, ids)
