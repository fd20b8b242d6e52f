"""Which of the customers that a request names may be written to:
by the directory, else by asking the customer file.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol
from uuid import UUID

from service_kit.access.caller import Caller
from service_kit.access.client import NeighborUnavailable
from service_kit.store.database import Database

from scoring.call import Call
from scoring.customer.domain import Asked, CustomerNotFound, KnownCustomer
from scoring.customer.store import CustomerReader

# How an operation that names a customer may be refused.
NOT_ACQUAINTED = (CustomerNotFound, NeighborUnavailable)


class CustomerFile(Protocol):
    async def by_id(self, ids: Sequence[UUID]) -> Asked: ...


async def acquainted(
    database: Database, customers: CustomerFile, ids: Sequence[UUID], caller: Caller
) -> Mapping[UUID, KnownCustomer]:
    """The named customers that exist and that the caller may see.

    Runs before the transaction, since it may ask customer-profile. When that does not answer, a
    caller who may see the whole company goes on: the customer is kept without a unit until the news
    arrives. Whoever is limited to units cannot go on: NeighborUnavailable, since "did not answer"
    is not "does not exist".
    """
    async with database.reading() as reader:
        known = await CustomerReader(reader).found(ids)
    unknown = [
        id for id in ids if id not in known or (known[id].unit is None and caller.units is not None)
    ]
    if unknown:
        asked = await customers.by_id(unknown)
        known.update(asked.there)
        unanswered = [id for id in unknown if id not in asked.there and id not in asked.absent]
        if unanswered and caller.units is not None:
            raise NeighborUnavailable(
                "customer-profile does not say at the moment who the customer is"
            )
        known.update({id: known.get(id) or KnownCustomer(id=id, unit=None) for id in unanswered})
    return {
        id: each for id, each in known.items() if each.state != "erased" and caller.sees(each.unit)
    }


async def named_customer(call: Call, customer_id: UUID) -> KnownCustomer:
    """The customer that an operation names; CustomerNotFound, or NeighborUnavailable as above."""
    known = await acquainted(call.database, call.part(CustomerFile), [customer_id], call.caller)
    if customer_id not in known:
        raise CustomerNotFound()
    return known[customer_id]
