"""Cases with their clocks, steps and letters; calendars and service-level policies."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"

CHANNELS = "voice face_to_face web email fax sms letter chat social push demo event ivr system"
KINDS = "complaint service_request fault inquiry suggestion praise channel_conflict"
STATES = (
    "received acknowledged assessed not_upheld assigned analyzed proposed approved "
    "implemented answered accepted disputed closed withdrawn reopened paused"
)
SEVERITIES = "low medium high critical"
VERDICTS = "upheld partly_upheld not_upheld undecidable"
MEASURES = "business elapsed"
CLOCK_STATES = "running paused met breached"
MOVES = (
    "acknowledgement validity responsibility cause proposal approval implementation "
    "response feedback summary withdrawal reopening reassignment pause resumption"
)


def one_of(column: str, words: str) -> str:
    listed = ", ".join(f"'{word}'" for word in words.split())
    return f"{column} IN ({listed})"


def upgrade() -> None:
    op.create_table(
        "calendar",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_calendar")),
    )
    op.create_table(
        "complaint",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(length=24), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("narrative", sa.Text(), nullable=True),
        sa.Column("wish", sa.Text(), nullable=True),
        sa.Column("category", sa.String(length=64), nullable=False),
        sa.Column("severity", sa.String(length=10), nullable=False),
        sa.Column("dissatisfaction", sa.SmallInteger(), nullable=True),
        sa.Column("product_name", sa.String(length=200), nullable=True),
        sa.Column("product_lot", sa.String(length=200), nullable=True),
        sa.Column("unit", sa.String(length=200, collation="C"), nullable=False),
        sa.Column("is_unit_confirmed", sa.Boolean(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tier", sa.SmallInteger(), nullable=True),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("resumes_to", sa.String(length=20), nullable=True),
        sa.Column("verdict", sa.String(length=20), nullable=True),
        sa.Column("department", sa.String(length=200), nullable=True),
        sa.Column("handler", sa.String(length=200), nullable=True),
        sa.Column("proposal", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("proposer", sa.String(length=200), nullable=True),
        sa.Column("satisfaction", sa.SmallInteger(), nullable=True),
        sa.Column("escalation_level", sa.SmallInteger(), nullable=False),
        sa.Column("policy_name", sa.String(length=64), nullable=True),
        sa.Column("policy_version", sa.Integer(), nullable=True),
        sa.Column("steps", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tracking_digest", sa.LargeBinary(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("(state = 'paused') = (resumes_to IS NOT NULL)", name=op.f("ck_complaint_paused_knows_its_way_back")),
        sa.CheckConstraint("(state IN ('closed', 'withdrawn')) = (closed_at IS NOT NULL)", name=op.f("ck_complaint_ended_has_its_time")),
        sa.CheckConstraint(one_of("channel", CHANNELS), name=op.f("ck_complaint_channel")),
        sa.CheckConstraint(one_of("kind", KINDS), name=op.f("ck_complaint_kind")),
        sa.CheckConstraint(one_of("resumes_to", STATES), name=op.f("ck_complaint_resumes_to")),
        sa.CheckConstraint(one_of("severity", SEVERITIES), name=op.f("ck_complaint_severity")),
        sa.CheckConstraint(one_of("state", STATES), name=op.f("ck_complaint_state")),
        sa.CheckConstraint(one_of("verdict", VERDICTS), name=op.f("ck_complaint_verdict")),
        sa.CheckConstraint("(policy_name IS NULL) = (policy_version IS NULL)", name=op.f("ck_complaint_policy")),
        sa.CheckConstraint("dissatisfaction BETWEEN 1 AND 5", name=op.f("ck_complaint_dissatisfaction")),
        sa.CheckConstraint("escalation_level BETWEEN 0 AND 9", name=op.f("ck_complaint_escalation_level")),
        sa.CheckConstraint("length(narrative) <= 10000", name=op.f("ck_complaint_narrative_length")),
        sa.CheckConstraint("length(wish) <= 10000", name=op.f("ck_complaint_wish_length")),
        sa.CheckConstraint("satisfaction BETWEEN 1 AND 5", name=op.f("ck_complaint_satisfaction")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_complaint")),
    )
    op.create_index("ix_complaint_customer", "complaint", ["customer_id", "id"], unique=False)
    op.create_index(
        "ix_complaint_department", "complaint", ["department", "id"], unique=False, postgresql_where=sa.text("department IS NOT NULL")
    )
    op.create_index("ix_complaint_due_at", "complaint", ["due_at"], unique=False, postgresql_where=sa.text("due_at IS NOT NULL"))
    op.create_index("ix_complaint_state", "complaint", ["state", "id"], unique=False)
    op.create_index(
        "ix_complaint_unconfirmed", "complaint", ["asked_at"], unique=False, postgresql_where=sa.text("is_unit_confirmed IS false")
    )
    op.create_table(
        "complaint_number",
        sa.Column("number", sa.String(length=24), nullable=False),
        sa.Column("complaint_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_complaint_number")),
    )
    op.create_table(
        "customer",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("unit", sa.String(length=200, collation="C"), nullable=True),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("merged_into", sa.Uuid(), nullable=True),
        sa.Column("is_erased", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer")),
    )
    op.create_table(
        "sla_policy",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_sla_policy")),
    )
    op.create_table(
        "calendar_version",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("published_until", sa.Date(), nullable=True),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["name"], ["calendar.name"], name="fk_calendar_version_calendar"),
        sa.PrimaryKeyConstraint("name", "version", name=op.f("pk_calendar_version")),
    )
    op.create_table(
        "survey_answer",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("complaint_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_survey_answer")),
    )
    op.create_table(
        "clock",
        sa.Column("complaint_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("allowed", sa.Interval(), nullable=False),
        sa.Column("measure", sa.String(length=10), nullable=False),
        sa.Column("calendar", sa.String(length=64), nullable=True),
        sa.Column("calendar_version", sa.Integer(), nullable=True),
        sa.Column("mark_percents", sa.ARRAY(sa.Integer()), nullable=False),
        sa.Column("mark_levels", sa.ARRAY(sa.Integer()), nullable=False),
        sa.Column("mark_notify", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("mark_times", sa.ARRAY(sa.DateTime(timezone=True)), nullable=False),
        sa.Column("told", sa.SmallInteger(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("counted_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("counted_before", sa.Interval(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_provisional", sa.Boolean(), nullable=False),
        sa.Column("is_paused", sa.Boolean(), nullable=False),
        sa.Column("stopped_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(one_of("measure", MEASURES), name=op.f("ck_clock_measure")),
        sa.CheckConstraint("state <> 'met' OR stopped_at IS NOT NULL", name=op.f("ck_clock_met_is_stopped")),
        sa.CheckConstraint("state <> 'running' OR stopped_at IS NULL", name=op.f("ck_clock_running_is_not_stopped")),
        sa.CheckConstraint(one_of("state", CLOCK_STATES), name=op.f("ck_clock_state")),
        sa.CheckConstraint("told BETWEEN 0 AND cardinality(mark_times)", name=op.f("ck_clock_told")),
        sa.ForeignKeyConstraint(["complaint_id"], ["complaint.id"], name="fk_clock_complaint"),
        sa.PrimaryKeyConstraint("complaint_id", "name", "round", name=op.f("pk_clock")),
    )
    op.create_index(
        "ix_clock_provisional",
        "clock",
        ["calendar", "complaint_id"],
        unique=False,
        postgresql_where=sa.text("is_provisional AND stopped_at IS NULL"),
    )
    op.create_table(
        "complaint_step",
        sa.Column("complaint_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("move", sa.String(length=20), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("left_state", sa.String(length=20), nullable=False),
        sa.Column("entered_state", sa.String(length=20), nullable=False),
        sa.Column("record", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.Column("client_id", sa.String(length=100), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(one_of("move", MOVES), name=op.f("ck_complaint_step_move")),
        sa.ForeignKeyConstraint(["complaint_id"], ["complaint.id"], name="fk_complaint_step_complaint"),
        sa.PrimaryKeyConstraint("complaint_id", "number", name=op.f("pk_complaint_step")),
    )
    op.create_table(
        "letter",
        sa.Column("complaint_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("language", sa.String(length=10), nullable=False),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("pdf_sha256", sa.String(length=64), nullable=False),
        sa.Column("docx_sha256", sa.String(length=64), nullable=False),
        sa.Column("pdf", sa.LargeBinary(), nullable=True),
        sa.Column("docx", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["complaint_id"], ["complaint.id"], name="fk_letter_complaint"),
        sa.PrimaryKeyConstraint("complaint_id", "id", name=op.f("pk_letter")),
    )
    op.create_table(
        "sla_policy_version",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["name"], ["sla_policy.name"], name="fk_sla_policy_version_sla_policy"),
        sa.PrimaryKeyConstraint("name", "version", name=op.f("pk_sla_policy_version")),
    )


def downgrade() -> None:
    op.drop_table("sla_policy_version")
    op.drop_table("letter")
    op.drop_table("complaint_step")
    op.drop_index("ix_clock_provisional", table_name="clock", postgresql_where=sa.text("is_provisional AND stopped_at IS NULL"))
    op.drop_table("clock")
    op.drop_table("survey_answer")
    op.drop_table("calendar_version")
    op.drop_table("sla_policy")
    op.drop_table("customer")
    op.drop_table("complaint_number")
    op.drop_index("ix_complaint_unconfirmed", table_name="complaint", postgresql_where=sa.text("is_unit_confirmed IS false"))
    op.drop_index("ix_complaint_state", table_name="complaint")
    op.drop_index("ix_complaint_due_at", table_name="complaint", postgresql_where=sa.text("due_at IS NOT NULL"))
    op.drop_index("ix_complaint_department", table_name="complaint", postgresql_where=sa.text("department IS NOT NULL"))
    op.drop_index("ix_complaint_customer", table_name="complaint")
    op.drop_table("complaint")
    op.drop_table("calendar")
