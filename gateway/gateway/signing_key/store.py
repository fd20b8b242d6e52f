"""Signing keys in the gateway's schema."""

from service_kit.store.database import Transaction
from service_kit.store.running import Reader
from service_kit.store.sqlstates import UniqueViolated
from sqlalchemy import bindparam, delete, insert, select

from gateway.signing_key.domain import SigningKey
from gateway.tables import signing_key

ALL = select(signing_key).order_by(signing_key.c.generation)
ADD = insert(signing_key)
DELETE = delete(signing_key).where(signing_key.c.generation == bindparam("generation"))


async def all_keys(reader: Reader) -> list[SigningKey]:
    """Every key that is kept, oldest first."""
    return [SigningKey(**dict(row)) for row in await reader.fetch(ALL)]


async def add(tx: Transaction, key: SigningKey) -> bool:
    """Keep the key; False when another replica made this generation first."""
    try:
        async with tx.savepoint():
            await tx.execute(
                ADD,
                generation=key.generation,
                kid=key.kid,
                public=dict(key.public),
                private=key.private,
                created_at=key.created_at,
                signs_from=key.signs_from,
            )
    except UniqueViolated:
        return False
    return True


async def forget(tx: Transaction, generation: int) -> None:
    await tx.execute(DELETE, generation=generation)
