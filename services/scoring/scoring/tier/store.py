"""Tier schemes and standings."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from service_kit.store.database import Transaction
from service_kit.store.running import Reader, Record
from service_kit.store.sqlstates import TransactionRolledBack
from service_kit.work import timers
from service_kit.work.timers import Timer
from sqlalchemy import (
    ARRAY,
    Integer,
    Uuid,
    any_,
    bindparam,
    delete,
    func,
    literal_column,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from scoring.card.store import CardReader
from scoring.tables import customer, score_card, tier_scheme, tier_scheme_in_force, tier_standing
from scoring.tier import events
from scoring.tier.domain import (
    OVERRIDDEN,
    Move,
    Override,
    Reading,
    Scheme,
    Standing,
    Threshold,
    TierSchemeNotFound,
)
from scoring.unnested import Unnested, arrays

OVERRIDE_ENDS = "override_ends"
_STANDING = (
    "customer_id",
    "stars",
    "since",
    "card_day",
    "reason",
    "scheme",
    "scheme_version",
    "version",
)

_decides = tier_scheme_in_force.c.name == tier_scheme.c.name
IN_FORCE = select(tier_scheme).join(tier_scheme_in_force, _decides)
_schemes = select(
    tier_scheme, tier_scheme_in_force.c.name.is_not(None).label("in_force")
).outerjoin(tier_scheme_in_force, _decides)
FIND_SCHEME = _schemes.where(tier_scheme.c.name == bindparam("name"))
LOCK_SCHEME = FIND_SCHEME.with_for_update(of=tier_scheme)
LIST_SCHEMES = (
    _schemes.where(tier_scheme.c.name > bindparam("after"))
    .order_by(tier_scheme.c.name)
    .limit(bindparam("limit"))
)
_force = insert(tier_scheme_in_force).values(single=True, name=bindparam("name"))
COME_INTO_FORCE = _force.on_conflict_do_update(
    index_elements=[tier_scheme_in_force.c.single], set_={"name": _force.excluded.name}
)
GO_OUT_OF_FORCE = delete(tier_scheme_in_force).where(
    tier_scheme_in_force.c.name == bindparam("name")
)
_create = insert(tier_scheme).values({each.name: bindparam(each.name) for each in tier_scheme.c})
CREATE_SCHEME = _create.on_conflict_do_nothing().returning(tier_scheme.c.name)
_changing = [each.name for each in tier_scheme.c if each.name not in ("name", "id")]
REPLACE_SCHEME = (
    update(tier_scheme)
    .where(tier_scheme.c.name == bindparam("of"))
    .values({name: bindparam(f"new_{name}") for name in _changing})
)

FIND = select(tier_standing).where(
    tier_standing.c.customer_id == any_(bindparam("ids", type_=ARRAY(Uuid)))
)
LOCK = FIND.order_by(tier_standing.c.customer_id).with_for_update()
_moved = Unnested("moved", *tier_standing.c)
_save = _moved.inserted_into(tier_standing, by=["customer_id"])
SAVE = _save.on_conflict_do_update(
    index_elements=[tier_standing.c.customer_id],
    set_={each.name: _save.excluded[each.name] for each in _moved.c if each.name != "customer_id"},
    # Spelled out: a distributed Postgres forgets the types of the rows when there is a parameter
    # here.
    where=tier_standing.c.version == _save.excluded.version - literal_column("1", Integer),
)
NEXT_SCORED = (
    select(score_card.c.customer_id)
    .distinct()
    .where(score_card.c.customer_id > bindparam("after", type_=Uuid))
    .order_by(score_card.c.customer_id)
    .limit(bindparam("limit"))
)
# The standing stays; why a person decided it goes.
ERASE_REASONS = (
    update(tier_standing)
    .where(
        tier_standing.c.customer_id == bindparam("of_customer"),
        tier_standing.c.override_stars.is_not(None),
    )
    .values(
        reason=OVERRIDDEN, override_reason="", override_by="", version=tier_standing.c.version + 1
    )
)
COUNT_SCORED = select(func.count(score_card.c.customer_id.distinct()))
UNITS = select(customer.c.id, customer.c.unit).where(
    customer.c.id == any_(bindparam("ids", type_=ARRAY(Uuid)))
)


class TierReader:
    """Reads tier schemes and tiers."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def find_scheme(self, name: str) -> Record:
        """Raises TierSchemeNotFound."""
        row = await self._reader.fetch_one(FIND_SCHEME, name=name)
        if row is None:
            raise TierSchemeNotFound()
        return row

    async def list_schemes(self, *, after: str, limit: int) -> list[Record]:
        """By name."""
        return await self._reader.fetch(LIST_SCHEMES, after=after, limit=limit)

    async def standing_of(self, customer_id: UUID) -> Standing | None:
        row = await self._reader.fetch_one(FIND, ids=[customer_id])
        return None if row is None else standing_of(row)

    async def next_scored(self, *, after: UUID, limit: int) -> list[UUID]:
        """The next customers with a card, by id."""
        return [
            row["customer_id"]
            for row in await self._reader.fetch(NEXT_SCORED, after=after, limit=limit)
        ]

    async def count_scored(self) -> int:
        found: int = await self._reader.fetch_value(COUNT_SCORED)
        return found


