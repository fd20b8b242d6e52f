"""The tables of the contact center, and the usual treatment of each tier."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "agent",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("unit", sa.String(length=200), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("team", sa.String(length=200), nullable=True),
        sa.Column("skills", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("capacity", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("languages", sa.ARRAY(sa.String(length=20)), nullable=False),
        sa.Column("queues", sa.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("presence", sa.String(length=20), nullable=False),
        sa.Column("presence_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_responding", sa.Boolean(), nullable=False),
        sa.Column("idle_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("presence IN ('available', 'break', 'meal', 'meeting', 'training', 'offline')", name=op.f("ck_agent_presence")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agent")),
    )
    op.create_index("ix_agent_present", "agent", ["id"], unique=False, postgresql_where=sa.text("presence != 'offline'"))
    op.create_index("ix_agent_queues", "agent", ["queues"], unique=False, postgresql_using="gin")
    op.create_table(
        "contact",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("unit", sa.String(length=200), nullable=False),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("from_address", sa.String(length=200), nullable=True),
        sa.Column("to_address", sa.String(length=200), nullable=False),
        sa.Column("external_id", sa.String(length=200), nullable=True),
        sa.Column("entry_point_id", sa.Uuid(), nullable=True),
        sa.Column("customer_id", sa.Uuid(), nullable=True),
        sa.Column("tier", sa.SmallInteger(), nullable=True),
        sa.Column("is_key_contact", sa.Boolean(), nullable=False),
        sa.Column("language", sa.String(length=20), nullable=True),
        sa.Column("flow_id", sa.Uuid(), nullable=True),
        sa.Column("flow_version", sa.Integer(), nullable=True),
        sa.Column("flow_node", sa.String(length=64), nullable=True),
        sa.Column("flow_tries", sa.SmallInteger(), nullable=False),
        sa.Column("trail", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("says", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("collected", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("needed_skills", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("needed_language", sa.String(length=20), nullable=True),
        sa.Column("priority_seconds", sa.Integer(), nullable=False),
        sa.Column("queue_id", sa.Uuid(), nullable=True),
        sa.Column("arrived_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("queued_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("waiting_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("waited_seconds", sa.Numeric(precision=12, scale=3), nullable=False),
        sa.Column("target_agent_id", sa.Uuid(), nullable=True),
        sa.Column("dedicated_agent_id", sa.Uuid(), nullable=True),
        sa.Column("last_agent_id", sa.Uuid(), nullable=True),
        sa.Column("declined", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("offer_id", sa.Uuid(), nullable=True),
        sa.Column("agent_id", sa.Uuid(), nullable=True),
        sa.Column("offer_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("held_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("held_seconds", sa.Numeric(precision=12, scale=3), nullable=False),
        sa.Column("transfers", sa.SmallInteger(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("wrap_up_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("wrap_up_code", sa.String(length=64), nullable=True),
        sa.Column("notes", sa.String(length=10000), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(state = 'offered') = (offer_id IS NOT NULL)", name=op.f("ck_contact_offer")),
        sa.CheckConstraint(
            "state IN ('in_flow', 'queued', 'offered', 'assigned', 'on_hold', 'wrapping', 'completed', 'abandoned')",
            name=op.f("ck_contact_state"),
        ),
        sa.CheckConstraint("state NOT IN ('in_flow', 'queued') OR agent_id IS NULL", name=op.f("ck_contact_no_agent")),
        sa.CheckConstraint(
            "state NOT IN ('offered', 'assigned', 'on_hold', 'wrapping') OR agent_id IS NOT NULL", name=op.f("ck_contact_agent")
        ),
        sa.CheckConstraint(
            "state NOT IN ('queued', 'offered') OR (queue_id IS NOT NULL AND waiting_since IS NOT NULL)", name=op.f("ck_contact_queue")
        ),
        sa.CheckConstraint("tier BETWEEN 1 AND 6", name=op.f("ck_contact_tier")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact")),
    )
    op.create_index(
        "ix_contact_agent",
        "contact",
        ["agent_id", sa.literal_column("id DESC")],
        unique=False,
        postgresql_where=sa.text("agent_id IS NOT NULL"),
    )
    op.create_index(
        "ix_contact_customer",
        "contact",
        ["customer_id", sa.literal_column("id DESC")],
        unique=False,
        postgresql_where=sa.text("customer_id IS NOT NULL"),
    )
    op.create_index("ix_contact_external", "contact", ["external_id"], unique=False, postgresql_where=sa.text("external_id IS NOT NULL"))
    op.create_index(
        "ix_contact_queue_abandoned", "contact", ["queue_id", "ended_at"], unique=False, postgresql_where=sa.text("state = 'abandoned'")
    )
    op.create_index(
        "ix_contact_waiting",
        "contact",
        ["queue_id", "waiting_since"],
        unique=False,
        postgresql_where=sa.text("state IN ('queued', 'offered')"),
    )
    op.create_table(
        "dedicated_agent",
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("unit", sa.String(length=200), nullable=False),
        sa.Column("agent_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("customer_id", name=op.f("pk_dedicated_agent")),
    )
    op.create_table(
        "directory_address",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("is_key_contact", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("digest", "customer_id", name=op.f("pk_directory_address")),
    )
    op.create_index("ix_directory_address_customer", "directory_address", ["customer_id"], unique=False)
    op.create_table(
        "directory_customer",
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("unit", sa.String(length=200), nullable=True),
        sa.Column("tier", sa.SmallInteger(), nullable=True),
        sa.Column("language", sa.String(length=20), nullable=True),
        sa.Column("tags", sa.ARRAY(sa.String(length=64)), nullable=False),
        sa.Column("open_complaints", sa.Integer(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("is_erased", sa.Boolean(), nullable=False),
        sa.Column("merged_into", sa.Uuid(), nullable=True),
        sa.CheckConstraint("open_complaints >= 0", name=op.f("ck_directory_customer_open_complaints")),
        sa.CheckConstraint("tier BETWEEN 1 AND 6", name=op.f("ck_directory_customer_tier")),
        sa.PrimaryKeyConstraint("customer_id", name=op.f("pk_directory_customer")),
    )
    op.create_table(
        "entry_address",
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("address", sa.String(length=200), nullable=False),
        sa.Column("entry_point_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("channel", "address", name=op.f("pk_entry_address")),
    )
    op.create_table(
        "entry_point",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("unit", sa.String(length=200), nullable=False),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("address", sa.String(length=200), nullable=False),
        sa.Column("flow_id", sa.Uuid(), nullable=True),
        sa.Column("queue_id", sa.Uuid(), nullable=True),
        sa.Column("language", sa.String(length=20), nullable=True),
        sa.Column("priority_seconds", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(flow_id IS NULL) <> (queue_id IS NULL)", name=op.f("ck_entry_point_leads_somewhere")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entry_point")),
    )
    op.create_table(
        "flow",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("unit", sa.String(length=200), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_flow")),
    )
    op.create_table(
        "queue",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("unit", sa.String(length=200), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("channels", sa.ARRAY(sa.String(length=20)), nullable=False),
        sa.Column("skills", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("service_level_seconds", sa.Integer(), nullable=False),
        sa.Column("service_level_share", sa.Numeric(precision=5, scale=4), nullable=False),
        sa.Column("offer_seconds", sa.Integer(), nullable=False),
        sa.Column("wrap_up_seconds", sa.Integer(), nullable=False),
        sa.Column("relaxation", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("overflow_after_seconds", sa.Integer(), nullable=True),
        sa.Column("overflow_queue_id", sa.Uuid(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(overflow_queue_id IS NULL) = (overflow_after_seconds IS NULL)", name=op.f("ck_queue_overflow")),
        sa.CheckConstraint("offer_seconds > 0", name=op.f("ck_queue_offer_seconds")),
        sa.CheckConstraint("service_level_share BETWEEN 0 AND 1", name=op.f("ck_queue_service_level_share")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_queue")),
    )
    op.create_table(
        "routing_mark",
        sa.Column("subject", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.CheckConstraint("kind IN ('contact', 'agent', 'queue', 'treatments')", name=op.f("ck_routing_mark_kind")),
        sa.PrimaryKeyConstraint("subject", "id", name=op.f("pk_routing_mark")),
    )
    op.create_table(
        "tier_treatment",
        sa.Column("tier", sa.String(length=20), nullable=False),
        sa.Column("head_start_seconds", sa.Integer(), nullable=False),
        sa.Column("longest_wait_seconds", sa.Integer(), nullable=True),
        sa.Column("preferred_seconds", sa.Integer(), nullable=False),
        sa.Column("held_seconds", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("tier IN ('none', '1', '2', '3', '4', '5', '6', 'key_contact')", name=op.f("ck_tier_treatment_tier")),
        sa.PrimaryKeyConstraint("tier", name=op.f("pk_tier_treatment")),
    )
    op.create_table(
        "agent_work",
        sa.Column("agent_id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("slot", sa.SmallInteger(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("queue_id", sa.Uuid(), nullable=True),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('offered', 'assigned', 'on_hold', 'wrapping')", name=op.f("ck_agent_work_state")),
        sa.CheckConstraint("slot BETWEEN 1 AND 50", name=op.f("ck_agent_work_slot")),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"], name="fk_agent_work_agent"),
        sa.PrimaryKeyConstraint("agent_id", "channel", "slot", name=op.f("pk_agent_work")),
        sa.UniqueConstraint("agent_id", "contact_id", name="uq_agent_work_contact"),
    )
    op.create_index("ix_agent_work_offered", "agent_work", ["agent_id"], unique=False, postgresql_where=sa.text("state = 'offered'"))
    op.create_index("ix_agent_work_until", "agent_work", ["until"], unique=False, postgresql_where=sa.text("until IS NOT NULL"))
    op.create_table(
        "directory_complaint",
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("complaint_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["directory_customer.customer_id"], name="fk_directory_complaint_customer"),
        sa.PrimaryKeyConstraint("customer_id", "complaint_id", name=op.f("pk_directory_complaint")),
    )
    op.create_table(
        "flow_version",
        sa.Column("flow_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("start", sa.String(length=64), nullable=False),
        sa.Column("nodes", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(["flow_id"], ["flow.id"], name="fk_flow_version_flow"),
        sa.PrimaryKeyConstraint("flow_id", "version", name=op.f("pk_flow_version")),
    )
    op.create_table(
        "offer",
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("unit", sa.String(length=200), nullable=False),
        sa.Column("agent_id", sa.Uuid(), nullable=False),
        sa.Column("queue_id", sa.Uuid(), nullable=True),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=True),
        sa.Column("waited_seconds", sa.Numeric(precision=12, scale=3), nullable=True),
        sa.CheckConstraint("(state = 'accepted') = (waited_seconds IS NOT NULL)", name=op.f("ck_offer_waited")),
        sa.CheckConstraint("(state = 'pending') = (ended_at IS NULL)", name=op.f("ck_offer_ended")),
        sa.CheckConstraint("state IN ('pending', 'accepted', 'rejected', 'timed_out', 'withdrawn')", name=op.f("ck_offer_state")),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name="fk_offer_contact"),
        sa.PrimaryKeyConstraint("contact_id", "id", name=op.f("pk_offer")),
    )
    op.create_index("ix_offer_agent", "offer", ["agent_id", "id"], unique=False, postgresql_where=sa.text("state = 'pending'"))
    op.create_index("ix_offer_answered", "offer", ["queue_id", "ended_at"], unique=False, postgresql_where=sa.text("state = 'accepted'"))
    op.create_index("ix_offer_id", "offer", ["id"], unique=False)
    op.create_index("uq_offer_pending", "offer", ["contact_id"], unique=True, postgresql_where=sa.text("state = 'pending'"))
    _treat_tiers_as_usual()


def _treat_tiers_as_usual() -> None:
    """Six stars: a head start over all, dedicated agent first; four and five stars and key contacts a smaller one; a longest wait each."""
    treatment = sa.table(
        "tier_treatment",
        *(sa.column(name) for name in ("tier", "head_start_seconds", "longest_wait_seconds", "preferred_seconds", "held_seconds")),
        sa.column("version"),
        sa.column("updated_at", sa.DateTime(timezone=True)),
    )
    usual = {
        "none": (0, 300, 20),
        "1": (0, 300, 20),
        "2": (0, 300, 20),
        "3": (0, 240, 20),
        "4": (60, 180, 30),
        "5": (60, 180, 30),
        "6": (120, 120, 60),
        "key_contact": (60, 180, 30),
    }
    for tier, (head_start, longest_wait, preferred) in usual.items():
        op.execute(
            treatment.insert().values(
                tier=tier,
                head_start_seconds=head_start,
                longest_wait_seconds=longest_wait,
                preferred_seconds=preferred,
                held_seconds=0,
                version=1,
                updated_at=sa.func.now(),
            )
        )


def downgrade() -> None:
    op.drop_index("uq_offer_pending", table_name="offer", postgresql_where=sa.text("state = 'pending'"))
    op.drop_index("ix_offer_id", table_name="offer")
    op.drop_index("ix_offer_answered", table_name="offer", postgresql_where=sa.text("state = 'accepted'"))
    op.drop_index("ix_offer_agent", table_name="offer", postgresql_where=sa.text("state = 'pending'"))
    op.drop_table("offer")
    op.drop_table("flow_version")
    op.drop_table("directory_complaint")
    op.drop_index("ix_agent_work_until", table_name="agent_work", postgresql_where=sa.text("until IS NOT NULL"))
    op.drop_index("ix_agent_work_offered", table_name="agent_work", postgresql_where=sa.text("state = 'offered'"))
    op.drop_table("agent_work")
    op.drop_table("tier_treatment")
    op.drop_table("routing_mark")
    op.drop_table("queue")
    op.drop_table("flow")
    op.drop_table("entry_point")
    op.drop_table("entry_address")
    op.drop_table("directory_customer")
    op.drop_index("ix_directory_address_customer", table_name="directory_address")
    op.drop_table("directory_address")
    op.drop_table("dedicated_agent")
    op.drop_index("ix_contact_waiting", table_name="contact", postgresql_where=sa.text("state IN ('queued', 'offered')"))
    op.drop_index("ix_contact_queue_abandoned", table_name="contact", postgresql_where=sa.text("state = 'abandoned'"))
    op.drop_index("ix_contact_external", table_name="contact", postgresql_where=sa.text("external_id IS NOT NULL"))
    op.drop_index("ix_contact_customer", table_name="contact", postgresql_where=sa.text("customer_id IS NOT NULL"))
    op.drop_index("ix_contact_agent", table_name="contact", postgresql_where=sa.text("agent_id IS NOT NULL"))
    op.drop_table("contact")
    op.drop_index("ix_agent_queues", table_name="agent", postgresql_using="gin")
    op.drop_index("ix_agent_present", table_name="agent", postgresql_where=sa.text("presence != 'offline'"))
    op.drop_table("agent")
