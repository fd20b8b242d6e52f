"""Survey answers of scoring's feed that open a case."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from complaints.settings import Settings
from complaints.testing import NOON, CustomerFiles, StoppedClock, on_a_socket
from service_kit.testing import Api
from service_kit.testing.news import envelope_of
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

CURSOR = "SELECT cursor FROM complaints.feed_cursor WHERE source = 'scoring'"


class Surveys:
    """A small scoring: its answers by id, and its feed.
    `asked` holds the tokens that came with questions for a remark.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        self.told: list[dict[str, Any]] = []
        self.remarks: dict[UUID, str | None] = {}
        self.refuses_with: int | None = None
        self.asked: list[str] = []
        self.app = Starlette(
            routes=[
                Route("/v1/survey-responses/{id:uuid}", self._answer),
                Route("/v1/events", self._events),
            ]
        )

    def answered(
        self,
        customer_id: UUID,
        *,
        instrument: str = "nps",
        score: int = 3,
        remark: str | None = None,
        reasons: tuple[str, ...] = ("low_score",),
        unit: str = "cn.bj",
    ) -> UUID:
        """An answer that is told in the feed, critical when there are reasons."""
        response_id = uuid4()
        self.remarks[response_id] = remark
        self.tell(
            "survey.answered",
            response_id,
            unit,
            response_id=response_id,
            customer_id=customer_id,
            instrument=instrument,
            score=score,
            critical=bool(reasons),
            critical_reasons=reasons,
        )
        return response_id

    def tell(self, kind: str, subject: UUID, unit: str, **data: Any) -> None:
        envelope = envelope_of("scoring", kind, subject=subject, unit=unit, at=NOON, **data)
        self.told.append(envelope | {"cursor": str(len(self.told) + 1)})

    async def _answer(self, request: Request) -> Response:
        self.asked.append(request.headers["authorization"])
        if self.refuses_with:
            return JSONResponse({"detail": "no"}, status_code=self.refuses_with)
        remark = self.remarks[request.path_params["id"]]
        return JSONResponse({"answers": {"score": 3, "remark": remark}})

    async def _events(self, request: Request) -> Response:
        after = int(request.query_params["after"])
        if not self.told[after:]:
            await asyncio.sleep(0.05)
        return JSONResponse(self.told[after:])


@pytest.fixture
async def surveys() -> AsyncIterator[Surveys]:
    with tempfile.TemporaryDirectory(
        prefix="guanxi-neighbor-", ignore_cleanup_errors=True
    ) as folder:
        socket = Path(folder) / "scoring.sock"
        surveys = Surveys(f"unix:{socket}")
        async with on_a_socket(surveys.app, socket):
            yield surveys


@pytest.fixture
def settings(settings: Settings, surveys: Surveys) -> Settings:
    return settings.model_copy(update={"scoring_url": surveys.address})


async def taken_in(api: Api, surveys: Surveys) -> None:
    """Until all of scoring's feed has been read."""
    async with api.service.database.reading() as reader:
        for _ in range(300):
            if await reader.connection.fetchval(CURSOR) == str(len(surveys.told)):
                return
            await asyncio.sleep(0.02)
    raise AssertionError("the feed was not taken in")


async def cases(api: Api) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = (await api.get("/v1/complaints")).json()["items"]
    return items


async def test_a_low_answer_opens_a_case_with_the_words_of_the_customer(
    api: Api, files: CustomerFiles, surveys: Surveys
) -> None:
    customer_id = files.add(unit="cn.gd.gz", language="zh-CN", stars=5)
    surveys.answered(customer_id, instrument="csat", score=1, remark="等了一个小时。")

    (told,) = await api.events("complaint.received")

    (case,) = await cases(api)
    assert (case["kind"], case["channel"], case["category"], case["severity"]) == (
        "complaint",
        "system",
        "survey",
        "medium",
    )
    assert (case["title"], case["narrative"], case["dissatisfaction"]) == (
        "调查评分低: CSAT 1",
        "等了一个小时。",
        5,
    )
    assert (case["customer_id"], case["unit"], case["tier"], case["degraded"]) == (
        str(customer_id),
        "cn.gd.gz",
        5,
        [],
    )
    assert (case["state"], case["received_at"]) == (
        "received",
        NOON.isoformat().replace("+00:00", "Z"),
    )
    assert "first_reply" in {clock["name"] for clock in case["clocks"]}
    assert told["data"]["complaint_id"] == case["id"]
    assert surveys.asked == ["Bearer of-the-service"]


