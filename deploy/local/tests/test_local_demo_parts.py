"""What the demo brings along:
the real orders, the sheets made of them, and a listener that believes no forgery.
"""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from http import HTTPStatus
from pathlib import Path

import httpx2
import pytest
from guanxi_local.demo.cast import CHARACTERS, VIP
from guanxi_local.demo.failures import StepFailed
from guanxi_local.demo.listener import Listener, listening
from guanxi_local.demo.screen import Screen
from guanxi_local.demo.sheets import read_orders, write_customers, write_orders
from python_calamine import CalamineWorkbook
from rich.console import Console
from standardwebhooks import Webhook

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def test_the_source_holds_the_orders_that_were_published() -> None:
    orders = read_orders()

    assert (len(orders), len({order.customer for order in orders})) == (6919, 2357)
    assert (
        min(order.ordered_on for order in orders),
        max(order.ordered_on for order in orders),
    ) == (date(1997, 1, 1), date(1998, 6, 30))
    assert sum(order.dollars for order in orders) == Decimal("244091.94")


def test_every_order_has_a_number_of_its_own_and_keeps_it() -> None:
    first, second = read_orders(), read_orders()

    assert len({order.external_id for order in first}) == len(first)
    assert first == second


def test_the_workbook_holds_one_row_a_customer_with_a_true_date(tmp_path: Path) -> None:
    rows = write_customers(read_orders(), tmp_path / "customers.xlsx")

    sheet = (
        CalamineWorkbook.from_path(tmp_path / "customers.xlsx").get_sheet_by_index(0).to_python()
    )

    assert (rows, len(sheet)) == (2357, 2358)
    assert sheet[1] == ["0001", "CDNOW customer 0001", "individual", "en", date(1997, 1, 1)]


def test_the_sheet_of_orders_holds_every_order(tmp_path: Path) -> None:
    rows = write_orders(read_orders(), tmp_path / "orders.csv")

    lines = (tmp_path / "orders.csv").read_text().splitlines()

    assert (rows, len(lines)) == (6919, 6920)
    assert lines[1] == "cdnow-0001-19970101-1,0001,1997-01-01,29.33,USD,2"


def test_a_dozen_characters_speak_two_languages_and_have_names_of_their_own() -> None:
    assert len(CHARACTERS) == 12
    assert {character.language for character in CHARACTERS} == {"zh-CN", "en"}
    assert len({character.key for character in CHARACTERS}) == 12
    assert {"type": "phone", "value": VIP.phone} in VIP.identifiers()


def test_the_listener_takes_what_is_signed_and_refuses_what_is_forged() -> None:
    with listening() as listener:
        listener.trust(SECRET)

        good = _send(listener, _event("complaint.closed", "one"), secret=SECRET)
        forged = _send(listener, _event("complaint.closed", "two"), secret="whsec_" + "A" * 32)

    assert (good, forged) == (HTTPStatus.NO_CONTENT, HTTPStatus.BAD_REQUEST)
    assert listener.refused == 1
    assert listener.find("complaint.closed", "one") is not None
    assert listener.find("complaint.closed", "two") is None


def test_the_listener_asks_to_come_again_until_it_knows_the_secret() -> None:
    with listening() as listener:
        assert (
            _send(listener, _event("tier.changed", "one"), secret=SECRET)
            == HTTPStatus.SERVICE_UNAVAILABLE
        )


def test_long_work_that_failed_ends_the_story() -> None:
    screen = Screen(Console(quiet=True))

    with pytest.raises(StepFailed, match="importing ended as failed: no column"):
        screen.follow(
            lambda: {"state": "failed", "progress": {"done": 0, "total": 9}, "error": "no column"},
            doing="importing",
        )


def test_long_work_that_never_ends_is_given_up() -> None:
    screen = Screen(Console(quiet=True))

    with pytest.raises(StepFailed, match="was not done within 0 s"):
        screen.follow(
            lambda: {"state": "running", "progress": {"done": 0, "total": None}},
            doing="importing",
            within=0,
        )


def _event(event_type: str, subject: str) -> bytes:
    return json.dumps({"type": f"guanxi.{event_type}.v1", "subject": subject}).encode()


def _send(listener: Listener, body: bytes, *, secret: str) -> int:
    at = datetime.now(UTC)
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign("msg_1", at, body.decode()),
    }
    return httpx2.post(listener.url, content=body, headers=headers).status_code
