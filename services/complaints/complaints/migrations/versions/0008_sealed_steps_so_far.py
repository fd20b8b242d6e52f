"""The digests of the steps that are there already: they are taken in as they are found."""

import os
from typing import Any

import sqlalchemy as sa
from alembic import op
from service_kit.digests import facts_hash, values_digest
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"

BATCH = 1_000
ERASED = {"erased": True}
step = sa.table(
    "complaint_step",
    sa.column("complaint_id", sa.Uuid()),
    sa.column("number", sa.Integer()),
    *(sa.column(name, sa.String()) for name in ("move", "outcome", "left_state", "entered_state", "actor", "client_id")),
    sa.column("record", postgresql.JSONB()),
    sa.column("at", sa.DateTime(timezone=True)),
    sa.column("digest", sa.LargeBinary()),
)
FACTS = ("complaint_id", "number", "move", "outcome", "left_state", "entered_state", "actor", "client_id", "at")
UNPROVEN = sa.select(step).where(step.c.digest.is_(None)).limit(BATCH)
# One statement a batch, so that a step has its digest and its note together, whenever this is stopped. A step that was erased since it was
# read is left to the next batch.
TAKE_IN = sa.text(
    """
    WITH taken AS (
      SELECT * FROM unnest(:ids, :numbers, :records, :salts, :digests, :hashes, :how)
        AS taken (complaint_id, number, record, salt, digest, hash, how)
    ), proven AS (
      UPDATE complaint_step SET salt = taken.salt, digest = taken.digest FROM taken
      WHERE complaint_step.complaint_id = taken.complaint_id AND complaint_step.number = taken.number
      AND complaint_step.digest IS NULL AND complaint_step.record = taken.record
      RETURNING complaint_step.complaint_id, complaint_step.number
    )
    INSERT INTO audit_unsealed (subject, kind, sequence, hash, taken)
    SELECT complaint_id, 'complaint_step', number, hash, how FROM taken JOIN proven USING (complaint_id, number)
    ON CONFLICT DO NOTHING
    """
).bindparams(
    sa.bindparam("ids", type_=postgresql.ARRAY(sa.Uuid())),
    sa.bindparam("numbers", type_=postgresql.ARRAY(sa.Integer())),
    sa.bindparam("records", type_=postgresql.ARRAY(postgresql.JSONB())),
    *(sa.bindparam(name, type_=postgresql.ARRAY(sa.LargeBinary())) for name in ("salts", "digests", "hashes")),
    sa.bindparam("how", type_=postgresql.ARRAY(sa.String())),
)


def upgrade() -> None:
    # The previous release reads the steps meanwhile, and this may be interrupted: every batch stands by itself.
    with op.get_context().autocommit_block():
        while rows := op.get_bind().execute(UNPROVEN).mappings().all():
            _take_in(rows)


def downgrade() -> None:
    """The digests go with their columns."""


def _take_in(rows: Any) -> None:
    salts = [os.urandom(16) for _ in rows]
    digests = [values_digest(salt, row["record"]) for salt, row in zip(salts, rows, strict=True)]
    facts = [{**{name: row[name] for name in FACTS}, "digest": digest} for row, digest in zip(rows, digests, strict=True)]
    given = {
        "ids": [row["complaint_id"] for row in rows],
        "numbers": [row["number"] for row in rows],
        "records": [row["record"] for row in rows],
        "salts": [None if row["record"] == ERASED else salt for salt, row in zip(salts, rows, strict=True)],
        "digests": digests,
        "hashes": [facts_hash(each) for each in facts],
        "how": ["emptied" if row["record"] == ERASED else "found" for row in rows],
    }
    op.get_bind().execute(TAKE_IN, given)
