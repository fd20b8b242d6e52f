"""Which survey answers have opened a case."""

from uuid import UUID

from service_kit.store.database import Transaction
from sqlalchemy import bindparam
from sqlalchemy.dialects.postgresql import insert as upsert

from complaints.tables import survey_answer

CLAIM = (
    upsert(survey_answer)
    .values(id=bindparam("id"), complaint_id=bindparam("complaint_id"))
    .on_conflict_do_nothing()
    .returning(survey_answer.c.id)
)


class SurveyStore:
    """Keeps them, in one transaction."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    async def claim(self, answer_id: UUID, complaint_id: UUID) -> bool:
        """Whether the answer had opened no case yet and now opens this one."""
        return await self._tx.fetch_one(CLAIM, id=answer_id, complaint_id=complaint_id) is not None
