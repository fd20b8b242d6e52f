"""Contacts that fell silent in their flow."""

from collections.abc import Sequence

from service_kit.database import Transaction
from service_kit.identity import Clock
from service_kit.timers import Handler, Timer

from contact_center.contact.domain import ContactUnknown
from contact_center.contact.moves import State
from contact_center.contact.store import ContactStore


def on_silence(clock: Clock) -> Handler:
    """Fires for flows that heard nothing for long: their contacts were left."""

    async def handle(tx: Transaction, timers: Sequence[Timer]) -> None:
        store = ContactStore(tx)
        for timer in timers:
            try:
                contact = await store.locked(timer.subject)
            except ContactUnknown:
                continue
            if contact.state is State.IN_FLOW:
                after, happened = contact.abandoned(at=clock(), reason="silence")
                await store.save(contact, after, happened, at=clock())

    return handle
