"""What customers were given, counted against approval limits; to whom and in which language a case is answered."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "compensation",
        sa.Column("complaint_id", sa.Uuid(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("amount", sa.Numeric(), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_compensation_amount")),
        sa.ForeignKeyConstraint(["complaint_id"], ["complaint.id"], name="fk_compensation_complaint"),
        sa.PrimaryKeyConstraint("complaint_id", "step", "currency", name=op.f("pk_compensation")),
    )
    op.create_table(
        "compensation_account",
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("customer_id", name=op.f("pk_compensation_account")),
    )
    op.add_column("complaint", sa.Column("recipient_name", sa.String(length=200), nullable=True))
    op.add_column("complaint", sa.Column("recipient_language", sa.String(length=20), nullable=True))


def downgrade() -> None:
    op.drop_column("complaint", "recipient_language")
    op.drop_column("complaint", "recipient_name")
    op.drop_table("compensation_account")
    op.drop_table("compensation")
