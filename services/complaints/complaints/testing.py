"""Builders for the tests of this service and of those who drive it."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import uvicorn
from service_kit.testing import Api
from service_kit.testing.news import envelope_of
from service_kit.words.money import Money
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from complaints.approval.domain import Hand
from complaints.calendar.domain import Calendar, Window
from complaints.calendar.zone import HOUR
from complaints.case import records
from complaints.case.domain import Complaint, Report
from complaints.clock.domain import BREACH, Mark, Terms
from complaints.course.domain import State
from complaints.customer.domain import Recipient
from complaints.sla.domain import Applies, ClockRule, EscalationRule, Policy
from complaints.words import Channel, Kind, Measure, RemedyType, Severity

OFFICE_HOURS: tuple[Window, ...] = ((9 * HOUR, 12 * HOUR), (13 * HOUR, 18 * HOUR))
OFFICE_WEEK: Mapping[int, tuple[Window, ...]] = dict.fromkeys(range(5), OFFICE_HOURS)


def a_calendar(
    *,
    name: str = "office",
    version: int = 1,
    time_zone: str = "Asia/Shanghai",
    windows: Mapping[int, tuple[Window, ...]] = OFFICE_WEEK,
    holidays: Iterable[date] = (),
    working_days: Iterable[date] = (),
    published_until: date | None = None,
) -> Calendar:
    return Calendar(
        name=name,
        version=version,
        time_zone=time_zone,
        windows=windows,
        holidays=frozenset(holidays),
        working_days=frozenset(working_days),
        published_until=published_until,
    )


NOON = datetime(2026, 3, 11, 4, 0, tzinfo=UTC)
AN_ID = UUID("01890a5d-ac96-774b-bcce-b302099a8057")


def yuan(amount: str) -> Money:
    return Money(Decimal(amount), "CNY")


def a_hand(sub: str = "li", *, limit: Money | None = None) -> Hand:
    return Hand(sub=sub, client_id="desk", limit=limit)


def a_report(
    *,
    customer_id: UUID = AN_ID,
    kind: Kind = Kind.COMPLAINT,
    channel: Channel = Channel.VOICE,
    severity: Severity = Severity.MEDIUM,
    received_at: datetime = NOON,
) -> Report:
    return Report(
        customer_id=customer_id,
        kind=kind,
        channel=channel,
        received_at=received_at,
        title="Router restarts every night",
        narrative="Since Monday the router restarts at two in the morning.",
        wish="A new router",
        category="equipment",
        severity=severity,
        dissatisfaction=4,
        product_name="Router R1",
        product_lot="L-2026-02",
    )


def a_complaint(
    *,
    id: UUID = AN_ID,
    state: State = State.RECEIVED,
    resumes_to: State | None = None,
    report: Report | None = None,
    proposal: records.Proposal | None = None,
    proposer: str | None = None,
    unit: str = "cn.gd.gz",
    escalation_level: int = 0,
) -> Complaint:
    return Complaint(
        id=id,
        number="C20260311-2222222",
        report=report or a_report(),
        recorded_at=NOON,
        unit=unit,
        is_unit_confirmed=True,
        tier=3,
        recipient=Recipient(name="张伟", language="zh-CN"),
        state=state,
        resumes_to=resumes_to,
        proposal=proposal,
        proposer=proposer,
        escalation_level=escalation_level,
        policy=("standard", 1),
    )


def a_proposal(*amounts: Money | None) -> records.Proposal:
    """A proposal with one remedy per amount; None is an apology that costs nothing."""
    remedies = tuple(
        records.Remedy(
            number=number,
            type=RemedyType.MONEY if amount else RemedyType.APOLOGY,
            amount=amount,
            description=None,
        )
        for number, amount in enumerate(amounts, start=1)
    )
    return records.Proposal(
        problem_restated="Your router restarts every night.",
        remedies=remedies,
        customer_agrees=True,
        customer_satisfied=True,
        next_update_at=None,
    )


def some_terms(
    *,
    name: str = "resolution",
    allowed: timedelta = timedelta(hours=4),
    measure: Measure = Measure.ELAPSED,
    marks: tuple[Mark, ...] = (Mark(50), Mark(75), Mark(BREACH), Mark(BREACH, 1)),
) -> Terms:
    return Terms(
        name=name,
        allowed=allowed,
        measure=measure,
        calendar=None,
        calendar_version=None,
        marks=marks,
    )


def a_policy(
    *,
    name: str = "standard",
    version: int = 1,
    applies: Applies | None = None,
    clocks: Iterable[ClockRule] = (),
    escalation: Iterable[EscalationRule] = (EscalationRule(),),
    written_at: datetime = NOON,
) -> Policy:
    return Policy(
        name=name,
        version=version,
        applies=applies or Applies(),
        clocks=tuple(clocks),
        escalation=tuple(escalation),
        written_at=written_at,
    )


def a_clock_rule(
    name: str = "first_reply",
    *,
    hours: float = 4,
    measure: Measure = Measure.BUSINESS,
    calendar: str = "cn-standard",
    warn_at: tuple[int, ...] = (75,),
) -> ClockRule:
    return ClockRule(
        name=name,
        allowed=timedelta(hours=hours),
        measure=measure,
        calendar=calendar,
        warn_at=warn_at,
    )


class StoppedClock:
    """A clock that moves when told to."""

    def __init__(self, at: datetime = NOON) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def forward(self, **span: float) -> datetime:
        """Move on by so many `hours`, `minutes`, ..."""
        self.at += timedelta(**span)
        return self.at


class CustomerFiles:
    """A small customer-profile: files by id, and a feed.
    `is_away` makes every question fail as an outage does.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        self.files: dict[UUID, dict[str, Any]] = {}
        self.told: list[dict[str, Any]] = []
        self.is_away = False
        self.app = Starlette(
            routes=[
                Route("/oauth/token", self._token, methods=["POST"]),
                Route("/v1/customers/{id:uuid}", self._customer),
                Route("/v1/events", self._events),
            ]
        )

    def add(
        self,
        *,
        unit: str = "cn.gd.gz",
        name: str = "张伟",
        language: str = "zh-CN",
        stars: int | None = 3,
        at: datetime = NOON,
    ) -> UUID:
        """A new file, changed last `at`; news is told as of noon."""
        customer_id = uuid4()
        tier = {"stars": stars} if stars else None
        file = {
            "id": str(customer_id),
            "unit": unit,
            "name": name,
            "language": language,
            "tier": tier,
            "updated_at": at.isoformat(),
        }
        self.files[customer_id] = file
        return customer_id

    def tell(
        self, kind: str, customer_id: UUID, /, *, unit: str | None = None, **payload: object
    ) -> None:
        """Put an event into the feed."""
        envelope = envelope_of(
            "customer-profile", kind, subject=customer_id, unit=unit or "cn", at=NOON, **payload
        )
        self.told.append(envelope | {"cursor": str(len(self.told) + 1)})

    async def _token(self, _request: Request) -> Response:
        return JSONResponse(
            {"access_token": "of-the-service", "token_type": "Bearer", "expires_in": 600}
        )

    async def _customer(self, request: Request) -> Response:
        if self.is_away:
            return JSONResponse({"detail": "away"}, status_code=503)
        file = self.files.get(request.path_params["id"])
        return JSONResponse(file or {"detail": "unknown"}, status_code=200 if file else 404)

    async def _events(self, request: Request) -> Response:
        after = int(request.query_params["after"])
        if not self.told[after:]:
            await asyncio.sleep(0.05)
        return JSONResponse(self.told[after:])


