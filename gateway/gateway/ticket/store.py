"""One-time tickets: kept as digests with the rights they stand for,
taken out when they are used.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from service_kit.store.database import Transaction
from service_kit.words.money import Money
from sqlalchemy import bindparam, delete, insert

from gateway.rights.domain import Rights
from gateway.tables import stream_ticket
from gateway.token.domain import Granted
from gateway.token.issue import claims_of

ADD = insert(stream_ticket)
TAKE = (
    delete(stream_ticket)
    .where(stream_ticket.c.digest == bindparam("digest"))
    .returning(stream_ticket.c.rights, stream_ticket.c.expires_at)
)
FORGET = delete(stream_ticket).where(stream_ticket.c.expires_at < bindparam("moment"))


async def add(tx: Transaction, digest: bytes, granted: Granted, *, expires_at: datetime) -> None:
    await tx.execute(ADD, digest=digest, rights=claims_of(granted), expires_at=expires_at)


async def take(tx: Transaction, digest: bytes, *, at: datetime) -> Granted | None:
    """What the ticket stands for; None when it was never made, was used already, or is too old.
    It is gone afterwards.
    """
    row = await tx.fetch_one(TAKE, digest=digest)
    return None if row is None or row["expires_at"] <= at else granted_of(row["rights"])


async def forget_old(tx: Transaction, *, at: datetime) -> None:
    await tx.execute(FORGET, moment=at)


def granted_of(claims: Mapping[str, Any]) -> Granted:
    """The reverse of `claims_of`."""
    units, limit, agent = claims.get("units"), claims.get("approval_limit"), claims.get("agent_id")
    return Granted(
        client_id=claims["client_id"],
        sub=claims["sub"],
        is_exchanged="act" in claims,
        epoch=claims.get("epoch", 0),
        rights=Rights(
            scopes=frozenset(claims["scope"].split()),
            units=None if units is None else tuple(units),
            approval_limit=None if limit is None else Money.parse(limit),
            agent_id=None if agent is None else UUID(agent),
        ),
    )
