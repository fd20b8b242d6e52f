"""What stood approved before there were books of compensation: apart from the new tables, so that no lock on cases waits for it."""

from alembic import op

revision = "0006"
down_revision = "0005"

# Every proposal within its proposer's limit, and every one that was approved before the next.
STANDING = """
INSERT INTO compensation (complaint_id, step, currency, amount, given_at)
SELECT s.complaint_id, s.number, r -> 'amount' ->> 'currency', sum((r -> 'amount' ->> 'amount')::numeric), s.at
FROM complaint_step s CROSS JOIN LATERAL jsonb_array_elements(s.record -> 'remedies') r
WHERE s.move = 'proposal' AND jsonb_typeof(s.record -> 'remedies') = 'array' AND jsonb_typeof(r -> 'amount') = 'object'
AND (r -> 'amount' ->> 'amount')::numeric > 0
AND (s.outcome = 'done' OR EXISTS (
  SELECT 1 FROM complaint_step a
  WHERE a.complaint_id = s.complaint_id AND a.move = 'approval' AND a.outcome = 'done' AND a.number > s.number
  AND NOT EXISTS (
    SELECT 1 FROM complaint_step b
    WHERE b.complaint_id = s.complaint_id AND b.move = 'proposal' AND b.number > s.number AND b.number < a.number)))
GROUP BY s.complaint_id, s.number, r -> 'amount' ->> 'currency', s.at
ON CONFLICT DO NOTHING
"""


def upgrade() -> None:
    op.execute(STANDING)


def downgrade() -> None:
    """The books go with their table."""
