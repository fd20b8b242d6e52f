"""Contacts that fell silent in their flow."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from service_kit.store.database import Transaction
from service_kit.store.moments import database_time
from service_kit.work.timers import Timer

from contact_center.contact.domain import ContactNotFound, State
from contact_center.contact.store import ContactStore

# How often silence is looked for: a contact that was left may wait that much longer to be ended.
SILENCE_SECONDS = 5.0


async def on_silence(tx: Transaction, timers: Sequence[Timer]) -> None:
    """Fires for flows that heard nothing for long: their contacts were left."""
    store, at = ContactStore(tx), await database_time(tx)
    for timer in timers:
        await _left(store, timer.subject, at=at)


async def _left(store: ContactStore, contact_id: UUID, *, at: datetime) -> None:
    try:
        contact = await store.locked(contact_id)
    except ContactNotFound:
        return
    if contact.state is State.IN_FLOW:
        after, happened = contact.abandoned(at=at, reason="silence")
        await store.save(contact, after, happened, at=at)
