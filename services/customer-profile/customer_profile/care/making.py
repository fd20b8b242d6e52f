"""Wires the making of care tasks to a transaction."""

from datetime import datetime
from uuid import UUID

from service_kit.database import Transaction
from service_kit.identity import new_id

from customer_profile.care.store import CareStore
from customer_profile.care.use_cases import Caring
from customer_profile.consent import store as consents
from customer_profile.consent.domain import Standing
from customer_profile.settings import Settings


class TransactionStandings:
    """Reads what a decision needs in the transaction of the task."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    async def standing(self, customer_id: UUID, *, at: datetime) -> Standing:
        return await consents.standing(self._tx, customer_id, at=at, units=None)


def caring(tx: Transaction, settings: Settings, *, at: datetime) -> Caring:
    return Caring(CareStore(tx, None), TransactionStandings(tx), settings.contact_rules, ids=new_id, at=at)
