"""The tables of the gateway's own schema."""

from service_kit.store import tables as kit
from service_kit.store.tables import Moment
from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Float,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    Numeric,
    PrimaryKeyConstraint,
    SmallInteger,
    String,
    Table,
    Uuid,
    literal_column,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

metadata = kit.metadata()

client = Table(
    "client",
    metadata,
    Column("id", Uuid, nullable=False),
    Column("client_id", String(100), nullable=False),
    Column("name", String(200), nullable=False),
    Column("scopes", ARRAY(String), nullable=False),
    Column("units", ARRAY(String)),
    Column("approval_amount", Numeric(21, 6)),
    Column("approval_currency", String(3)),
    Column("agent_id", Uuid),
    # The client that registered it, whose rights it never exceeds; null for those of the operator.
    Column("made_by", String(100)),
    Column("generation", SmallInteger, nullable=False, server_default=text("0")),
    Column("is_enabled", Boolean, nullable=False),
    Column("quota", Integer),
    Column("quota_seconds", Integer),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    Column("version", Integer, nullable=False),
    PrimaryKeyConstraint("id"),
    CheckConstraint(
        "(approval_amount IS NULL) = (approval_currency IS NULL)", name="approval_whole"
    ),
    CheckConstraint("(quota IS NULL) = (quota_seconds IS NULL)", name="quota_whole"),
)
Index("ix_client_created", client.c.created_at, client.c.id)
Index("ix_client_made_by", client.c.made_by)

# Client ids are unique in the whole company: a look-up of its own, keyed by the value.
client_name = Table(
    "client_name",
    metadata,
    Column("client_id", String(100), nullable=False),
    Column("client", Uuid, nullable=False),
    PrimaryKeyConstraint("client_id"),
)

