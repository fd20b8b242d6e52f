"""Wires the making of care tasks to a transaction."""

from collections.abc import Sequence
from datetime import datetime

from service_kit.store.database import Transaction
from service_kit.words.identity import new_id

from customer_profile.care.store import CareStore
from customer_profile.care.use_cases import Caring
from customer_profile.consent import store as consents
from customer_profile.consent.domain import Standing
from customer_profile.customer.domain import Customer
from customer_profile.settings import Settings


class TransactionStandings:
    """Reads what decisions need in the transaction of the tasks."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    async def standings(self, asked: Sequence[tuple[Customer, datetime]]) -> list[Standing]:
        return await consents.standings(self._tx, asked)


def caring(tx: Transaction, settings: Settings, *, at: datetime) -> Caring:
    return Caring(CareStore(tx, None), TransactionStandings(tx), settings.contact_rules, ids=new_id, at=at)
