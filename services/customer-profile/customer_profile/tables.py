"""The owned schema: the customer's aggregate, the look-up of identifiers, care plans,
and the files of imports.
"""

from service_kit.store.notes import note_table
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
    PrimaryKeyConstraint,
    SmallInteger,
    String,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

metadata = kit_metadata()

# Keys and units are compared byte by byte, whatever the database's locale is: their indexes serve
# prefixes too.
KeyText = String(400, collation="C")
UnitText = String(200, collation="C")

customer = Table(
    "customer",
    metadata,
    Column("id", Uuid, nullable=False),
    Column("version", Integer, nullable=False),
    Column("kind", String(20), nullable=False),
    Column("name", String(200), nullable=False),
    Column("language", String(20), nullable=False),
    Column("time_zone", String(64), nullable=False),
    Column("unit", UnitText, nullable=False),
    Column("roles", ARRAY(String(20)), nullable=False),
    Column("sector", String(20)),
    Column("identifiers", JSONB, nullable=False),
    Column("tags", ARRAY(String(64)), nullable=False),
    Column("facts", JSONB, nullable=False),
    Column("sources", JSONB, nullable=False),
    Column("sensitive", ARRAY(String(100)), nullable=False),
    Column("tier", SmallInteger),
    Column("account_manager", String(200)),
    Column("do_not_contact", Boolean, nullable=False),
    Column("birthday", SmallInteger),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    # An erased file stays as an empty row, so that orders, cases and counts of others keep
    # something to point at.
    Column("erased_at", Moment),
    PrimaryKeyConstraint("id"),
    CheckConstraint("kind IN ('individual', 'organization')", name="kind"),
    CheckConstraint("tier BETWEEN 1 AND 6", name="tier"),
    CheckConstraint("birthday BETWEEN 101 AND 1231", name="birthday"),
)
Index(
    "ix_customer_unit",
    customer.c.unit,
    customer.c.id,
    postgresql_where=customer.c.erased_at.is_(None),
)
Index(
    "ix_customer_tags",
    customer.c.tags,
    postgresql_using="gin",
    postgresql_where=customer.c.tags != text("'{}'"),
)
Index(
    "ix_customer_tier",
    customer.c.tier,
    customer.c.id,
    postgresql_where=customer.c.tier.is_not(None),
)
Index(
    "ix_customer_birthday",
    customer.c.birthday,
    customer.c.id,
    postgresql_where=customer.c.birthday.is_not(None),
)

# Search has a row of its own: new tiers of a million customers must not touch the large index of
# tokens.
customer_search = Table(
    "customer_search",
    metadata,
    Column("customer_id", Uuid, nullable=False),
    Column("unit", UnitText, nullable=False),
    Column("tokens", ARRAY(Text), nullable=False),
    Column("text", String(1000, collation="C"), nullable=False),
    PrimaryKeyConstraint("customer_id"),
    ForeignKeyConstraint(["customer_id"], ["customer.id"]),
)
# Every search reads the list of tokens that are not yet in their place: it is kept short, at little
# cost for those who write.
Index(
    "ix_customer_search_tokens",
    customer_search.c.tokens,
    postgresql_using="gin",
    postgresql_with={"gin_pending_list_limit": 1024},
)

# Who holds an identifier, by its value: `holder_id` is the customer or one of its contact persons.
identifier_holder = Table(
    "identifier_holder",
    metadata,
    Column("key", KeyText, nullable=False),
    Column("holder_id", Uuid, nullable=False),
    Column("customer_id", Uuid, nullable=False),
    Column("is_unique", Boolean, nullable=False),
    PrimaryKeyConstraint("key", "holder_id"),
)
Index(
    "uq_identifier_holder_unique_key",
    identifier_holder.c.key,
    unique=True,
    postgresql_where=identifier_holder.c.is_unique,
)

contact_person = Table(
    "contact_person",
    metadata,
    Column("customer_id", Uuid, nullable=False),
    Column("id", Uuid, nullable=False),
    Column("version", Integer, nullable=False),
    Column("name", String(200), nullable=False),
    Column("part", String(20), nullable=False),
    Column("stance", String(20)),
    Column("position", String(200)),
    Column("language", String(20)),
    Column("key_contact", Boolean, nullable=False),
    Column("identifiers", JSONB, nullable=False),
    Column("created_at", Moment, nullable=False),
    PrimaryKeyConstraint("customer_id", "id"),
    ForeignKeyConstraint(["customer_id"], ["customer.id"]),
)

note = note_table(customer)

relationship = Table(
    "relationship",
    metadata,
    Column("customer_id", Uuid, nullable=False),
    Column("id", Uuid, nullable=False),
    Column("type", String(20), nullable=False),
    Column("other_id", Uuid, nullable=False),
    Column("valid_from", Moment),
    Column("valid_until", Moment),
    Column("created_at", Moment, nullable=False),
    PrimaryKeyConstraint("customer_id", "id"),
    ForeignKeyConstraint(["customer_id"], ["customer.id"]),
    CheckConstraint("customer_id <> other_id", name="other"),
    CheckConstraint("valid_until >= valid_from", name="valid_until"),
)
Index(
    "uq_relationship_other",
    relationship.c.customer_id,
    relationship.c.type,
    relationship.c.other_id,
    unique=True,
)
Index("ix_relationship_other_id", relationship.c.other_id)