# Tokens of an earlier epoch than this are refused everywhere. The row outlives its client: an id
# that is given again stays behind it.
client_standing = Table(
    "client_standing",
    metadata,
    Column("client_id", String(100), nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("changed_at", Moment, nullable=False),
    PrimaryKeyConstraint("client_id"),
)
Index("ix_client_standing_changed_at", client_standing.c.changed_at)

client_secret = Table(
    "client_secret",
    metadata,
    Column("client", Uuid, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment),
    PrimaryKeyConstraint("client", "digest"),
    ForeignKeyConstraint(["client"], ["client.id"], ondelete="CASCADE"),
)

api_key = Table(
    "api_key",
    metadata,
    Column("id", Uuid, nullable=False),
    Column("client_id", String(100), nullable=False),
    Column("name", String(200), nullable=False),
    Column("hint", String(20), nullable=False),
    Column("scopes", ARRAY(String), nullable=False),
    Column("units", ARRAY(String)),
    Column("agent_id", Uuid),
    Column("created_by", String(200), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment),
    Column("revoked_at", Moment),
    Column("version", Integer, nullable=False),
    PrimaryKeyConstraint("id"),
)
Index("ix_api_key_created", api_key.c.created_at, api_key.c.id)

api_key_digest = Table(
    "api_key_digest",
    metadata,
    Column("digest", LargeBinary, nullable=False),
    Column("api_key", Uuid, nullable=False),
    PrimaryKeyConstraint("digest"),
)

signing_key = Table(
    "signing_key",
    metadata,
    # Two replicas that make the next key at once collide here, and the later one takes the earlier
    # one's.
    Column("generation", Integer, nullable=False, autoincrement=False),
    Column("kid", String(100), nullable=False),
    Column("public", JSONB, nullable=False),
    Column("private", LargeBinary, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("signs_from", Moment, nullable=False),
    PrimaryKeyConstraint("generation"),
)

stream_ticket = Table(
    "stream_ticket",
    metadata,
    Column("digest", LargeBinary, nullable=False),
    Column("rights", JSONB, nullable=False),
    Column("expires_at", Moment, nullable=False),
    PrimaryKeyConstraint("digest"),
)
Index("ix_stream_ticket_expires_at", stream_ticket.c.expires_at)

allowance = Table(
    "allowance",
    metadata,
    Column("client_id", String(100), nullable=False),
    Column("window", BigInteger, nullable=False, autoincrement=False),
    Column("taken", BigInteger, nullable=False),
    PrimaryKeyConstraint("client_id", "window"),
)
Index("ix_allowance_window", allowance.c.window)

webhook_endpoint = Table(
    "webhook_endpoint",
    metadata,
    Column("id", Uuid, nullable=False),
    Column("client_id", String(100), nullable=False),
    Column("url", String(2000), nullable=False),
    Column("event_types", ARRAY(String), nullable=False),
    Column("description", String(2000), nullable=False),
    Column("units", ARRAY(String)),
    # Those of the token that said what is sent where; null in endpoints that are older than the
    # column.
    Column("scopes", ARRAY(String)),
    Column("state", String(20), nullable=False),
    Column("disabled_reason", String(40)),
    # Since when nothing but failures came back; the worker writes it, so it is no part of the
    # version.
    Column("failing_since", Moment),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    Column("version", Integer, nullable=False),
    PrimaryKeyConstraint("id"),
    CheckConstraint("state IN ('enabled', 'disabled')", name="state"),
)
Index("ix_webhook_endpoint_created", webhook_endpoint.c.created_at, webhook_endpoint.c.id)

webhook_secret = Table(
    "webhook_secret",
    metadata,
    Column("endpoint_id", Uuid, nullable=False),
    Column("id", Uuid, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment),
    PrimaryKeyConstraint("endpoint_id", "id"),
    ForeignKeyConstraint(["endpoint_id"], ["webhook_endpoint.id"], ondelete="CASCADE"),
)

webhook_delivery = Table(
    "webhook_delivery",
    metadata,
    Column("endpoint_id", Uuid, nullable=False),
    Column("id", Uuid, nullable=False),
    Column("event_id", String(100), nullable=False),
    Column("event_type", String(100), nullable=False),
    Column("occurred_at", Moment, nullable=False),
    Column("body", String(200_000), nullable=False),
    Column("traceparent", String(55)),
    Column("state", String(20), nullable=False),
    # Attempts since the delivery was made or replayed, and in all.
    Column("tries", SmallInteger, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("leased_until", Moment),
    Column("epoch", Integer, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    PrimaryKeyConstraint("endpoint_id", "id"),
    ForeignKeyConstraint(["endpoint_id"], ["webhook_endpoint.id"], ondelete="CASCADE"),
    CheckConstraint("state IN ('pending', 'delivered', 'failed', 'abandoned')", name="state"),
)
# Written as constants: with parameters in their place, a generic plan could not use the partial
# index.
IS_OPEN = webhook_delivery.c.state.in_([literal_column("'pending'"), literal_column("'failed'")])
Index(
    "ix_webhook_delivery_due",
    webhook_delivery.c.endpoint_id,
    webhook_delivery.c.due_at,
    postgresql_where=IS_OPEN,
)
Index("ix_webhook_delivery_id", webhook_delivery.c.id)
Index("ix_webhook_delivery_event", webhook_delivery.c.event_id)
Index("ix_webhook_delivery_updated", webhook_delivery.c.updated_at, postgresql_where=~IS_OPEN)

webhook_attempt = Table(
    "webhook_attempt",
    metadata,
    Column("endpoint_id", Uuid, nullable=False),
    Column("delivery_id", Uuid, nullable=False),
    Column("number", Integer, nullable=False, autoincrement=False),
    Column("at", Moment, nullable=False),
    Column("status", SmallInteger),
    Column("seconds", Float, nullable=False),
    Column("error", String(300)),
    PrimaryKeyConstraint("endpoint_id", "delivery_id", "number"),
    ForeignKeyConstraint(
        ["endpoint_id", "delivery_id"],
        ["webhook_delivery.endpoint_id", "webhook_delivery.id"],
        ondelete="CASCADE",
    ),
)
