"""One answer per survey, customer and `ref`; orders of earlier imports known by what they say."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

# An order without a number of its own was known by its file and row; from now on by its likeness, as `likeness.py` says it.
# What comes in a file of these days is found by both. Of two files that held the same order, one gives the name.
# The rows are named before they are written: Citus breaks an INSERT ... SELECT whose values are computed from a window function.
NAME_BY_LIKENESS = """
WITH named AS MATERIALIZED (
    SELECT source, customer_id, id,
        'alike:' || likeness || ':' || row_number() OVER (PARTITION BY source, file, likeness ORDER BY row) AS name
    FROM (
        SELECT source, customer_id, id, split_part(external_id, ':', 1) AS file, split_part(external_id, ':', 2)::bigint AS row,
            encode(sha256(convert_to(concat_ws('|',
                customer_id, (extract(epoch FROM occurred_at) * 1000000)::bigint, kind, currency, amount,
                coalesce(cost::text, ''), coalesce(channel, ''), coalesce(product, '')
            ), 'UTF8')), 'hex') AS likeness
        FROM transaction
        WHERE external_id ~ '^[0-9a-f]{64}:[0-9]{1,15}$'
    ) AS sheet_order
)
INSERT INTO transaction_reference (source, external_id, customer_id, transaction_id)
SELECT source, name, customer_id, id FROM named
ON CONFLICT DO NOTHING
"""

FORGET_SECOND_NAMES = """
DELETE FROM transaction_reference USING transaction
WHERE transaction.customer_id = transaction_reference.customer_id AND transaction.id = transaction_reference.transaction_id
    AND transaction.external_id <> transaction_reference.external_id
"""


def upgrade() -> None:
    op.create_table(
        "survey_reference",
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("instrument", sa.String(length=10), nullable=False),
        sa.Column("ref_type", sa.String(length=64), nullable=False),
        sa.Column("ref_id", sa.String(length=64), nullable=False),
        sa.Column("response_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("customer_id", "instrument", "ref_type", "ref_id", name=op.f("pk_survey_reference")),
    )
    op.execute(NAME_BY_LIKENESS)


def downgrade() -> None:
    op.execute(FORGET_SECOND_NAMES)
    op.drop_table("survey_reference")