class TierStore(TierReader):
    """Tiers in one transaction of the database."""

    def __init__(self, tx: Transaction) -> None:
        super().__init__(tx)
        self._tx = tx

    async def in_force(self) -> Scheme | None:
        """The scheme that decides tiers at present."""
        row = await self._tx.fetch_one(IN_FORCE)
        return None if row is None else scheme_of(row)

    async def standings(self, ids: Sequence[UUID]) -> Mapping[UUID, Standing]:
        """Locked, in the order of their customers."""
        return {
            row["customer_id"]: standing_of(row)
            for row in await self._tx.fetch(LOCK, ids=list(ids))
        }

    async def readings(
        self, ids: Sequence[UUID], scheme: Scheme
    ) -> Mapping[UUID, Sequence[Reading]]:
        """What the scheme's score says on the latest cards."""
        readings: dict[UUID, list[Reading]] = {}
        for card in await CardReader(self._tx).latest(ids):
            value = card.value_of(scheme.score)
            if value is not None:
                found = Reading(value=value, as_of=card.as_of, currency=card.statistic.currency)
                readings.setdefault(card.statistic.customer_id, []).append(found)
        return readings

    async def save(self, moves: Sequence[Move], *, at: datetime) -> None:
        """Write standings, and tell every change of stars with old, new and reason."""
        if not moves:
            return
        if await self._tx.execute(
            SAVE, **arrays(_moved, [_row(move.standing) for move in moves])
        ) != len(moves):
            raise TransactionRolledBack("another change of the same tier came first")
        units = await self._units(moves)
        for move in moves:
            if move.is_change:
                self._tx.record(
                    events.TierChanged.of(move, unit=units.get(move.standing.customer_id), at=at)
                )

    async def note_release(self, move: Move, *, at: datetime) -> None:
        """Keep in the audit that an override is over, whether it changed the stars or not."""
        units = await self._units([move])
        self._tx.audit(events.released(move, units.get(move.standing.customer_id), at))

    async def _units(self, moves: Sequence[Move]) -> Mapping[UUID, str | None]:
        return {
            row["id"]: row["unit"]
            for row in await self._tx.fetch(
                UNITS, ids=[move.standing.customer_id for move in moves]
            )
        }

    async def end_override_at(self, customer_id: UUID, until: datetime | None) -> None:
        """Set the timer of an override, or take it back."""
        await timers.cancel(self._tx, subject=customer_id, kind=OVERRIDE_ENDS)
        if until is not None:
            await timers.schedule(
                self._tx,
                Timer(subject=customer_id, kind=OVERRIDE_ENDS, key="", due_at=until, payload={}),
            )

    async def scheme_to_replace(self, name: str) -> Record | None:
        """Locked until the transaction ends."""
        return await self._tx.fetch_one(LOCK_SCHEME, name=name)

    async def create_scheme(
        self, scheme: Scheme, *, id: UUID, review_id: UUID | None, at: datetime
    ) -> bool:
        """Write a new scheme; False when a rival was faster."""
        created = await self._tx.fetch_one(
            CREATE_SCHEME, name=scheme.name, id=id, **_scheme_row(scheme, review_id, at)
        )
        return created is not None

    async def replace_scheme(self, scheme: Scheme, *, review_id: UUID | None, at: datetime) -> None:
        """Write a scheme that is locked."""
        row = _scheme_row(scheme, review_id, at)
        await self._tx.execute(
            REPLACE_SCHEME, of=scheme.name, **{f"new_{name}": value for name, value in row.items()}
        )

    async def put_in_force(self, name: str, *, is_in_force: bool) -> None:
        """A scheme that comes into force takes the place of the one before."""
        await self._tx.execute(COME_INTO_FORCE if is_in_force else GO_OUT_OF_FORCE, name=name)

    async def erase_reasons(self, customer_id: UUID) -> None:
        """Take away what a person wrote of why a customer has these stars."""
        await self._tx.execute(ERASE_REASONS, of_customer=customer_id)


def _scheme_row(scheme: Scheme, review_id: UUID | None, at: datetime) -> dict[str, object]:
    return {
        "score": scheme.score,
        "currency": scheme.currency,
        "thresholds": [
            {"stars": each.stars, "up": str(each.up), "down": str(each.down)}
            for each in scheme.thresholds
        ],
        "minimum_stay_days": scheme.minimum_stay_days,
        "review_id": review_id,
        "changed_at": at,
        "version": scheme.version,
    }


def _row(standing: Standing) -> dict[str, object]:
    given = standing.override
    return {
        **{name: getattr(standing, name) for name in _STANDING},
        "override_stars": given.stars if given else None,
        "override_reason": given.reason if given else None,
        "override_until": given.until if given else None,
        "override_by": given.by if given else None,
    }


def standing_of(row: Record) -> Standing:
    override = None
    if row["override_stars"] is not None:
        override = Override(
            stars=row["override_stars"],
            reason=row["override_reason"],
            until=row["override_until"],
            by=row["override_by"],
        )
    return Standing(**{name: row[name] for name in _STANDING}, override=override)


def scheme_of(row: Record) -> Scheme:
    thresholds = [
        Threshold(stars=each["stars"], up=Decimal(each["up"]), down=Decimal(each["down"]))
        for each in row["thresholds"]
    ]
    return Scheme(
        **{
            name: row[name]
            for name in ("name", "score", "currency", "minimum_stay_days", "version")
        },
        thresholds=thresholds,
    )
