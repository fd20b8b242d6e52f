"""The index by which the clients of a client are found."""

from alembic import op
from service_kit.kit_schema import index_beside_writers

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    index_beside_writers("ix_client_made_by", "client", ["made_by"])


def downgrade() -> None:
    op.drop_index("ix_client_made_by", table_name="client")