@asynccontextmanager
async def customer_profile_played() -> AsyncIterator[CustomerFiles]:
    """A CustomerFiles that answers on a Unix socket."""
    with tempfile.TemporaryDirectory(
        prefix="guanxi-neighbor-", ignore_cleanup_errors=True
    ) as folder:
        socket = Path(folder) / "profile.sock"
        files = CustomerFiles(f"unix:{socket}")
        async with on_a_socket(files.app, socket):
            yield files


@asynccontextmanager
async def on_a_socket(app: Starlette, socket: Path) -> AsyncIterator[None]:
    """A neighbor that is played answers there."""
    server = uvicorn.Server(
        uvicorn.Config(app, uds=str(socket), lifespan="off", log_level="error", access_log=False)
    )
    running = asyncio.create_task(server._serve())
    while not server.started:  # noqa: ASYNC110  # uvicorn tells it by a flag.
        await asyncio.sleep(0.005)
    try:
        yield
    finally:
        server.should_exit = server.force_exit = True
        await running


A_REPORT: Mapping[str, Any] = {
    "channel": "voice",
    "title": "路由器每晚重启",
    "narrative": "周一以来每晚两点重启。",
    "wish": "更换路由器",
    "category": "equipment",
    "severity": "high",
    "dissatisfaction": 4,
    "product": {"name": "Router R1", "lot": "L-2026-02"},
}
# What is sent at each move of the usual way; the sum lies above the limit of the desk and within
# that of its manager.
THE_USUAL_WAY: Mapping[str, Mapping[str, Any]] = {
    "acknowledgement": {"message": "已受理"},
    "validity": {"verdict": "upheld", "reason": "日志属实"},
    "responsibility": {"department": "设备部", "handler": "wu"},
    "cause": {"category": "process", "whys": ["固件错误", "未经测试"], "evidence": "日志"},
    "proposal": {
        "problem_restated": "路由器每晚重启，影响使用。",
        "remedies": [
            {"type": "replacement", "amount": None, "description": "当日更换"},
            {
                "type": "money",
                "amount": {"amount": "1200.00", "currency": "CNY"},
                "description": "补偿",
            },
        ],
        "customer_agrees": True,
        "customer_satisfied": True,
        "next_update_at": None,
    },
    "approval": {"decision": "approved", "comment": "同意"},
    "implementation": {"note": "已更换并转账", "done": None},
    "response": {"language": "zh-CN", "channel": "letter"},
    "feedback": {"accepted": True, "satisfaction": 5, "comment": "满意"},
    "summary": {
        "lesson": "先测试固件",
        "calmed_by": "当日更换",
        "improvement_told": "增加测试",
        "would_stay": True,
    },
}


