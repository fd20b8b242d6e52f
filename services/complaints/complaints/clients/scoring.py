"""What this service asks scoring: the words of one survey answer."""

from uuid import UUID

from service_kit.access.client import NeighborRefused, ServiceClient


class SurveyAnswers:
    """Thin client of `GET /v1/survey-responses/{id}`."""

    def __init__(self, client: ServiceClient) -> None:
        self._client = client

    async def remark(self, answer_id: UUID) -> str | None:
        """What the customer wrote; None for nothing, or when it may not be read.
        NeighborUnavailable when nobody answers.
        """
        try:
            answer = await self._client.get(f"/v1/survey-responses/{answer_id}")
        except NeighborRefused:
            return None
        remark: str | None = None if answer is None else answer["answers"]["remark"]
        return remark
