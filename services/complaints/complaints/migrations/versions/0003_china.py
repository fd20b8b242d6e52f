"""The calendar of China as published for 2025 and 2026, and two policies to begin with."""

from datetime import UTC, date, datetime

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"

WRITTEN_AT = datetime(2026, 1, 1, tzinfo=UTC)
OFFICE_HOURS = [["09:00", "12:00"], ["13:00", "18:00"]]
# The State Council's notices for the two years; weekends that are off anyway are not listed.
HOLIDAYS = [
    "2025-01-01",
    *(f"2025-01-{day}" for day in (28, 29, 30, 31)),
    *("2025-02-03", "2025-02-04", "2025-04-04", "2025-05-01", "2025-05-02", "2025-05-05", "2025-06-02"),
    *(f"2025-10-0{day}" for day in (1, 2, 3, 6, 7, 8)),
    *("2026-01-01", "2026-01-02"),
    *(f"2026-02-{day}" for day in (16, 17, 18, 19, 20, 23)),
    *("2026-04-06", "2026-05-01", "2026-05-04", "2026-05-05", "2026-06-19", "2026-09-25"),
    *(f"2026-10-0{day}" for day in (1, 2, 5, 6, 7)),
]
WORKING_DAYS = [
    *("2025-01-26", "2025-02-08", "2025-04-27", "2025-09-28", "2025-10-11"),
    *("2026-01-04", "2026-02-14", "2026-02-28", "2026-05-09", "2026-09-20", "2026-10-10"),
]
CALENDAR = {
    "time_zone": "Asia/Shanghai",
    "windows": dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), OFFICE_HOURS),
    "holidays": HOLIDAYS,
    "working_days": WORKING_DAYS,
    "published_until": "2026-12-31",
}
EVERY_BREACH = {"clock": None, "at_percent": 100, "level": None, "notify": ""}
ALL_CASES = {"kind": None, "severity": None, "tier_min": None, "channel": None}


def _clock(name: str, hours: float, time: str, warn_at: list[int]) -> dict[str, object]:
    return {"name": name, "hours": hours, "time": time, "calendar": "cn-standard", "warn_at": warn_at}


POLICIES = {
    "standard": {
        "applies": ALL_CASES,
        "clocks": [_clock("first_reply", 4, "business", [75]), _clock("resolution", 56, "business", [75])],
        "escalation": [EVERY_BREACH],
    },
    "critical": {
        "applies": {**ALL_CASES, "severity": "critical"},
        "clocks": [_clock("first_reply", 1, "elapsed", [50, 75]), _clock("resolution", 24, "elapsed", [50, 75, 90])],
        "escalation": [EVERY_BREACH],
    },
}

calendar = sa.table("calendar", sa.column("name", sa.String), sa.column("version", sa.Integer))
calendar_version = sa.table(
    "calendar_version",
    sa.column("name", sa.String),
    sa.column("version", sa.Integer),
    sa.column("content", postgresql.JSONB),
    sa.column("published_until", sa.Date),
    sa.column("written_at", sa.DateTime(timezone=True)),
)
policy = sa.table("sla_policy", sa.column("name", sa.String), sa.column("version", sa.Integer))
policy_version = sa.table(
    "sla_policy_version",
    sa.column("name", sa.String),
    sa.column("version", sa.Integer),
    sa.column("content", postgresql.JSONB),
    sa.column("written_at", sa.DateTime(timezone=True)),
)


def upgrade() -> None:
    op.bulk_insert(calendar, [{"name": "cn-standard", "version": 1}])
    written = {"name": "cn-standard", "version": 1, "content": CALENDAR, "written_at": WRITTEN_AT}
    op.bulk_insert(calendar_version, [{**written, "published_until": date(2026, 12, 31)}])
    op.bulk_insert(policy, [{"name": name, "version": 1} for name in POLICIES])
    op.bulk_insert(
        policy_version,
        [{"name": name, "version": 1, "content": content, "written_at": WRITTEN_AT} for name, content in POLICIES.items()],
    )


def downgrade() -> None:
    for table in (policy_version, policy):
        op.execute(table.delete().where(table.c.name.in_(list(POLICIES))))
    for table in (calendar_version, calendar):
        op.execute(table.delete().where(table.c.name == "cn-standard"))
