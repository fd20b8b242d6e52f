"""The schema that the contact center owns."""

from service_kit.store.tables import Moment
from service_kit.store.tables import metadata as kit_metadata
from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    Numeric,
    PrimaryKeyConstraint,
    SmallInteger,
    String,
    Table,
    UniqueConstraint,
    Uuid,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

metadata = kit_metadata()

LINE = 200
CHANNEL = 20
STATE = 20
MOST_SLOTS = 50

queue = Table(
    "queue",
    metadata,
    Column("id", Uuid, nullable=False),
    Column("unit", String(200), nullable=False),
    Column("name", String(LINE), nullable=False),
    Column("channels", ARRAY(String(CHANNEL)), nullable=False),
    Column("skills", JSONB, nullable=False),
    Column("service_level_seconds", Integer, nullable=False),
    Column("service_level_share", Numeric(5, 4), nullable=False),
    Column("offer_seconds", Integer, nullable=False),
    Column("wrap_up_seconds", Integer, nullable=False),
    Column("relaxation", JSONB, nullable=False),
    Column("overflow_after_seconds", Integer),
    Column("overflow_queue_id", Uuid),
    Column("version", Integer, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    PrimaryKeyConstraint("id"),
    CheckConstraint("service_level_share BETWEEN 0 AND 1", name="service_level_share"),
    CheckConstraint("offer_seconds > 0", name="offer_seconds"),
    CheckConstraint(
        "(overflow_queue_id IS NULL) = (overflow_after_seconds IS NULL)", name="overflow"
    ),
)

agent = Table(
    "agent",
    metadata,
    Column("id", Uuid, nullable=False),
    Column("unit", String(200), nullable=False),
    Column("name", String(LINE), nullable=False),
    Column("team", String(LINE)),
    Column("skills", JSONB, nullable=False),
    Column("capacity", JSONB, nullable=False),
    Column("languages", ARRAY(String(20)), nullable=False),
    Column("queues", ARRAY(Uuid), nullable=False),
    Column("presence", String(20), nullable=False),
    Column("presence_since", Moment, nullable=False),
    Column("is_responding", Boolean, nullable=False),
    Column("idle_since", Moment, nullable=False),
    Column("version", Integer, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    PrimaryKeyConstraint("id"),
    CheckConstraint(
        "presence IN ('available', 'break', 'meal', 'meeting', 'training', 'offline')",
        name="presence",
    ),
)
Index("ix_agent_queues", agent.c.queues, postgresql_using="gin")
Index("ix_agent_present", agent.c.id, postgresql_where=agent.c.presence != "offline")

# One row per place of an agent that is taken: the primary key lets nobody be in a place that
# another contact holds.
agent_work = Table(
    "agent_work",
    metadata,
    Column("agent_id", Uuid, nullable=False),
    Column("channel", String(CHANNEL), nullable=False),
    Column("slot", SmallInteger, nullable=False),
    Column("contact_id", Uuid, nullable=False),
    Column("queue_id", Uuid),
    Column("state", String(STATE), nullable=False),
    Column("since", Moment, nullable=False),
    # When the offer runs out or the wrap-up time ends.
    Column("until", Moment),
    PrimaryKeyConstraint("agent_id", "channel", "slot"),
    UniqueConstraint("agent_id", "contact_id", name="uq_agent_work_contact"),
    ForeignKeyConstraint(["agent_id"], ["agent.id"], name="fk_agent_work_agent"),
    CheckConstraint(f"slot BETWEEN 1 AND {MOST_SLOTS}", name="slot"),
    CheckConstraint("state IN ('offered', 'assigned', 'on_hold', 'wrapping')", name="state"),
)

Index("ix_agent_work_until", agent_work.c.until, postgresql_where=agent_work.c.until.is_not(None))
Index(
    "ix_agent_work_offered", agent_work.c.agent_id, postgresql_where=agent_work.c.state == "offered"
)

contact = Table(
    "contact",
    metadata,
    Column("id", Uuid, nullable=False),
    Column("unit", String(200), nullable=False),
    Column("channel", String(CHANNEL), nullable=False),
    Column("state", String(STATE), nullable=False),
    Column("from_address", String(LINE)),
    Column("to_address", String(LINE), nullable=False),
    Column("external_id", String(LINE)),
    Column("entry_point_id", Uuid),
    Column("customer_id", Uuid),
    Column("tier", SmallInteger),
    Column("is_key_contact", Boolean, nullable=False),
    Column("language", String(20)),
    # In the flow: which version of which flow, the node that waits for digits, and what was picked
    # up on the way.
    Column("flow_id", Uuid),
    Column("flow_version", Integer),
    Column("flow_node", String(64)),
    Column("flow_tries", SmallInteger, nullable=False),
    Column("trail", JSONB, nullable=False),
    Column("says", JSONB, nullable=False),
    Column("collected", JSONB, nullable=False),
    Column("needed_skills", JSONB, nullable=False),
    Column("needed_language", String(20)),
    Column("priority_seconds", Integer, nullable=False),
    # Waiting: `waiting_since` lies before `queued_at` by what was waited in earlier queues.
    Column("queue_id", Uuid),
    Column("arrived_at", Moment, nullable=False),
    Column("queued_at", Moment),
    Column("waiting_since", Moment),
    Column("waited_seconds", Numeric(12, 3), nullable=False),
    Column("target_agent_id", Uuid),
    Column("dedicated_agent_id", Uuid),
    Column("last_agent_id", Uuid),
    Column("declined", JSONB, nullable=False),
    # With an agent.
    Column("offer_id", Uuid),
    Column("agent_id", Uuid),
    Column("offer_expires_at", Moment),
    Column("answered_at", Moment),
    Column("held_at", Moment),
    Column("held_seconds", Numeric(12, 3), nullable=False),
    Column("transfers", SmallInteger, nullable=False),
    Column("ended_at", Moment),
    Column("wrap_up_until", Moment),
    Column("completed_at", Moment),
    Column("wrap_up_code", String(64)),
    Column("notes", String(10_000)),
    Column("version", Integer, nullable=False),
    Column("updated_at", Moment, nullable=False),
    PrimaryKeyConstraint("id"),
    CheckConstraint(
        "state IN ('in_flow', 'queued', 'offered', 'assigned', 'on_hold', 'wrapping', 'completed',"
        " 'abandoned')",
        name="state",
    ),
    CheckConstraint("(state = 'offered') = (offer_id IS NOT NULL)", name="offer"),
    CheckConstraint(
        "state NOT IN ('offered', 'assigned', 'on_hold', 'wrapping') OR agent_id IS NOT NULL",
        name="agent",
    ),
    CheckConstraint("state NOT IN ('in_flow', 'queued') OR agent_id IS NULL", name="no_agent"),
    CheckConstraint(
        "state NOT IN ('queued', 'offered') OR (queue_id IS NOT NULL AND waiting_since IS NOT"
        " NULL)",
        name="queue",
    ),
    CheckConstraint("tier BETWEEN 1 AND 6", name="tier"),
)
Index(
    "ix_contact_waiting",
    contact.c.queue_id,
    contact.c.waiting_since,
    postgresql_where=contact.c.state.in_(["queued", "offered"]),
)
Index(
    "ix_contact_customer",
    contact.c.customer_id,
    contact.c.id.desc(),
    postgresql_where=contact.c.customer_id.is_not(None),
)
Index(
    "ix_contact_agent",
    contact.c.agent_id,
    contact.c.id.desc(),
    postgresql_where=contact.c.agent_id.is_not(None),
)
Index(
    "ix_contact_queue_abandoned",
    contact.c.queue_id,
    contact.c.ended_at,
    postgresql_where=contact.c.state == "abandoned",
)
Index(
    "ix_contact_external",
    contact.c.external_id,
    postgresql_where=contact.c.external_id.is_not(None),
)

# A platform that says the same call twice begins one contact.
external_contact = Table(
    "external_contact",
    metadata,
    Column("channel", String(CHANNEL), nullable=False),
    Column("external_id", String(LINE), nullable=False),
    Column("contact_id", Uuid, nullable=False),
    PrimaryKeyConstraint("channel", "external_id"),
)

offer = Table(
    "offer",
    metadata,
    Column("contact_id", Uuid, nullable=False),
    Column("id", Uuid, nullable=False),
    Column("unit", String(200), nullable=False),
    Column("agent_id", Uuid, nullable=False),
    Column("queue_id", Uuid),
    Column("channel", String(CHANNEL), nullable=False),
    Column("state", String(STATE), nullable=False),
    Column("made_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("ended_at", Moment),
    Column("reason", String(LINE)),
    # Of an accepted offer: how long the contact had waited in this queue.
    Column("waited_seconds", Numeric(12, 3)),
    PrimaryKeyConstraint("contact_id", "id"),
    ForeignKeyConstraint(["contact_id"], ["contact.id"], name="fk_offer_contact"),
    CheckConstraint(
        "state IN ('pending', 'accepted', 'rejected', 'timed_out', 'withdrawn')", name="state"
    ),
    CheckConstraint("(state = 'pending') = (ended_at IS NULL)", name="ended"),
    CheckConstraint("(state = 'accepted') = (waited_seconds IS NOT NULL)", name="waited"),
)
Index("ix_offer_id", offer.c.id)
Index("ix_offer_agent", offer.c.agent_id, offer.c.id, postgresql_where=offer.c.state == "pending")
# What each queue answered; a contact that is passed on is answered in more than one of them.
Index(
    "ix_offer_answered",
    offer.c.queue_id,
    offer.c.ended_at,
    postgresql_where=offer.c.state == "accepted",
)
# Nobody is offered to two agents at once, whatever the code believes.
Index(
    "uq_offer_pending", offer.c.contact_id, unique=True, postgresql_where=offer.c.state == "pending"
)

flow = Table(
    "flow",
    metadata,
    Column("id", Uuid, nullable=False),
    Column("unit", String(200), nullable=False),
    Column("name", String(LINE), nullable=False),
    Column("version", Integer, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    PrimaryKeyConstraint("id"),
)

# A contact finishes the version of the flow that it began with.
flow_version = Table(
    "flow_version",
    metadata,
    Column("flow_id", Uuid, nullable=False),
    Column("version", Integer, nullable=False),
    Column("start", String(64), nullable=False),
    Column("nodes", JSONB, nullable=False),
    PrimaryKeyConstraint("flow_id", "version"),
    ForeignKeyConstraint(["flow_id"], ["flow.id"], name="fk_flow_version_flow"),
    info={"append_only": True},
)

entry_point = Table(
    "entry_point",
    metadata,
    Column("id", Uuid, nullable=False),
    Column("unit", String(200), nullable=False),
    Column("channel", String(CHANNEL), nullable=False),
    Column("address", String(LINE), nullable=False),
    Column("flow_id", Uuid),
    Column("queue_id", Uuid),
    Column("language", String(20)),
    Column("priority_seconds", Integer, nullable=False),
    Column("version", Integer, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    PrimaryKeyConstraint("id"),
    CheckConstraint("(flow_id IS NULL) <> (queue_id IS NULL)", name="leads_somewhere"),
)

entry_address = Table(
    "entry_address",
    metadata,
    Column("channel", String(CHANNEL), nullable=False),
    Column("address", String(LINE), nullable=False),
    Column("entry_point_id", Uuid, nullable=False),
    PrimaryKeyConstraint("channel", "address"),
)

dedicated_agent = Table(
    "dedicated_agent",
    metadata,
    Column("customer_id", Uuid, nullable=False),
    Column("unit", String(200), nullable=False),
    Column("agent_id", Uuid, nullable=False),
    Column("version", Integer, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    PrimaryKeyConstraint("customer_id"),
)

# The directory: what routing must know of a customer while every other service is down.
directory_customer = Table(
    "directory_customer",
    metadata,
    Column("customer_id", Uuid, nullable=False),
    Column("unit", String(200)),
    Column("tier", SmallInteger),
    Column("language", String(20)),
    Column("tags", ARRAY(String(64)), nullable=False),
    Column("open_complaints", Integer, nullable=False),
    # When this was so, by the clock of customer-profile's database; an older reading changes
    # nothing.
    Column("seen_at", Moment),
    Column("is_erased", Boolean, nullable=False),
    Column("merged_into", Uuid),
    PrimaryKeyConstraint("customer_id"),
    CheckConstraint("tier BETWEEN 1 AND 6", name="tier"),
    CheckConstraint("open_complaints >= 0", name="open_complaints"),
)

# Addresses are kept as keyed digests: the directory can be asked for a caller, but not read out.
directory_address = Table(
    "directory_address",
    metadata,
    Column("digest", LargeBinary, nullable=False),
    Column("customer_id", Uuid, nullable=False),
    Column("is_key_contact", Boolean, nullable=False),
    PrimaryKeyConstraint("digest", "customer_id"),
)
Index("ix_directory_address_customer", directory_address.c.customer_id)

directory_complaint = Table(
    "directory_complaint",
    metadata,
    Column("customer_id", Uuid, nullable=False),
    Column("complaint_id", Uuid, nullable=False),
    PrimaryKeyConstraint("customer_id", "complaint_id"),
    ForeignKeyConstraint(
        ["customer_id"], ["directory_customer.customer_id"], name="fk_directory_complaint_customer"
    ),
)

tier_treatment = Table(
    "tier_treatment",
    metadata,
    Column("tier", String(20), nullable=False),
    Column("head_start_seconds", Integer, nullable=False),
    Column("longest_wait_seconds", Integer),
    Column("preferred_seconds", Integer, nullable=False),
    Column("held_seconds", Integer, nullable=False),
    Column("version", Integer, nullable=False),
    Column("updated_at", Moment, nullable=False),
    PrimaryKeyConstraint("tier"),
    CheckConstraint("tier IN ('none', '1', '2', '3', '4', '5', '6', 'key_contact')", name="tier"),
)

# What changed since the router looked: a row per change, taken away by the router that holds the
# lease.
routing_mark = Table(
    "routing_mark",
    metadata,
    Column("subject", Uuid, nullable=False),
    Column("id", Uuid, nullable=False),
    Column("kind", String(20), nullable=False),
    PrimaryKeyConstraint("subject", "id"),
    CheckConstraint("kind IN ('contact', 'agent', 'queue', 'treatments')", name="kind"),
)
