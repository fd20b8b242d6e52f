"""The making of care tasks, wired to one transaction."""

from datetime import datetime

from service_kit.store.database import Transaction
from service_kit.words.identity import new_id

from customer_profile.care.store import CareStore
from customer_profile.care.use_cases import Caring
from customer_profile.consent.store import ConsentReader
from customer_profile.settings import Settings


def caring(tx: Transaction, settings: Settings, *, at: datetime) -> Caring:
    return Caring(
        CareStore(tx, None), ConsentReader(tx, None), settings.contact_rules, ids=new_id, at=at
    )
