"""Record a customer's answer: about one `ref`, one instrument counts one answer."""

from typing import Protocol

from scoring.survey.domain import Answer, SurveyAnsweredDifferently


class Answers(Protocol):
    """What is kept of survey answers."""

    async def claim(self, answer: Answer) -> Answer | None: ...

    async def save(self, answer: Answer, *, unit: str | None) -> None: ...


async def record(answers: Answers, answer: Answer, *, unit: str | None) -> Answer:
    """The answer that counts: this one, or the same one that was given before;
    SurveyAnsweredDifferently.

    A repeat is told to nobody again: it opens no second case and moves no figure.
    """
    first = await answers.claim(answer)
    if first is None:
        await answers.save(answer, unit=unit)
        return answer
    if not first.says_the_same_as(answer):
        raise SurveyAnsweredDifferently(response_id=str(first.id))
    return first