class Desk:
    """Somebody who records complaints and moves them over HTTP,
    with a manager for what is above the own limit.
    """

    def __init__(self, api: Api, files: CustomerFiles) -> None:
        self.api = api
        self.files = files
        self.manager = api.as_(*api.service.scopes, sub="chen", approval_limit="20000.00 CNY")

    async def record(self, **members: Any) -> dict[str, Any]:
        """A recorded complaint of a new customer, unless `customer_id` names one."""
        customer_id = members.pop("customer_id", None) or self.files.add()
        answer = await self.api.post(
            "/v1/complaints", {**A_REPORT, "customer_id": str(customer_id), **members}
        )
        assert answer.status_code == 201, answer.text
        complaint: dict[str, Any] = answer.json()
        return complaint

    async def move(self, complaint: Mapping[str, Any], move: str, **members: Any) -> dict[str, Any]:
        """The complaint after a move, with the usual body but for the members given."""
        by = self.manager if move == "approval" else self.api
        body = {**THE_USUAL_WAY.get(move, {"reason": "因故"}), **members}
        headers = {"If-Match": await self.tag(complaint)} if move == "approval" else {}
        answer = await by.post(f"/v1/complaints/{complaint['id']}/{move}", body, headers=headers)
        assert answer.status_code == 200, answer.text
        after: dict[str, Any] = answer.json()
        return after

    async def walk(self, complaint: Mapping[str, Any], *, through: str) -> dict[str, Any]:
        """The complaint after all moves of the usual way, up to and with this one."""
        after = dict(complaint)
        for move in THE_USUAL_WAY:
            if move in after["allowed_moves"]:
                after = await self.move(after, move)
            if move == through:
                break
        return after

    async def tag(self, complaint: Mapping[str, Any]) -> str:
        """The ETag of the complaint as it is now."""
        return f'"{(await self.read(complaint))["version"]}"'

    async def read(self, complaint: Mapping[str, Any]) -> dict[str, Any]:
        answer = await self.api.get(f"/v1/complaints/{complaint['id']}")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found


def clock_named(complaint: Mapping[str, Any], name: str) -> dict[str, Any]:
    """One clock of a complaint as the API shows it."""
    clock: dict[str, Any] = next(each for each in complaint["clocks"] if each["name"] == name)
    return clock


async def with_holiday(api: Api, *days: str, published_until: str = "2026-12-31") -> None:
    """The next version of the calendar that ships, with these days off too."""
    read = await api.get("/v1/calendars/cn-standard")
    calendar = {
        name: value
        for name, value in read.json().items()
        if name not in {"name", "version", "written_at"}
    }
    changed = calendar | {
        "holidays": [*calendar["holidays"], *days],
        "published_until": published_until,
    }
    written = await api.request(
        "PUT", "/v1/calendars/cn-standard", json=changed, headers={"If-Match": read.headers["etag"]}
    )
    assert written.status_code == 200, written.text
