"""Customers, what hangs on them, care plans and imports."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "care_plan",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("occasion", sa.String(length=40), nullable=False),
        sa.Column("within_days", sa.SmallInteger(), nullable=False),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("purpose", sa.String(length=20), nullable=False),
        sa.Column("template", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("segment", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("unit", sa.String(length=200, collation="C"), nullable=True),
        sa.Column("owner", sa.String(length=200), nullable=True),
        sa.Column("is_enabled", sa.Boolean(), nullable=False),
        sa.Column("is_built_in", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("within_days BETWEEN 0 AND 366", name=op.f("ck_care_plan_within_days")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_care_plan")),
    )
    op.create_index("ix_care_plan_occasion", "care_plan", ["occasion"], unique=False)
    op.create_table(
        "customer",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("language", sa.String(length=20), nullable=False),
        sa.Column("time_zone", sa.String(length=64), nullable=False),
        sa.Column("unit", sa.String(length=200, collation="C"), nullable=False),
        sa.Column("roles", sa.ARRAY(sa.String(length=20)), nullable=False),
        sa.Column("sector", sa.String(length=20), nullable=True),
        sa.Column("identifiers", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("tags", sa.ARRAY(sa.String(length=64)), nullable=False),
        sa.Column("facts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("sources", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("sensitive", sa.ARRAY(sa.String(length=100)), nullable=False),
        sa.Column("tier", sa.SmallInteger(), nullable=True),
        sa.Column("account_manager", sa.String(length=200), nullable=True),
        sa.Column("do_not_contact", sa.Boolean(), nullable=False),
        sa.Column("birthday", sa.SmallInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('individual', 'organization')", name=op.f("ck_customer_kind")),
        sa.CheckConstraint("birthday BETWEEN 101 AND 1231", name=op.f("ck_customer_birthday")),
        sa.CheckConstraint("tier BETWEEN 1 AND 6", name=op.f("ck_customer_tier")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer")),
    )
    op.create_index("ix_customer_birthday", "customer", ["birthday", "id"], unique=False, postgresql_where=sa.text("birthday IS NOT NULL"))
    op.create_index(
        "ix_customer_tags", "customer", ["tags"], unique=False, postgresql_using="gin", postgresql_where=sa.text("tags != '{}'")
    )
    op.create_index("ix_customer_tier", "customer", ["tier", "id"], unique=False, postgresql_where=sa.text("tier IS NOT NULL"))
    op.create_index("ix_customer_unit", "customer", ["unit", "id"], unique=False, postgresql_where=sa.text("erased_at IS NULL"))
    op.create_table(
        "identifier_holder",
        sa.Column("key", sa.String(length=400, collation="C"), nullable=False),
        sa.Column("holder_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("is_unique", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("key", "holder_id", name=op.f("pk_identifier_holder")),
    )
    op.create_index("uq_identifier_holder_unique_key", "identifier_holder", ["key"], unique=True, postgresql_where=sa.text("is_unique"))
    op.create_table(
        "import_file",
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("import_id", "part", name=op.f("pk_import_file")),
    )
    op.create_table(
        "import_problem",
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.Column("number", sa.SmallInteger(), nullable=False),
        sa.Column("column", sa.String(length=200), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("detail", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("import_id", "row", "number", name=op.f("pk_import_problem")),
    )
    op.create_table(
        "care_task",
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("plan", sa.String(length=200), nullable=False),
        sa.Column("occasion_key", sa.String(length=100), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("owner", sa.String(length=200), nullable=True),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("text", sa.String(length=20000), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("reasons", sa.ARRAY(sa.String(length=40)), nullable=False),
        sa.Column("outcome", sa.String(length=200), nullable=True),
        sa.Column("note", sa.String(length=10000), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("state IN ('open', 'done', 'skipped')", name=op.f("ck_care_task_state")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_care_task_customer_id_customer")),
        sa.PrimaryKeyConstraint("customer_id", "id", name=op.f("pk_care_task")),
    )
    op.create_index("ix_care_task_due_at", "care_task", ["due_at", "id"], unique=False)
    op.create_index("ix_care_task_id", "care_task", ["id"], unique=False)
    op.create_index("ix_care_task_state", "care_task", ["state", "due_at", "id"], unique=False)
    op.create_index("uq_care_task_occasion", "care_task", ["customer_id", "plan_id", "occasion_key"], unique=True)
    op.create_table(
        "consent",
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.String(length=20), nullable=False),
        sa.Column("channel", sa.String(length=20), nullable=True),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("proof", sa.String(length=10000), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("status IN ('granted', 'denied', 'withdrawn')", name=op.f("ck_consent_status")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_consent_customer_id_customer")),
        sa.PrimaryKeyConstraint("customer_id", "id", name=op.f("pk_consent")),
    )
    op.create_index("ix_consent_id", "consent", ["id"], unique=False)
    op.create_table(
        "contact_person",
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("part", sa.String(length=20), nullable=False),
        sa.Column("stance", sa.String(length=20), nullable=True),
        sa.Column("position", sa.String(length=200), nullable=True),
        sa.Column("language", sa.String(length=20), nullable=True),
        sa.Column("key_contact", sa.Boolean(), nullable=False),
        sa.Column("identifiers", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_contact_person_customer_id_customer")),
        sa.PrimaryKeyConstraint("customer_id", "id", name=op.f("pk_contact_person")),
    )
    op.create_table(
        "customer_search",
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("unit", sa.String(length=200, collation="C"), nullable=False),
        sa.Column("tokens", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("text", sa.String(length=1000, collation="C"), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_customer_search_customer_id_customer")),
        sa.PrimaryKeyConstraint("customer_id", name=op.f("pk_customer_search")),
    )
    op.create_index(
        "ix_customer_search_tokens",
        "customer_search",
        ["tokens"],
        unique=False,
        postgresql_using="gin",
        postgresql_with={"gin_pending_list_limit": 1024},
    )
    op.create_table(
        "interaction",
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("direction", sa.String(length=3), nullable=False),
        sa.Column("purpose", sa.String(length=20), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("agent", sa.String(length=200), nullable=True),
        sa.Column("outcome", sa.String(length=2000), nullable=True),
        sa.Column("to_dos", sa.ARRAY(sa.String(length=200)), nullable=False),
        sa.Column("details", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("external_id", sa.String(length=200, collation="C"), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("direction IN ('in', 'out')", name=op.f("ck_interaction_direction")),
        sa.CheckConstraint("ended_at >= occurred_at", name=op.f("ck_interaction_ended_at")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_interaction_customer_id_customer")),
        sa.PrimaryKeyConstraint("customer_id", "id", name=op.f("pk_interaction")),
    )
    op.create_index("ix_interaction_id", "interaction", ["id"], unique=False)
    op.create_index("ix_interaction_occurred_at", "interaction", ["customer_id", "occurred_at"], unique=False)
    op.create_index(
        "uq_interaction_external_id",
        "interaction",
        ["customer_id", "external_id"],
        unique=True,
        postgresql_where=sa.text("external_id IS NOT NULL"),
    )
    op.create_table(
        "relationship",
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("type", sa.String(length=20), nullable=False),
        sa.Column("other_id", sa.Uuid(), nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=True),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("customer_id <> other_id", name=op.f("ck_relationship_other")),
        sa.CheckConstraint("valid_until >= valid_from", name=op.f("ck_relationship_valid_until")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_relationship_customer_id_customer")),
        sa.PrimaryKeyConstraint("customer_id", "id", name=op.f("pk_relationship")),
    )
    op.create_index("ix_relationship_other_id", "relationship", ["other_id"], unique=False)
    op.create_index("uq_relationship_other", "relationship", ["customer_id", "type", "other_id"], unique=True)
    op.create_table(
        "timeline_entry",
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("label", sa.String(length=60), nullable=False),
        sa.Column("details", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("ref_type", sa.String(length=40), nullable=False),
        sa.Column("ref_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_timeline_entry_customer_id_customer")),
        sa.PrimaryKeyConstraint("customer_id", "occurred_at", "id", name=op.f("pk_timeline_entry")),
    )


def downgrade() -> None:
    op.drop_table("timeline_entry")
    op.drop_index("uq_relationship_other", table_name="relationship")
    op.drop_index("ix_relationship_other_id", table_name="relationship")
    op.drop_table("relationship")
    op.drop_index("uq_interaction_external_id", table_name="interaction", postgresql_where=sa.text("external_id IS NOT NULL"))
    op.drop_index("ix_interaction_occurred_at", table_name="interaction")
    op.drop_index("ix_interaction_id", table_name="interaction")
    op.drop_table("interaction")
    op.drop_index("ix_customer_search_tokens", table_name="customer_search", postgresql_using="gin")
    op.drop_table("customer_search")
    op.drop_table("contact_person")
    op.drop_index("ix_consent_id", table_name="consent")
    op.drop_table("consent")
    op.drop_index("uq_care_task_occasion", table_name="care_task")
    op.drop_index("ix_care_task_state", table_name="care_task")
    op.drop_index("ix_care_task_id", table_name="care_task")
    op.drop_index("ix_care_task_due_at", table_name="care_task")
    op.drop_table("care_task")
    op.drop_table("import_problem")
    op.drop_table("import_file")
    op.drop_index("uq_identifier_holder_unique_key", table_name="identifier_holder", postgresql_where=sa.text("is_unique"))
    op.drop_table("identifier_holder")
    op.drop_index("ix_customer_unit", table_name="customer", postgresql_where=sa.text("erased_at IS NULL"))
    op.drop_index("ix_customer_tier", table_name="customer", postgresql_where=sa.text("tier IS NOT NULL"))
    op.drop_index("ix_customer_tags", table_name="customer", postgresql_using="gin", postgresql_where=sa.text("tags != '{}'"))
    op.drop_index("ix_customer_birthday", table_name="customer", postgresql_where=sa.text("birthday IS NOT NULL"))
    op.drop_table("customer")
    op.drop_index("ix_care_plan_occasion", table_name="care_plan")
    op.drop_table("care_plan")
