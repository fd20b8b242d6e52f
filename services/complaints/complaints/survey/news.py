"""Follows scoring's feed: a low survey answer, or one with a critical remark, opens a case."""

from collections.abc import Sequence
from uuid import UUID
from zoneinfo import ZoneInfo

from service_kit.access.caller import SYSTEM
from service_kit.store.database import Transaction
from service_kit.words.identity import Clock, new_id
from service_kit.work.consumer import Reads
from service_kit.work.news import News

from complaints.approval.domain import Hand
from complaints.asking import answers_about
from complaints.case import use_cases
from complaints.case.store import CaseStore
from complaints.case.tracking_token import digest_of, new_token
from complaints.clients.scoring import SurveyAnswers
from complaints.customer.domain import Asked, Customers, Standing, standing
from complaints.customer.store import CustomerStore
from complaints.language import spoken_by
from complaints.settings import Settings
from complaints.sla.store import Shelves, SlaStore
from complaints.survey.domain import CriticalAnswer
from complaints.survey.heard import SurveyAnswered
from complaints.survey.store import SurveyStore

BY = Hand(sub=SYSTEM.sub, client_id="feed:scoring", limit=None)


class SurveyNews:
    """Opens one case per critical answer, however often the feed tells it.

    The news holds no words of the customer: the remark and the customer's file are asked for before
    the transaction.
    """

    def __init__(
        self,
        customers: Customers,
        answers: SurveyAnswers,
        shelves: Shelves,
        settings: Settings,
        *,
        clock: Clock,
    ) -> None:
        self._customers = customers
        self._answers = answers
        self._shelves = shelves
        self._settings = settings
        self._clock = clock
        self._asked: dict[UUID, Asked] = {}
        self._remarks: dict[UUID, str | None] = {}

    @property
    def reads(self) -> Reads:
        return {SurveyAnswered: self._answered}

    async def prepare(self, batch: Sequence[News[SurveyAnswered]]) -> None:
        """Without customer-profile the case is opened all the same;
        for scoring, whose news it is, the news waits.
        """
        critical = [answer for news in batch if (answer := critical_answer(news)) is not None]
        self._asked = await answers_about(
            (answer.customer_id for answer in critical), self._customers.ask
        )
        self._remarks = await answers_about(
            (answer.id for answer in critical), self._answers.remark
        )

    async def _answered(self, tx: Transaction, news: News[SurveyAnswered]) -> None:
        answer = critical_answer(news)
        if answer is None:
            return
        asked = self._asked[answer.customer_id]
        known = await self._standing(tx, answer, asked)
        complaint_id = new_id()
        if known is not None and await SurveyStore(tx).claim(answer.id, complaint_id):
            spoken = asked.customer.language if asked.customer else None
            await self._open(
                tx,
                answer,
                known,
                complaint_id,
                language=spoken_by(spoken, default=self._settings.language),
            )

    async def _standing(
        self, tx: Transaction, answer: CriticalAnswer, asked: Asked
    ) -> Standing | None:
        """None where there is no such customer (any more).
        While nobody can be asked, the last word on the unit stands in.
        """
        if asked.is_answered and asked.customer is None:
            return None
        heard = await CustomerStore(tx, at=self._clock()).hold(
            asked.customer.id if asked.customer else answer.customer_id
        )
        if heard.is_erased:
            return None
        return standing(
            asked,
            heard,
            caller=SYSTEM,
            unit=heard.unit or answer.unit,
            default_unit=self._settings.default_unit,
        )

    async def _open(
        self,
        tx: Transaction,
        answer: CriticalAnswer,
        known: Standing,
        complaint_id: UUID,
        *,
        language: str,
    ) -> None:
        at = self._clock()
        await use_cases.record(
            CaseStore(tx, SYSTEM),
            SlaStore(tx, self._shelves),
            answer.report(remark=self._remarks[answer.id], language=language, at=at),
            known,
            id=complaint_id,
            day=at.astimezone(ZoneInfo(self._settings.time_zone)).date(),
            # Nobody is given the token: the customer did not ask for a number to follow.
            tracking_digest=digest_of(new_token()),
            by=BY,
            at=at,
        )


def critical_answer(news: News[SurveyAnswered]) -> CriticalAnswer | None:
    """None for all other answers."""
    told = news.data
    if not told.critical:
        return None
    return CriticalAnswer(
        id=told.response_id,
        customer_id=told.customer_id,
        instrument=told.instrument,
        score=told.score,
        reasons=told.critical_reasons,
        answered_at=news.at,
        unit=news.unit,
    )
