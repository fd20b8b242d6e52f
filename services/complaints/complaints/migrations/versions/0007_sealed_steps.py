"""Steps with the digests that they are sealed by."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.add_column("complaint_step", sa.Column("salt", sa.LargeBinary(), nullable=True))
    op.add_column("complaint_step", sa.Column("digest", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    op.execute("DELETE FROM audit_unsealed WHERE kind = 'complaint_step'")
    op.drop_column("complaint_step", "digest")
    op.drop_column("complaint_step", "salt")
