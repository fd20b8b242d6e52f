"""transactions scores tiers surveys."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "customer",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("unit", sa.String(length=200), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("known_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("state IN ('active', 'merged', 'erased')", name=op.f("ck_customer_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer")),
    )
    op.create_table(
        "purchase_day",
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("orders", sa.BigInteger(), nullable=False),
        sa.Column("order_amount", sa.BigInteger(), nullable=False),
        sa.Column("order_cost", sa.BigInteger(), nullable=False),
        sa.Column("refunds", sa.BigInteger(), nullable=False),
        sa.Column("refund_amount", sa.BigInteger(), nullable=False),
        sa.Column("refund_cost", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("orders >= 0 AND refunds >= 0", name=op.f("ck_purchase_day_counts")),
        sa.PrimaryKeyConstraint("customer_id", "currency", "day", name=op.f("pk_purchase_day")),
    )
    op.create_table(
        "purchase_statistic",
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("order_days", sa.Integer(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=True),
        sa.Column("last_day", sa.Date(), nullable=True),
        sa.Column("last_activity", sa.Date(), nullable=False),
        sa.Column("first_day_amount", sa.BigInteger(), nullable=False),
        sa.Column("orders", sa.BigInteger(), nullable=False),
        sa.Column("order_amount", sa.BigInteger(), nullable=False),
        sa.Column("order_cost", sa.BigInteger(), nullable=False),
        sa.Column("refunds", sa.BigInteger(), nullable=False),
        sa.Column("refund_amount", sa.BigInteger(), nullable=False),
        sa.Column("refund_cost", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("order_days = 0 OR first_day IS NOT NULL AND last_day IS NOT NULL", name=op.f("ck_purchase_statistic_days")),
        sa.CheckConstraint("order_days >= 0", name=op.f("ck_purchase_statistic_order_days")),
        sa.PrimaryKeyConstraint("customer_id", "currency", name=op.f("pk_purchase_statistic")),
    )
    op.create_table(
        "score_card",
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("definition_version", sa.SmallInteger(), nullable=False),
        sa.Column("order_days", sa.Integer(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("first_day_amount", sa.BigInteger(), nullable=False),
        sa.Column("order_amount", sa.BigInteger(), nullable=False),
        sa.Column("order_cost", sa.BigInteger(), nullable=False),
        sa.Column("refund_amount", sa.BigInteger(), nullable=False),
        sa.Column("refund_cost", sa.BigInteger(), nullable=False),
        sa.Column("recency", sa.SmallInteger(), nullable=False),
        sa.Column("frequency", sa.SmallInteger(), nullable=False),
        sa.Column("monetary", sa.SmallInteger(), nullable=False),
        sa.Column("tenure", sa.SmallInteger(), nullable=False),
        sa.Column("p_alive", sa.Integer(), nullable=True),
        sa.Column("expected_orders", sa.BigInteger(), nullable=True),
        sa.Column("order_value", sa.BigInteger(), nullable=True),
        sa.Column("clv", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("customer_id", "id", name=op.f("pk_score_card")),
    )
    op.create_index(
        "ix_score_card_latest",
        "score_card",
        ["customer_id", "currency", sa.literal_column("as_of DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_table(
        "score_definition",
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("time_unit", sa.String(length=10), nullable=False),
        sa.Column("horizon_months", sa.Integer(), nullable=False),
        sa.Column("annual_discount", sa.String(length=24), nullable=False),
        sa.Column("margin", sa.String(length=24), nullable=False),
        sa.Column("cuts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("bg_nbd_id", sa.Uuid(), nullable=True),
        sa.Column("gamma_gamma_id", sa.Uuid(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_score_definition")),
    )
    op.create_index(
        "ix_score_definition_currency",
        "score_definition",
        ["currency", sa.literal_column("as_of DESC"), sa.literal_column("run_id DESC")],
        unique=False,
    )
    op.create_table(
        "score_model",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("time_unit", sa.String(length=10), nullable=False),
        sa.Column("parameters", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("log_likelihood", sa.Double(), nullable=False),
        sa.Column("customers", sa.Integer(), nullable=False),
        sa.Column("gradient_norm", sa.Double(), nullable=False),
        sa.Column("steps", sa.Integer(), nullable=False),
        sa.Column("fitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('bg_nbd', 'gamma_gamma')", name=op.f("ck_score_model_kind")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_score_model")),
    )
    op.create_index(
        "ix_score_model_kind", "score_model", ["kind", sa.literal_column("fitted_at DESC"), sa.literal_column("id DESC")], unique=False
    )
    op.create_table(
        "survey_response",
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("instrument", sa.String(length=10), nullable=False),
        sa.Column("score", sa.SmallInteger(), nullable=False),
        sa.Column("remark", sa.String(length=10000), nullable=True),
        sa.Column("critical_reasons", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("ref_type", sa.String(length=64), nullable=True),
        sa.Column("ref_id", sa.String(length=64), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.CheckConstraint(
            "instrument = 'csat' AND score BETWEEN 1 AND 5 OR instrument = 'nps' AND score BETWEEN 0 AND 10",
            name=op.f("ck_survey_response_score"),
        ),
        sa.PrimaryKeyConstraint("customer_id", "id", name=op.f("pk_survey_response")),
    )
    op.create_index("ix_survey_response_day", "survey_response", ["instrument", "day"], unique=False)
    op.create_index("ix_survey_response_id", "survey_response", ["id"], unique=False)
    op.create_table(
        "tier_scheme",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("score", sa.String(length=20), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("thresholds", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("minimum_stay_days", sa.Integer(), nullable=False),
        sa.Column("review_id", sa.Uuid(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_tier_scheme")),
    )
    op.create_table(
        "tier_scheme_in_force",
        sa.Column("single", sa.Boolean(), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.CheckConstraint("single", name=op.f("ck_tier_scheme_in_force_single")),
        sa.PrimaryKeyConstraint("single", name=op.f("pk_tier_scheme_in_force")),
    )
    op.create_table(
        "tier_standing",
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("stars", sa.SmallInteger(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("card_day", sa.Date(), nullable=True),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("scheme", sa.String(length=64), nullable=True),
        sa.Column("scheme_version", sa.Integer(), nullable=True),
        sa.Column("override_stars", sa.SmallInteger(), nullable=True),
        sa.Column("override_reason", sa.String(length=200), nullable=True),
        sa.Column("override_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("override_by", sa.String(length=200), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("stars BETWEEN 1 AND 6 AND override_stars BETWEEN 1 AND 6", name=op.f("ck_tier_standing_stars")),
        sa.PrimaryKeyConstraint("customer_id", name=op.f("pk_tier_standing")),
    )
    op.create_table(
        "transaction",
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("cost", sa.BigInteger(), nullable=True),
        sa.Column("product", sa.String(length=200), nullable=True),
        sa.Column("channel", sa.String(length=64), nullable=True),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("external_id", sa.String(length=200), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("kind IN ('order', 'refund')", name=op.f("ck_transaction_kind")),
        sa.CheckConstraint("state IN ('recorded', 'voided')", name=op.f("ck_transaction_state")),
        sa.CheckConstraint("amount >= 0", name=op.f("ck_transaction_amount")),
        sa.CheckConstraint("cost >= 0", name=op.f("ck_transaction_cost")),
        sa.PrimaryKeyConstraint("customer_id", "id", name=op.f("pk_transaction")),
    )
    op.create_index(
        "ix_transaction_customer_id_occurred_at",
        "transaction",
        ["customer_id", sa.literal_column("occurred_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_index("ix_transaction_id", "transaction", ["id"], unique=False)
    op.create_table(
        "transaction_import",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("filename", sa.String(length=200), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transaction_import")),
    )
    op.create_table(
        "transaction_reference",
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("external_id", sa.String(length=200), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("transaction_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("source", "external_id", name=op.f("pk_transaction_reference")),
    )
    op.create_table(
        "transaction_import_error",
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.Column("detail", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(
            ["import_id"],
            ["transaction_import.id"],
            name=op.f("fk_transaction_import_error_import_id_transaction_import"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("import_id", "row", name=op.f("pk_transaction_import_error")),
    )
    op.create_table(
        "transaction_import_piece",
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["import_id"],
            ["transaction_import.id"],
            name=op.f("fk_transaction_import_piece_import_id_transaction_import"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("import_id", "number", name=op.f("pk_transaction_import_piece")),
    )


def downgrade() -> None:
    op.drop_table("transaction_import_piece")
    op.drop_table("transaction_import_error")
    op.drop_table("transaction_reference")
    op.drop_table("transaction_import")
    op.drop_index("ix_transaction_id", table_name="transaction")
    op.drop_index("ix_transaction_customer_id_occurred_at", table_name="transaction")
    op.drop_table("transaction")
    op.drop_table("tier_standing")
    op.drop_table("tier_scheme_in_force")
    op.drop_table("tier_scheme")
    op.drop_index("ix_survey_response_id", table_name="survey_response")
    op.drop_index("ix_survey_response_day", table_name="survey_response")
    op.drop_table("survey_response")
    op.drop_index("ix_score_model_kind", table_name="score_model")
    op.drop_table("score_model")
    op.drop_index("ix_score_definition_currency", table_name="score_definition")
    op.drop_table("score_definition")
    op.drop_index("ix_score_card_latest", table_name="score_card")
    op.drop_table("score_card")
    op.drop_table("purchase_statistic")
    op.drop_table("purchase_day")
    op.drop_table("customer")
