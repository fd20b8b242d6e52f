"""Whose rights bound those of a client and of an endpoint, and since when its older tokens are refused."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "client_standing",
        sa.Column("client_id", sa.String(length=100), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("client_id", name=op.f("pk_client_standing")),
    )
    op.create_index("ix_client_standing_changed_at", "client_standing", ["changed_at"])
    op.add_column("client", sa.Column("made_by", sa.String(length=100), nullable=True))
    op.add_column("client", sa.Column("generation", sa.SmallInteger(), server_default=sa.text("0"), nullable=False))
    op.add_column("webhook_endpoint", sa.Column("scopes", postgresql.ARRAY(sa.String()), nullable=True))


def downgrade() -> None:
    op.drop_column("webhook_endpoint", "scopes")
    op.drop_column("client", "generation")
    op.drop_column("client", "made_by")
    op.drop_table("client_standing")