interaction = Table(
    "interaction",
    metadata,
    Column("customer_id", Uuid, nullable=False),
    Column("id", Uuid, nullable=False),
    Column("version", Integer, nullable=False),
    Column("channel", String(20), nullable=False),
    Column("direction", String(3), nullable=False),
    Column("purpose", String(20), nullable=False),
    Column("subject", String(200), nullable=False),
    Column("occurred_at", Moment, nullable=False),
    Column("ended_at", Moment),
    Column("agent", String(200)),
    Column("outcome", String(2000)),
    Column("to_dos", ARRAY(String(200)), nullable=False),
    Column("details", JSONB, nullable=False),
    Column("external_id", String(200, collation="C")),
    Column("created_at", Moment, nullable=False),
    PrimaryKeyConstraint("customer_id", "id"),
    ForeignKeyConstraint(["customer_id"], ["customer.id"]),
    CheckConstraint("direction IN ('in', 'out')", name="direction"),
    CheckConstraint("ended_at >= occurred_at", name="ended_at"),
)
Index("ix_interaction_id", interaction.c.id)
Index("ix_interaction_occurred_at", interaction.c.customer_id, interaction.c.occurred_at)
Index(
    "uq_interaction_external_id",
    interaction.c.customer_id,
    interaction.c.external_id,
    unique=True,
    postgresql_where=interaction.c.external_id.is_not(None),
)

# The primary key is the timeline's order: "the last two days of a customer" is one range of it.
timeline_entry = Table(
    "timeline_entry",
    metadata,
    Column("customer_id", Uuid, nullable=False),
    Column("occurred_at", Moment, nullable=False),
    Column("id", Uuid, nullable=False),
    Column("channel", String(20), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("title", String(200), nullable=False),
    Column("label", String(60), nullable=False),
    Column("details", JSONB, nullable=False),
    Column("ref_type", String(40), nullable=False),
    Column("ref_id", Uuid, nullable=False),
    PrimaryKeyConstraint("customer_id", "occurred_at", "id"),
    ForeignKeyConstraint(["customer_id"], ["customer.id"]),
)

consent = Table(
    "consent",
    metadata,
    Column("customer_id", Uuid, nullable=False),
    Column("id", Uuid, nullable=False),
    Column("purpose", String(20), nullable=False),
    Column("channel", String(20)),
    Column("status", String(20), nullable=False),
    Column("source", String(200), nullable=False),
    Column("proof", String(10_000)),
    Column("expires_at", Moment),
    Column("recorded_at", Moment, nullable=False),
    PrimaryKeyConstraint("customer_id", "id"),
    ForeignKeyConstraint(["customer_id"], ["customer.id"]),
    CheckConstraint("status IN ('granted', 'denied', 'withdrawn')", name="status"),
)
Index("ix_consent_id", consent.c.id)

care_plan = Table(
    "care_plan",
    metadata,
    Column("id", Uuid, nullable=False),
    Column("version", Integer, nullable=False),
    Column("name", String(200), nullable=False),
    Column("occasion", String(40), nullable=False),
    Column("within_days", SmallInteger, nullable=False),
    Column("channel", String(20), nullable=False),
    Column("purpose", String(20), nullable=False),
    Column("template", JSONB, nullable=False),
    Column("segment", JSONB),
    Column("unit", UnitText),
    Column("owner", String(200)),
    Column("is_enabled", Boolean, nullable=False),
    Column("is_built_in", Boolean, nullable=False),
    Column("created_at", Moment, nullable=False),
    PrimaryKeyConstraint("id"),
    CheckConstraint("within_days BETWEEN 0 AND 366", name="within_days"),
)
Index("ix_care_plan_occasion", care_plan.c.occasion)

care_task = Table(
    "care_task",
    metadata,
    Column("customer_id", Uuid, nullable=False),
    Column("id", Uuid, nullable=False),
    Column("version", Integer, nullable=False),
    Column("plan_id", Uuid, nullable=False),
    Column("plan", String(200), nullable=False),
    Column("occasion_key", String(100), nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("owner", String(200)),
    Column("channel", String(20), nullable=False),
    Column("text", String(20_000), nullable=False),
    Column("state", String(10), nullable=False),
    Column("reasons", ARRAY(String(40)), nullable=False),
    Column("outcome", String(200)),
    Column("note", String(10_000)),
    Column("ended_at", Moment),
    Column("created_at", Moment, nullable=False),
    PrimaryKeyConstraint("customer_id", "id"),
    ForeignKeyConstraint(["customer_id"], ["customer.id"]),
    CheckConstraint("state IN ('open', 'done', 'skipped')", name="state"),
)
Index(
    "uq_care_task_occasion",
    care_task.c.customer_id,
    care_task.c.plan_id,
    care_task.c.occasion_key,
    unique=True,
)
Index("ix_care_task_id", care_task.c.id)
Index("ix_care_task_state", care_task.c.state, care_task.c.due_at, care_task.c.id)
Index("ix_care_task_due_at", care_task.c.due_at, care_task.c.id)

# An uploaded file in parts, kept until its import has ended.
import_file = Table(
    "import_file",
    metadata,
    Column("import_id", Uuid, nullable=False),
    Column("part", Integer, nullable=False),
    Column("content", LargeBinary, nullable=False),
    PrimaryKeyConstraint("import_id", "part"),
)

import_problem = Table(
    "import_problem",
    metadata,
    Column("import_id", Uuid, nullable=False),
    Column("row", Integer, nullable=False),
    Column("number", SmallInteger, nullable=False),
    Column("column", String(200), nullable=False),
    Column("code", String(40), nullable=False),
    Column("detail", JSONB, nullable=False),
    PrimaryKeyConstraint("import_id", "row", "number"),
)
