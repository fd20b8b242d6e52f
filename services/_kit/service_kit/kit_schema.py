"""The kit's tables as every service's first migration makes them; what is written here never changes, later steps are added below."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

TABLES_0001 = (
    "audit_entry",
    "event",
    "event_head",
    "feed_cursor",
    "idempotency_record",
    "job",
    "key_set",
    "lease",
    "parked_event",
    "timer",
)


def upgrade_0001() -> None:
    """Make the tables of the first release."""
    op.create_table(
        "audit_entry",
        sa.Column("subject", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("action", sa.String(length=200), nullable=False),
        sa.Column("client_id", sa.String(length=100), nullable=False),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.Column("unit", sa.String(length=200), nullable=True),
        sa.Column("request_id", sa.String(length=100), nullable=True),
        sa.Column("salt", sa.LargeBinary(), nullable=True),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("values", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.PrimaryKeyConstraint("subject", "sequence", name=op.f("pk_audit_entry")),
    )
    op.create_table(
        "event",
        sa.Column("subject", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("type", sa.String(length=100), nullable=False),
        sa.Column("unit", sa.String(length=200), nullable=True),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("payload", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("traceparent", sa.String(length=55), nullable=True),
        sa.Column("position", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("subject", "id", name=op.f("pk_event")),
    )
    op.create_index("ix_event_position", "event", ["position"], unique=False, postgresql_where=sa.text("position IS NOT NULL"))
    op.create_index("ix_event_unsequenced", "event", ["recorded_at", "id"], unique=False, postgresql_where=sa.text("position IS NULL"))
    op.create_table(
        "event_head",
        sa.Column("name", sa.String(length=20), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("trimmed_to", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_event_head")),
    )
    op.create_table(
        "feed_cursor",
        sa.Column("source", sa.String(length=60), nullable=False),
        sa.Column("consumer", sa.String(length=60), nullable=False),
        sa.Column("cursor", sa.String(length=500), nullable=False),
        sa.Column("moved_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("source", "consumer", name=op.f("pk_feed_cursor")),
    )
    op.create_table(
        "idempotency_record",
        sa.Column("client_id", sa.String(length=100), nullable=False),
        sa.Column("method", sa.String(length=10), nullable=False),
        sa.Column("path", sa.String(length=500), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=True),
        sa.Column("headers", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("client_id", "method", "path", "key", name=op.f("pk_idempotency_record")),
    )
    op.create_index("ix_idempotency_record_created_at", "idempotency_record", ["created_at"], unique=False)
    op.create_table(
        "job",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=60), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("unit", sa.String(length=200), nullable=True),
        sa.Column("client_id", sa.String(length=100), nullable=False),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=True),
        sa.Column("counts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("payload", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("checkpoint", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("result", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("error", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("cancel_requested", sa.Boolean(), nullable=False),
        sa.Column("attempts", sa.SmallInteger(), nullable=False),
        sa.Column("lease_owner", sa.Uuid(), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("traceparent", sa.String(length=55), nullable=True),
        sa.CheckConstraint("state IN ('queued', 'running', 'done', 'failed', 'canceled')", name=op.f("ck_job_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job")),
    )
    op.create_index("ix_job_open", "job", ["kind", "created_at"], unique=False, postgresql_where=sa.text("state IN ('queued', 'running')"))
    op.create_table(
        "key_set",
        sa.Column("issuer", sa.String(length=500), nullable=False),
        sa.Column("keys", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("issuer", name=op.f("pk_key_set")),
    )
    op.create_table(
        "lease",
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("owner", sa.Uuid(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_lease")),
    )
    op.create_table(
        "parked_event",
        sa.Column("source", sa.String(length=60), nullable=False),
        sa.Column("consumer", sa.String(length=60), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.Uuid(), nullable=False),
        sa.Column("envelope", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("parked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("requeued", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("source", "consumer", "id", name=op.f("pk_parked_event")),
    )
    op.create_table(
        "timer",
        sa.Column("subject", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=60), nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("payload", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("traceparent", sa.String(length=55), nullable=True),
        sa.Column("attempts", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("parked_reason", sa.String(length=500), nullable=True),
        sa.PrimaryKeyConstraint("subject", "kind", "key", name=op.f("pk_timer")),
    )
    op.create_index("ix_timer_due", "timer", ["kind", "due_at"], unique=False, postgresql_where=sa.text("parked_reason IS NULL"))


def downgrade_0001() -> None:
    for table in reversed(TABLES_0001):
        op.drop_table(table)


# The rows that are there already are taken in as they are found, so that everything after them is sealed as it is written:
# the last row of each chain, and those that an earlier erasure emptied.
_TAKE_IN = """
INSERT INTO audit_unsealed (subject, kind, sequence, hash, taken)
SELECT subject, 'audit_entry', sequence, hash, CASE WHEN salt IS NULL THEN 'emptied' ELSE 'found' END
FROM (SELECT subject, sequence, hash, salt, lead(sequence) OVER (PARTITION BY subject ORDER BY sequence) AS next FROM audit_entry) AS rows
WHERE next IS NULL OR salt IS NULL
"""


def upgrade_0002() -> None:
    """Keep with an answer where it lies and whom it is about; tell live news from bulk; seal the audit outside its table."""
    _make_seals()
    op.add_column("event", sa.Column("is_bulk", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.add_column("idempotency_record", sa.Column("unit", sa.String(length=200), nullable=True))
    op.add_column("idempotency_record", sa.Column("subjects", postgresql.ARRAY(sa.Uuid()), server_default=sa.text("'{}'"), nullable=False))


def _make_seals() -> None:
    op.create_table(
        "audit_unsealed",
        sa.Column("subject", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=63), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("taken", sa.String(length=10), server_default=sa.text("'written'"), nullable=False),
        sa.PrimaryKeyConstraint("subject", "kind", "sequence", name=op.f("pk_audit_unsealed")),
    )
    op.create_table(
        "audit_seal",
        sa.Column("name", sa.String(length=20), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("entries", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("mac", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("name", "number", name=op.f("pk_audit_seal")),
    )
    op.create_table(
        "audit_seal_head",
        sa.Column("name", sa.String(length=20), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("mac", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_audit_seal_head")),
    )
    op.execute(_TAKE_IN)


def downgrade_0002() -> None:
    for table in ("audit_seal_head", "audit_seal", "audit_unsealed"):
        op.drop_table(table)
    op.drop_column("idempotency_record", "subjects")
    op.drop_column("idempotency_record", "unit")
    op.drop_column("event", "is_bulk")


def upgrade_0003() -> None:
    """The indexes of what 0002 added, in a step that holds nothing else: it may be interrupted and taken again."""
    index_beside_writers("ix_event_live", "event", ["position"], postgresql_where=sa.text("position IS NOT NULL AND NOT is_bulk"))
    index_beside_writers("ix_idempotency_record_subjects", "idempotency_record", ["subjects"], postgresql_using="gin")


def downgrade_0003() -> None:
    op.drop_index("ix_idempotency_record_subjects", table_name="idempotency_record")
    op.drop_index("ix_event_live", table_name="event")


def index_beside_writers(name: str, table: str, columns: list[str], **options: Any) -> None:
    """Make an index while others read and write; the rest of an interrupted one is taken away first.

    It waits for everybody who began before, such as a backup, and nobody queues up behind it: the usual limit of waits is off.
    """
    with op.get_context().autocommit_block():
        op.execute("SET lock_timeout = 0")
        op.drop_index(name, table_name=table, postgresql_concurrently=True, if_exists=True)
        op.create_index(name, table, columns, postgresql_concurrently=True, **options)
        op.execute("SET lock_timeout = '5s'")
