"""The schema that this service owns.

Amounts are whole ten-thousandths of their currency unit (exact, of fixed width); p_alive and
expected_orders are whole millionths. Everything of a customer begins with the customer's id: one
customer is one aggregate.
"""

from service_kit.store.tables import Moment
from service_kit.store.tables import metadata as kit_metadata
from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Double,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    SmallInteger,
    String,
    Table,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB

metadata = kit_metadata()

# The directory of customers, fed by the customer file's news: only what says who may see what.
customer = Table(
    "customer",
    metadata,
    Column("id", Uuid, nullable=False),
    Column("unit", String(200)),
    Column("state", String(10), nullable=False),
    Column("known_at", Moment, nullable=False),
    PrimaryKeyConstraint("id"),
    CheckConstraint("state IN ('active', 'merged', 'erased')", name="state"),
)

transaction = Table(
    "transaction",
    metadata,
    Column("customer_id", Uuid, nullable=False),
    Column("id", Uuid, nullable=False),
    Column("kind", String(10), nullable=False),
    Column("currency", String(3), nullable=False),
    Column("occurred_at", Moment, nullable=False),
    # The day in the company's time zone, fixed when the transaction was recorded.
    Column("day", Date, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("cost", BigInteger),
    Column("product", String(200)),
    Column("channel", String(64)),
    Column("source", String(64), nullable=False),
    Column("external_id", String(200)),
    Column("state", String(10), nullable=False),
    Column("recorded_at", Moment, nullable=False),
    Column("version", Integer, nullable=False),
    PrimaryKeyConstraint("customer_id", "id"),
    CheckConstraint("kind IN ('order', 'refund')", name="kind"),
    CheckConstraint("state IN ('recorded', 'voided')", name="state"),
    CheckConstraint("amount >= 0", name="amount"),
    CheckConstraint("cost >= 0", name="cost"),
)
Index("ix_transaction_id", transaction.c.id)
Index(
    "ix_transaction_customer_id_occurred_at",
    transaction.c.customer_id,
    transaction.c.occurred_at.desc(),
    transaction.c.id.desc(),
)

# External ids are unique over all customers, so they have a table of their own.
transaction_reference = Table(
    "transaction_reference",
    metadata,
    Column("source", String(64), nullable=False),
    Column("external_id", String(200), nullable=False),
    Column("customer_id", Uuid, nullable=False),
    Column("transaction_id", Uuid, nullable=False),
    PrimaryKeyConstraint("source", "external_id"),
)

_sums = ("orders", "order_amount", "order_cost", "refunds", "refund_amount", "refund_cost")
purchase_day = Table(
    "purchase_day",
    metadata,
    Column("customer_id", Uuid, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("day", Date, nullable=False),
    *(Column(name, BigInteger, nullable=False) for name in _sums),
    PrimaryKeyConstraint("customer_id", "currency", "day"),
    CheckConstraint("orders >= 0 AND refunds >= 0", name="counts"),
)

purchase_statistic = Table(
    "purchase_statistic",
    metadata,
    Column("customer_id", Uuid, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("order_days", Integer, nullable=False),
    Column("first_day", Date),
    Column("last_day", Date),
    Column("last_activity", Date, nullable=False),
    Column("first_day_amount", BigInteger, nullable=False),
    *(Column(name, BigInteger, nullable=False) for name in _sums),
    PrimaryKeyConstraint("customer_id", "currency"),
    CheckConstraint("order_days >= 0", name="order_days"),
    CheckConstraint(
        "order_days = 0 OR first_day IS NOT NULL AND last_day IS NOT NULL", name="days"
    ),
)

score_model = Table(
    "score_model",
    metadata,
    Column("id", Uuid, nullable=False),
    Column("kind", String(20), nullable=False),
    Column("run_id", Uuid, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("as_of", Date, nullable=False),
    Column("time_unit", String(10), nullable=False),
    Column("parameters", JSONB, nullable=False),
    Column("log_likelihood", Double, nullable=False),
    Column("customers", Integer, nullable=False),
    Column("gradient_norm", Double, nullable=False),
    Column("steps", Integer, nullable=False),
    Column("fitted_at", Moment, nullable=False),
    PrimaryKeyConstraint("id"),
    CheckConstraint("kind IN ('bg_nbd', 'gamma_gamma')", name="kind"),
)
Index(
    "ix_score_model_kind",
    score_model.c.kind,
    score_model.c.fitted_at.desc(),
    score_model.c.id.desc(),
)

# What a run fixed for scoring by it; `completed_at` is empty until the last customer was scored.
score_definition = Table(
    "score_definition",
    metadata,
    Column("run_id", Uuid, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("as_of", Date, nullable=False),
    Column("time_unit", String(10), nullable=False),
    Column("horizon_months", Integer, nullable=False),
    Column("annual_discount", String(24), nullable=False),
    Column("margin", String(24), nullable=False),
    Column("cuts", JSONB, nullable=False),
    Column("bg_nbd_id", Uuid),
    Column("gamma_gamma_id", Uuid),
    Column("made_at", Moment, nullable=False),
    Column("completed_at", Moment),
    PrimaryKeyConstraint("run_id"),
)
Index(
    "ix_score_definition_currency",
    score_definition.c.currency,
    score_definition.c.as_of.desc(),
    score_definition.c.run_id.desc(),
)

score_card = Table(
    "score_card",
    metadata,
    Column("customer_id", Uuid, nullable=False),
    Column("id", Uuid, nullable=False),
    Column("run_id", Uuid, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("as_of", Date, nullable=False),
    Column("definition_version", SmallInteger, nullable=False),
    Column("order_days", Integer, nullable=False),
    Column("first_day", Date, nullable=False),
    Column("last_day", Date, nullable=False),
    Column("first_day_amount", BigInteger, nullable=False),
    Column("order_amount", BigInteger, nullable=False),
    Column("order_cost", BigInteger, nullable=False),
    Column("refund_amount", BigInteger, nullable=False),
    Column("refund_cost", BigInteger, nullable=False),
    Column("recency", SmallInteger, nullable=False),
    Column("frequency", SmallInteger, nullable=False),
    Column("monetary", SmallInteger, nullable=False),
    Column("tenure", SmallInteger, nullable=False),
    Column("p_alive", Integer),
    Column("expected_orders", BigInteger),
    Column("order_value", BigInteger),
    Column("clv", BigInteger),
    PrimaryKeyConstraint("customer_id", "id"),
)
Index(
    "ix_score_card_latest",
    score_card.c.customer_id,
    score_card.c.currency,
    score_card.c.as_of.desc(),
    score_card.c.id.desc(),
)

tier_scheme = Table(
    "tier_scheme",
    metadata,
    Column("name", String(64), nullable=False),
    Column("id", Uuid, nullable=False),
    Column("score", String(20), nullable=False),
    Column("currency", String(3)),
    Column("thresholds", JSONB, nullable=False),
    Column("minimum_stay_days", Integer, nullable=False),
    Column("review_id", Uuid),
    Column("changed_at", Moment, nullable=False),
    Column("version", Integer, nullable=False),
    PrimaryKeyConstraint("name"),
)
# That one scheme at most is in force holds over all schemes, so it has a table of its own, with a
# single row.
tier_scheme_in_force = Table(
    "tier_scheme_in_force",
    metadata,
    Column("single", Boolean, nullable=False),
    Column("name", String(64), nullable=False),
    PrimaryKeyConstraint("single"),
    CheckConstraint("single", name="single"),
)

tier_standing = Table(
    "tier_standing",
    metadata,
    Column("customer_id", Uuid, nullable=False),
    Column("stars", SmallInteger, nullable=False),
    Column("since", Date, nullable=False),
    Column("card_day", Date),
    Column("reason", String(300), nullable=False),
    Column("scheme", String(64)),
    Column("scheme_version", Integer),
    Column("override_stars", SmallInteger),
    Column("override_reason", String(200)),
    Column("override_until", Moment),
    Column("override_by", String(200)),
    Column("version", Integer, nullable=False),
    PrimaryKeyConstraint("customer_id"),
    CheckConstraint("stars BETWEEN 1 AND 6 AND override_stars BETWEEN 1 AND 6", name="stars"),
)

survey_response = Table(
    "survey_response",
    metadata,
    Column("customer_id", Uuid, nullable=False),
    Column("id", Uuid, nullable=False),
    Column("instrument", String(10), nullable=False),
    Column("score", SmallInteger, nullable=False),
    Column("remark", String(10_000)),
    Column("critical_reasons", JSONB, nullable=False),
    Column("ref_type", String(64)),
    Column("ref_id", String(64)),
    Column("answered_at", Moment, nullable=False),
    Column("day", Date, nullable=False),
    PrimaryKeyConstraint("customer_id", "id"),
    CheckConstraint(
        "instrument = 'csat' AND score BETWEEN 1 AND 5 OR instrument = 'nps' AND score BETWEEN 0"
        " AND 10",
        name="score",
    ),
)
Index("ix_survey_response_id", survey_response.c.id)
Index("ix_survey_response_day", survey_response.c.instrument, survey_response.c.day)

# What was asked about once is answered once: who is first here has the answer that counts.
survey_reference = Table(
    "survey_reference",
    metadata,
    Column("customer_id", Uuid, nullable=False),
    Column("instrument", String(10), nullable=False),
    Column("ref_type", String(64), nullable=False),
    Column("ref_id", String(64), nullable=False),
    Column("response_id", Uuid, nullable=False),
    PrimaryKeyConstraint("customer_id", "instrument", "ref_type", "ref_id"),
)

# Sheets wait here in pieces for the worker that reads them; they are deleted when the import is
# over, however it ends.
transaction_import = Table(
    "transaction_import",
    metadata,
    Column("id", Uuid, nullable=False),
    Column("filename", String(200), nullable=False),
    Column("sha256", String(64), nullable=False),
    PrimaryKeyConstraint("id"),
)
transaction_import_piece = Table(
    "transaction_import_piece",
    metadata,
    Column("import_id", Uuid, nullable=False),
    Column("number", Integer, nullable=False),
    Column("content", LargeBinary, nullable=False),
    PrimaryKeyConstraint("import_id", "number"),
    ForeignKeyConstraint(["import_id"], ["transaction_import.id"], ondelete="CASCADE"),
)
transaction_import_error = Table(
    "transaction_import_error",
    metadata,
    Column("import_id", Uuid, nullable=False),
    Column("row", Integer, nullable=False),
    Column("detail", JSONB, nullable=False),
    PrimaryKeyConstraint("import_id", "row"),
    ForeignKeyConstraint(["import_id"], ["transaction_import.id"], ondelete="CASCADE"),
)
