"""Notes on complaints."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = '0009'


def upgrade() -> None:
    op.create_table('note',
    sa.Column('complaint_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('text', sa.String(length=10000), nullable=False),
    sa.Column('author', sa.String(length=200), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['complaint_id'], ['complaint.id'], name=op.f('fk_note_complaint_id_complaint')),
    sa.PrimaryKeyConstraint('complaint_id', 'id', name=op.f('pk_note'))
    )


def downgrade() -> None:
    op.drop_table('note')
