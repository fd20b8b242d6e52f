"""The counter that all replicas share: one row per client and window, written once per lease."""

from service_kit.store.database import Database
from sqlalchemy import BigInteger, bindparam, delete, func, select
from sqlalchemy.dialects.postgresql import insert

from gateway.limit.allowance import Lease
from gateway.limit.domain import Policy
from gateway.tables import allowance

_quota = bindparam("quota", type_=BigInteger)
_chunk = bindparam("chunk", type_=BigInteger)
_add = insert(allowance).values(
    client_id=bindparam("client_id"), window=bindparam("window"), taken=func.least(_chunk, _quota)
)
# The row before the change is read in the same statement: what was granted is the difference.
TAKE = _add.on_conflict_do_update(
    index_elements=[allowance.c.client_id, allowance.c.window],
    set_={"taken": func.least(allowance.c.taken + _chunk, _quota)},
    where=allowance.c.taken < _quota,
).returning(allowance.c.taken)
TAKEN = select(allowance.c.taken).where(
    allowance.c.client_id == bindparam("client_id"), allowance.c.window == bindparam("window")
)
FORGET = delete(allowance).where(allowance.c.window < bindparam("before"))


class SharedLeases:
    """The port `Leases` on Postgres."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def take(self, key: str, policy: Policy, window: int) -> Lease:
        async with self._database.transaction() as tx:
            taken = await tx.fetch_value(
                TAKE, client_id=key, window=window, quota=policy.quota, chunk=policy.chunk
            )
        if taken is None:
            return Lease(granted=0, taken_in_all=policy.quota)
        # Every lease but the last of a window is a whole chunk.
        return Lease(granted=(taken - 1) % policy.chunk + 1, taken_in_all=taken)

    async def forget(self, *, before: int) -> None:
        """Delete the counters of windows that are over."""
        async with self._database.transaction() as tx:
            await tx.execute(FORGET, before=before)
