"""The tables that every service owns in its own schema, beside those of its business."""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    String,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

NAMING = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
Moment = DateTime(timezone=True)

kit = MetaData(naming_convention=NAMING)

event = Table(
    "event",
    kit,
    Column("subject", Uuid, nullable=False),
    Column("id", Uuid, nullable=False),
    Column("type", String(100), nullable=False),
    Column("unit", String(200)),
    Column("occurred_at", Moment, nullable=False),
    # The order of commits of one subject: read from the server's clock after the subject's row is
    # locked.
    Column("recorded_at", Moment, nullable=False, server_default=text("clock_timestamp()")),
    Column("payload", JSONB, nullable=False),
    Column("traceparent", String(55)),
    Column("position", BigInteger),
    # Told by work on thousands of rows at once, such as an import: whoever waits for live news
    # reads past it.
    Column("is_bulk", Boolean, nullable=False, server_default=text("false")),
    PrimaryKeyConstraint("subject", "id"),
)
Index(
    "ix_event_unsequenced",
    event.c.recorded_at,
    event.c.id,
    postgresql_where=event.c.position.is_(None),
)
Index("ix_event_position", event.c.position, postgresql_where=event.c.position.is_not(None))
Index(
    "ix_event_live", event.c.position, postgresql_where=text("position IS NOT NULL AND NOT is_bulk")
)

event_head = Table(
    "event_head",
    kit,
    Column("name", String(20), nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("trimmed_to", BigInteger, nullable=False),
    PrimaryKeyConstraint("name"),
)

audit_entry = Table(
    "audit_entry",
    kit,
    Column("subject", Uuid, nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("at", Moment, nullable=False),
    Column("action", String(200), nullable=False),
    Column("client_id", String(100), nullable=False),
    Column("actor", String(200), nullable=False),
    Column("unit", String(200)),
    Column("request_id", String(100)),
    Column("salt", LargeBinary),
    Column("digest", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    # The personal part stands beside its salted digest: both values and salt can be erased, the
    # chain still proves itself.
    Column("values", JSONB),
    PrimaryKeyConstraint("subject", "sequence"),
    # What `migrate` grants by: the running role adds rows, and changes nothing but what an erasure
    # empties.
    info={"append_only": True, "erasable": ("values", "salt")},
)

# What was written and waits to be sealed: `kind` is the table of the row, `hash` what its content
# has to come to.
audit_unsealed = Table(
    "audit_unsealed",
    kit,
    Column("subject", Uuid, nullable=False),
    Column("kind", String(63), nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    # `written` with its row; `found` there when seals began, or `emptied` already at that time.
    Column("taken", String(10), nullable=False, server_default=text("'written'")),
    PrimaryKeyConstraint("subject", "kind", "sequence"),
)

audit_seal = Table(
    "audit_seal",
    kit,
    Column("name", String(20), nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("sealed_at", Moment, nullable=False),
    # [subject, kind, sequence, hash in hex, taken] of each row.
    Column("entries", JSONB, nullable=False),
    Column("mac", LargeBinary, nullable=False),
    PrimaryKeyConstraint("name", "number"),
    info={"append_only": True},
)

audit_seal_head = Table(
    "audit_seal_head",
    kit,
    Column("name", String(20), nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("mac", LargeBinary, nullable=False),
    PrimaryKeyConstraint("name"),
    # Its row is changed by every seal and never goes: without it nobody could tell that seals were
    # cut off.
    info={"kept": True},
)

idempotency_record = Table(
    "idempotency_record",
    kit,
    Column("client_id", String(100), nullable=False),
    Column("method", String(10), nullable=False),
    Column("path", String(500), nullable=False),
    Column("key", String(255), nullable=False),
    Column("fingerprint", LargeBinary, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("status", SmallInteger),
    Column("headers", JSONB),
    Column("body", LargeBinary),
    # Where the answered resource lies, for the check that a read would make, and whose erasure
    # empties the answer.
    Column("unit", String(200)),
    Column("subjects", ARRAY(Uuid), nullable=False, server_default=text("'{}'")),
    PrimaryKeyConstraint("client_id", "method", "path", "key"),
)
Index("ix_idempotency_record_created_at", idempotency_record.c.created_at)
Index("ix_idempotency_record_subjects", idempotency_record.c.subjects, postgresql_using="gin")

lease = Table(
    "lease",
    kit,
    Column("name", String(100), nullable=False),
    Column("epoch", BigInteger, nullable=False),
    Column("owner", Uuid),
    Column("expires_at", Moment, nullable=False),
    PrimaryKeyConstraint("name"),
)

timer = Table(
    "timer",
    kit,
    Column("subject", Uuid, nullable=False),
    Column("kind", String(60), nullable=False),
    Column("key", String(120), nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("payload", JSONB, nullable=False),
    Column("traceparent", String(55)),
    Column("attempts", SmallInteger, nullable=False, server_default=text("0")),
    Column("parked_reason", String(500)),
    PrimaryKeyConstraint("subject", "kind", "key"),
)
Index(
    "ix_timer_due", timer.c.kind, timer.c.due_at, postgresql_where=timer.c.parked_reason.is_(None)
)

job = Table(
    "job",
    kit,
    Column("id", Uuid, nullable=False),
    Column("kind", String(60), nullable=False),
    Column("state", String(20), nullable=False),
    Column("unit", String(200)),
    Column("client_id", String(100), nullable=False),
    Column("actor", String(200), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("started_at", Moment),
    Column("finished_at", Moment),
    Column("done", BigInteger, nullable=False),
    Column("total", BigInteger),
    Column("counts", JSONB, nullable=False),
    Column("payload", JSONB, nullable=False),
    Column("checkpoint", JSONB, nullable=False),
    Column("result", JSONB),
    Column("error", JSONB),
    Column("cancel_requested", Boolean, nullable=False),
    Column("attempts", SmallInteger, nullable=False),
    Column("lease_owner", Uuid),
    Column("lease_until", Moment),
    Column("version", Integer, nullable=False),
    Column("traceparent", String(55)),
    PrimaryKeyConstraint("id"),
    CheckConstraint("state IN ('queued', 'running', 'done', 'failed', 'canceled')", name="state"),
)
Index(
    "ix_job_open",
    job.c.kind,
    job.c.created_at,
    postgresql_where=job.c.state.in_(["queued", "running"]),
)

feed_cursor = Table(
    "feed_cursor",
    kit,
    Column("source", String(60), nullable=False),
    Column("consumer", String(60), nullable=False),
    Column("cursor", String(500), nullable=False),
    Column("moved_at", Moment, nullable=False),
    PrimaryKeyConstraint("source", "consumer"),
)

parked_event = Table(
    "parked_event",
    kit,
    Column("source", String(60), nullable=False),
    Column("consumer", String(60), nullable=False),
    Column("id", Uuid, nullable=False),
    Column("subject", Uuid, nullable=False),
    Column("envelope", JSONB, nullable=False),
    Column("reason", Text, nullable=False),
    Column("parked_at", Moment, nullable=False),
    Column("requeued", Boolean, nullable=False),
    PrimaryKeyConstraint("source", "consumer", "id"),
)

key_set = Table(
    "key_set",
    kit,
    Column("issuer", String(500), nullable=False),
    Column("keys", JSONB, nullable=False),
    Column("fetched_at", Moment, nullable=False),
    PrimaryKeyConstraint("issuer"),
)


def metadata() -> MetaData:
    """A fresh MetaData that already holds the kit's tables; a service adds its own."""
    own = MetaData(naming_convention=NAMING)
    for table in kit.sorted_tables:
        table.to_metadata(own)
    return own
