"""Notes on customers."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = '0005'


def upgrade() -> None:
    op.create_table('note',
    sa.Column('customer_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('text', sa.String(length=10000), nullable=False),
    sa.Column('author', sa.String(length=200), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['customer_id'], ['customer.id'], name=op.f('fk_note_customer_id_customer')),
    sa.PrimaryKeyConstraint('customer_id', 'id', name=op.f('pk_note'))
    )


def downgrade() -> None:
    op.drop_table('note')
