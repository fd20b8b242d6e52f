"""The tables that this service owns, by aggregate: complaint, calendar, service-level policy."""

from typing import Any

from service_kit.store.notes import note_table
from service_kit.store.tables import Moment
from service_kit.store.tables import metadata as kit_metadata
from sqlalchemy import (
    ARRAY,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKeyConstraint,
    Index,
    Integer,
    Interval,
    LargeBinary,
    Numeric,
    PrimaryKeyConstraint,
    SmallInteger,
    String,
    Table,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB

from complaints.course.domain import Move, State
from complaints.words import Channel, ClockState, Kind, Measure, Severity, Verdict

metadata = kit_metadata()


def _one_of(
    column: str,
    words: type[State | Move | Kind | Channel | Severity | Verdict | ClockState | Measure],
) -> CheckConstraint:
    listed = ", ".join(f"'{word}'" for word in words)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


def _names(kind: str) -> Table:
    """The documents of a kind, each with its present version."""
    version = Column("version", Integer, nullable=False)
    return Table(
        kind,
        metadata,
        Column("name", String(64), nullable=False),
        version,
        PrimaryKeyConstraint("name"),
    )


def _versions(names: Table, *columns: Column[Any]) -> Table:
    """All versions of these documents;
    `columns` repeat what of their content is asked for in SQL.
    """
    return Table(
        f"{names.name}_version",
        metadata,
        Column("name", String(64), nullable=False),
        Column("version", Integer, nullable=False),
        Column("content", JSONB, nullable=False),
        *columns,
        Column("written_at", Moment, nullable=False),
        PrimaryKeyConstraint("name", "version"),
        ForeignKeyConstraint(
            ["name"], [f"{names.name}.name"], name=f"fk_{names.name}_version_{names.name}"
        ),
        info={"append_only": True},
    )


complaint = Table(
    "complaint",
    metadata,
    Column("id", Uuid, nullable=False),
    Column("number", String(24), nullable=False),
    Column("customer_id", Uuid, nullable=False),
    Column("contact_id", Uuid),
    Column("kind", String(20), nullable=False),
    Column("channel", String(20), nullable=False),
    Column("received_at", Moment, nullable=False),
    Column("recorded_at", Moment, nullable=False),
    Column("title", String(200), nullable=False),
    Column("narrative", Text),
    Column("wish", Text),
    Column("category", String(64), nullable=False),
    Column("severity", String(10), nullable=False),
    Column("dissatisfaction", SmallInteger),
    Column("product_name", String(200)),
    Column("product_lot", String(200)),
    Column("unit", String(200, collation="C"), nullable=False),
    Column("is_unit_confirmed", Boolean, nullable=False),
    # When the unit was last asked for, as long as it is not confirmed.
    Column("asked_at", Moment),
    Column("tier", SmallInteger),
    Column("state", String(20), nullable=False),
    Column("resumes_to", String(20)),
    Column("verdict", String(20)),
    Column("department", String(200)),
    Column("handler", String(200)),
    Column("proposal", JSONB),
    Column("proposer", String(200)),
    # As the customer's file said when the case was recorded or the file was asked last: letters can
    # be written while nobody can be asked.
    Column("recipient_name", String(200)),
    Column("recipient_language", String(20)),
    Column("satisfaction", SmallInteger),
    Column("escalation_level", SmallInteger, nullable=False),
    Column("policy_name", String(64)),
    Column("policy_version", Integer),
    Column("steps", Integer, nullable=False),
    # The earliest due date among the clocks that count now: what the overdue list is read from.
    Column("due_at", Moment),
    Column("closed_at", Moment),
    Column("tracking_digest", LargeBinary, nullable=False),
    Column("version", Integer, nullable=False),
    PrimaryKeyConstraint("id"),
    _one_of("kind", Kind),
    _one_of("channel", Channel),
    _one_of("severity", Severity),
    _one_of("state", State),
    _one_of("resumes_to", State),
    _one_of("verdict", Verdict),
    CheckConstraint(
        "(state = 'paused') = (resumes_to IS NOT NULL)", name="paused_knows_its_way_back"
    ),
    CheckConstraint(
        "(state IN ('closed', 'withdrawn')) = (closed_at IS NOT NULL)", name="ended_has_its_time"
    ),
    CheckConstraint("length(narrative) <= 10000", name="narrative_length"),
    CheckConstraint("length(wish) <= 10000", name="wish_length"),
    CheckConstraint("dissatisfaction BETWEEN 1 AND 5", name="dissatisfaction"),
    CheckConstraint("satisfaction BETWEEN 1 AND 5", name="satisfaction"),
    CheckConstraint("escalation_level BETWEEN 0 AND 9", name="escalation_level"),
    CheckConstraint("(policy_name IS NULL) = (policy_version IS NULL)", name="policy"),
)
Index("ix_complaint_customer", complaint.c.customer_id, complaint.c.id)
Index("ix_complaint_state", complaint.c.state, complaint.c.id)
Index(
    "ix_complaint_department",
    complaint.c.department,
    complaint.c.id,
    postgresql_where=complaint.c.department.is_not(None),
)
Index("ix_complaint_due_at", complaint.c.due_at, postgresql_where=complaint.c.due_at.is_not(None))

Index(
    "ix_complaint_unconfirmed",
    complaint.c.asked_at,
    postgresql_where=complaint.c.is_unit_confirmed.is_(False),
)

# What was last heard of a customer. Whoever records a complaint holds the row, and so does whoever
# takes in news: of two that meet, the second one sees what the first one did.
customer = Table(
    "customer",
    metadata,
    Column("id", Uuid, nullable=False),
    # Null until there was news.
    Column("unit", String(200, collation="C")),
    Column("told_at", Moment),
    Column("merged_into", Uuid),
    Column("is_erased", Boolean, nullable=False),
    PrimaryKeyConstraint("id"),
)

complaint_number = Table(
    "complaint_number",
    metadata,
    Column("number", String(24), nullable=False),
    Column("complaint_id", Uuid, nullable=False),
    PrimaryKeyConstraint("number"),
)

# An answer that opened a case opens no second one, however often the feed tells it.
survey_answer = Table(
    "survey_answer",
    metadata,
    Column("id", Uuid, nullable=False),
    Column("complaint_id", Uuid, nullable=False),
    PrimaryKeyConstraint("id"),
)

# What stands in a step's record once the customer was erased.
STEP_ERASED = {"erased": True}

complaint_step = Table(
    "complaint_step",
    metadata,
    Column("complaint_id", Uuid, nullable=False),
    Column("number", Integer, nullable=False),
    Column("move", String(20), nullable=False),
    Column("outcome", String(20), nullable=False),
    Column("left_state", String(20), nullable=False),
    Column("entered_state", String(20), nullable=False),
    Column("record", JSONB, nullable=False),
    Column("actor", String(200), nullable=False),
    Column("client_id", String(100), nullable=False),
    Column("at", Moment, nullable=False),
    # As in the audit: the salted digest of the record stays when an erasure takes record and salt.
    Column("salt", LargeBinary),
    Column("digest", LargeBinary),
    PrimaryKeyConstraint("complaint_id", "number"),
    ForeignKeyConstraint(["complaint_id"], ["complaint.id"], name="fk_complaint_step_complaint"),
    _one_of("move", Move),
    info={
        "append_only": True,
        "erasable": ("record", "salt"),
        "sealed": ("complaint_id", "number"),
        "emptied": STEP_ERASED,
    },
)

# What customers were given: the sums of a proposal from when it stands, and of what was done of it
# once the case is withdrawn.
compensation = Table(
    "compensation",
    metadata,
    Column("complaint_id", Uuid, nullable=False),
    # Number of the step in which it was proposed.
    Column("step", Integer, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("amount", Numeric, nullable=False),
    Column("given_at", Moment, nullable=False),
    PrimaryKeyConstraint("complaint_id", "step", "currency"),
    ForeignKeyConstraint(["complaint_id"], ["complaint.id"], name="fk_compensation_complaint"),
    CheckConstraint("amount > 0", name="amount"),
)

# A row to hold while it is decided what a customer is given: the sums of all their cases are looked
# at together.
compensation_account = Table(
    "compensation_account",
    metadata,
    Column("customer_id", Uuid, nullable=False),
    PrimaryKeyConstraint("customer_id"),
)

clock = Table(
    "clock",
    metadata,
    Column("complaint_id", Uuid, nullable=False),
    Column("name", String(64), nullable=False),
    Column("round", Integer, nullable=False),
    Column("state", String(10), nullable=False),
    Column("allowed", Interval, nullable=False),
    Column("measure", String(10), nullable=False),
    Column("calendar", String(64)),
    Column("calendar_version", Integer),
    Column("mark_percents", ARRAY(Integer), nullable=False),
    Column("mark_levels", ARRAY(Integer), nullable=False),
    Column("mark_notify", ARRAY(Text), nullable=False),
    Column("mark_times", ARRAY(Moment), nullable=False),
    Column("told", SmallInteger, nullable=False),
    Column("started_at", Moment, nullable=False),
    Column("counted_from", Moment, nullable=False),
    Column("counted_before", Interval, nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("is_provisional", Boolean, nullable=False),
    Column("is_paused", Boolean, nullable=False),
    Column("stopped_at", Moment),
    PrimaryKeyConstraint("complaint_id", "name", "round"),
    ForeignKeyConstraint(["complaint_id"], ["complaint.id"], name="fk_clock_complaint"),
    _one_of("state", ClockState),
    _one_of("measure", Measure),
    CheckConstraint("told BETWEEN 0 AND cardinality(mark_times)", name="told"),
    CheckConstraint("state <> 'met' OR stopped_at IS NOT NULL", name="met_is_stopped"),
    CheckConstraint("state <> 'running' OR stopped_at IS NULL", name="running_is_not_stopped"),
)
Index(
    "ix_clock_provisional",
    clock.c.calendar,
    clock.c.complaint_id,
    postgresql_where=clock.c.is_provisional & clock.c.stopped_at.is_(None),
)

letter = Table(
    "letter",
    metadata,
    Column("complaint_id", Uuid, nullable=False),
    Column("id", Uuid, nullable=False),
    Column("language", String(10), nullable=False),
    Column("channel", String(20), nullable=False),
    Column("written_at", Moment, nullable=False),
    Column("pdf_sha256", String(64), nullable=False),
    Column("docx_sha256", String(64), nullable=False),
    # Null once the customer was erased.
    Column("pdf", LargeBinary),
    Column("docx", LargeBinary),
    PrimaryKeyConstraint("complaint_id", "id"),
    ForeignKeyConstraint(["complaint_id"], ["complaint.id"], name="fk_letter_complaint"),
)

note = note_table(complaint)

calendar = _names("calendar")
calendar_version = _versions(calendar, Column("published_until", Date))
sla_policy = _names("sla_policy")
sla_policy_version = _versions(sla_policy)