async def test_a_critical_remark_opens_a_grave_case_in_the_customer_s_language(
    api: Api, files: CustomerFiles, surveys: Surveys
) -> None:
    surveys.answered(
        files.add(language="en-GB"), score=9, remark="My lawyer will write.", reasons=("remark",)
    )

    await taken_in(api, surveys)

    (case,) = await cases(api)
    assert (case["title"], case["severity"], case["narrative"]) == (
        "Critical remark in a survey: NPS 9",
        "high",
        "My lawyer will write.",
    )


async def test_answers_that_are_not_critical_and_other_news_open_nothing(
    api: Api, files: CustomerFiles, surveys: Surveys
) -> None:
    surveys.answered(files.add(), score=9, reasons=())
    surveys.tell("tier.changed", files.add(), "cn.gd", old=2, new=3)

    await taken_in(api, surveys)

    assert (await cases(api), surveys.asked) == ([], [])


async def test_a_feed_told_again_opens_no_second_case(
    api: Api, files: CustomerFiles, surveys: Surveys
) -> None:
    customer_id = files.add()
    ids = {surveys.answered(customer_id), surveys.answered(customer_id)}
    await taken_in(api, surveys)

    async with api.service.database.transaction() as tx:
        await tx.connection.execute(
            "UPDATE complaints.feed_cursor SET cursor = '0' WHERE source = 'scoring'"
        )
    await taken_in(api, surveys)

    opened = {case["id"] for case in await cases(api)}
    async with api.service.database.reading() as reader:
        kept = await reader.connection.fetch(
            "SELECT id, complaint_id FROM complaints.survey_answer"
        )
    assert len(opened) == 2
    assert {row["id"] for row in kept} == ids
    assert {str(row["complaint_id"]) for row in kept} == opened
    assert len(surveys.asked) == 4, "the feed was read twice"


async def test_answers_of_customers_who_are_unknown_or_erased_are_passed_over(
    api: Api, files: CustomerFiles, surveys: Surveys
) -> None:
    erased = files.add()
    files.tell("customer.erased", erased)
    async with api.service.database.reading() as reader:
        is_erased = "SELECT is_erased FROM complaints.customer WHERE id = $1"
        while not await reader.connection.fetchval(is_erased, erased):  # noqa: ASYNC110
            await asyncio.sleep(0.02)

    surveys.answered(uuid4())
    surveys.answered(erased, remark="退款")
    known = files.add()
    surveys.answered(known)
    await taken_in(api, surveys)

    assert [case["customer_id"] for case in await cases(api)] == [str(known)]
    async with api.service.database.reading() as reader:
        assert await reader.connection.fetchval("SELECT count(*) FROM complaints.parked_event") == 0


async def test_while_the_customer_cannot_be_asked_the_case_is_opened_all_the_same(
    api: Api, files: CustomerFiles, surveys: Surveys, clock: StoppedClock
) -> None:
    customer_id = files.add(unit="cn.gd.gz", stars=4)
    files.is_away = True
    surveys.answered(customer_id, remark="太差", unit="cn.bj")
    await taken_in(api, surveys)
    (before,) = await cases(api)

    files.is_away = False
    clock.forward(minutes=1)
    for _ in range(150):
        (after,) = await cases(api)
        if not after["degraded"]:
            break
        await asyncio.sleep(0.05)

    assert (before["unit"], before["degraded"], before["title"]) == (
        "cn.bj",
        ["customer-profile"],
        "Low survey answer: NPS 3",
    )
    assert (after["unit"], after["tier"], after["degraded"]) == ("cn.gd.gz", 4, [])


async def test_a_remark_that_may_not_be_read_is_left_out(
    api: Api, files: CustomerFiles, surveys: Surveys
) -> None:
    surveys.refuses_with = 403
    surveys.answered(files.add(), remark="太差")

    await taken_in(api, surveys)

    (case,) = await cases(api)
    assert case["narrative"] is None


async def test_the_news_waits_while_scoring_cannot_be_asked_for_the_remark(
    api: Api, files: CustomerFiles, surveys: Surveys
) -> None:
    surveys.refuses_with = 503
    surveys.answered(files.add(), remark="太差")
    while not surveys.asked:  # noqa: ASYNC110  # The neighbor tells nobody.
        await asyncio.sleep(0.02)
    before = await cases(api)

    surveys.refuses_with = None
    await taken_in(api, surveys)

    (case,) = await cases(api)
    assert (before, case["narrative"]) == ([], "太差")
