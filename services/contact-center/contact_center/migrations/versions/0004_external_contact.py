"""One contact per channel and the platform's own id."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """What came before stands in no row: it is found in the contacts themselves, where the past may hold the same id twice."""
    op.create_table(
        "external_contact",
        sa.Column("channel", sa.String(20), nullable=False),
        sa.Column("external_id", sa.String(200), nullable=False),
        sa.Column("contact_id", sa.Uuid, nullable=False),
        sa.PrimaryKeyConstraint("channel", "external_id", name="pk_external_contact"),
    )


def downgrade() -> None:
    op.drop_table("external_contact")
