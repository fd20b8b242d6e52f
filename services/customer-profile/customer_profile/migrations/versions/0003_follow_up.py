"""The built-in plan: a closed complaint is followed up within seven days."""

from datetime import UTC, datetime
from uuid import UUID

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"

PLAN_ID = UUID("0b1d0000-0000-7000-8000-000000000002")
care_plan = sa.table(
    "care_plan",
    sa.column("id", sa.Uuid),
    sa.column("version", sa.Integer),
    sa.column("name", sa.String),
    sa.column("occasion", sa.String),
    sa.column("within_days", sa.SmallInteger),
    sa.column("channel", sa.String),
    sa.column("purpose", sa.String),
    sa.column("template", postgresql.JSONB),
    sa.column("is_enabled", sa.Boolean),
    sa.column("is_built_in", sa.Boolean),
    sa.column("created_at", sa.DateTime(timezone=True)),
)


def upgrade() -> None:
    op.bulk_insert(
        care_plan,
        [
            {
                "id": PLAN_ID,
                "version": 1,
                "name": "Follow-up after a complaint",
                "occasion": "after_complaint",
                "within_days": 7,
                "channel": "voice",
                "purpose": "care",
                "template": {
                    "zh-CN": "{name}，您好！您的投诉 {number} 已结案。请问您对处理结果满意吗？还有什么需要我们改进的？",
                    "en": "Dear {name}, your complaint {number} was closed. Are you content with the outcome? What should we do better?",
                },
                "is_enabled": True,
                "is_built_in": True,
                "created_at": datetime(2026, 1, 1, tzinfo=UTC),
            }
        ],
    )


def downgrade() -> None:
    op.execute(sa.delete(care_plan).where(care_plan.c.id == PLAN_ID))
