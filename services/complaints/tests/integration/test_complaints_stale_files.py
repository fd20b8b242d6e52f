"""What is read of a customer's file before a complaint is written,
and what is heard of the customer meanwhile.
"""

import asyncio
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from complaints.case import use_cases
from complaints.case.store import CaseStore
from complaints.clients.customer_profile import CustomerProfile
from complaints.customer.domain import Asked, Customer, Standing
from complaints.customer.news import Confirming
from complaints.customer.store import CustomerStore
from complaints.sla.store import Shelves, SlaStore
from complaints.testing import A_REPORT, NOON, CustomerFiles, Desk, a_hand, a_report
from service_kit.access.caller import SYSTEM
from service_kit.store.database import Database
from service_kit.testing import Api

WAITING = (
    "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname ="
    " current_database()"
)


async def heard(api: Api, files: CustomerFiles) -> None:
    """Until all news has been taken in."""
    async with api.service.database.reading() as reader:
        for _ in range(200):
            if await reader.connection.fetchval(
                "SELECT cursor FROM complaints.feed_cursor WHERE source = 'customer-profile'"
            ) == str(len(files.told)):
                return
            await asyncio.sleep(0.02)
    raise AssertionError("the news was not taken in")


async def test_news_that_came_after_the_file_was_read_counts(
    api: Api, desk: Desk, files: CustomerFiles
) -> None:
    customer_id = files.add(unit="cn.gd.gz")
    files.tell("customer.changed", customer_id, unit="cn.sh.pd")
    await heard(api, files)

    complaint = await desk.record(customer_id=customer_id)

    assert (complaint["unit"], complaint["degraded"]) == ("cn.sh.pd", [])


async def test_a_file_that_changed_after_the_last_news_counts(
    api: Api, desk: Desk, files: CustomerFiles
) -> None:
    customer_id = files.add(unit="cn.bj", at=NOON + timedelta(hours=1))
    files.tell("customer.changed", customer_id, unit="cn.sh.pd")
    await heard(api, files)

    complaint = await desk.record(customer_id=customer_id)

    assert complaint["unit"] == "cn.bj"


async def test_who_may_not_see_the_new_unit_of_a_customer_does_not_find_them(
    api: Api, files: CustomerFiles
) -> None:
    customer_id = files.add(unit="cn.gd.gz")
    files.tell("customer.changed", customer_id, unit="cn.sh.pd")
    await heard(api, files)

    answer = await api.as_("complaints:write", units=["cn.gd"]).post(
        "/v1/complaints", {**A_REPORT, "customer_id": str(customer_id)}
    )

    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (
        404,
        "customer-not-found",
    )


async def test_nothing_is_recorded_of_an_erased_customer_whatever_was_read_before(
    api: Api, files: CustomerFiles
) -> None:
    customer_id = files.add()
    files.tell("customer.erased", customer_id)
    await heard(api, files)

    answers = [await api.post("/v1/complaints", {**A_REPORT, "customer_id": str(customer_id)})]
    files.is_away = True
    answers.append(await api.post("/v1/complaints", {**A_REPORT, "customer_id": str(customer_id)}))

    assert [answer.status_code for answer in answers] == [404, 404]


async def test_a_complaint_of_a_merged_customer_belongs_to_the_file_that_is_left(
    api: Api, desk: Desk, files: CustomerFiles
) -> None:
    first, second, left = files.add(unit="cn.gd"), files.add(unit="cn.gd"), files.add(unit="cn.sh")
    files.tell("customer.merged", first, merged_id=first, unit="cn.gd", survivor_id=str(second))
    files.tell("customer.merged", second, merged_id=second, unit="cn.sh", survivor_id=str(left))
    await heard(api, files)

    complaint = await desk.record(customer_id=first)

    assert (complaint["customer_id"], complaint["unit"]) == (str(left), "cn.sh")


async def test_news_waits_for_a_complaint_that_is_being_written(api: Api) -> None:
    """Nobody has heard of the customer before, so that there is no row yet that could be locked."""
    database, customer_id, complaint_id = api.service.database, uuid4(), uuid4()

    async with database.transaction() as tx, database.reading() as reader:
        await CustomerStore(tx, at=NOON).hold(customer_id)
        moving = asyncio.create_task(_moved(database, customer_id, "cn.sh"))
        while not moving.done() and not await reader.connection.fetchval(WAITING):  # noqa: ASYNC110  # The lock tells nobody.
            await asyncio.sleep(0.01)
        standing = Standing(customer_id=customer_id, unit="cn.gd", is_confirmed=True, tier=None)
        await use_cases.record(
            CaseStore(tx, SYSTEM),
            SlaStore(tx, Shelves()),
            a_report(),
            standing,
            id=complaint_id,
            day=NOON.date(),
            tracking_digest=b"",
            by=a_hand(),
            at=NOON,
        )
    await moving

    async with database.reading() as reader:
        assert (
            await reader.connection.fetchval(
                "SELECT unit FROM complaints.complaint WHERE id = $1", complaint_id
            )
            == "cn.sh"
        )


async def _moved(database: Database, customer_id: UUID, unit: str) -> None:
    async with database.transaction() as tx:
        await CustomerStore(tx, at=NOON).moved(customer_id, unit)


class Outdated(CustomerProfile):
    """Answers with the file as it was before the customer moved,
    once the move has been heard of.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self.is_asked = False

    async def ask(self, customer_id: UUID) -> Asked:
        self.is_asked = True
        await _moved(self._database, customer_id, "cn.sh")
        before = Customer(
            id=customer_id, unit="cn.gd", name=None, language=None, tier=None, updated_at=NOON
        )
        return Asked(before, is_answered=True)


async def test_an_answer_older_than_the_news_confirms_nothing(
    api: Api, desk: Desk, files: CustomerFiles
) -> None:
    files.is_away = True
    complaint = await desk.record(customer_id=uuid4(), unit="cn.bj")
    customers = Outdated(api.service.database)
    confirming = Confirming(
        api.service.database, customers, clock=_tomorrow, again_after=timedelta(0)
    )

    # The service's own worker may have the complaint in hand for a moment.
    while not customers.is_asked:
        await confirming.step()

    seen = await desk.read(complaint)
    assert (seen["unit"], seen["degraded"]) == ("cn.sh", [])


def _tomorrow() -> datetime:
    return NOON + timedelta(days=1)
