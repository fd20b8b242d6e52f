"""The retry schedule, the signature and the filters of webhooks."""

from datetime import UTC, datetime, timedelta

import pytest
from gateway.webhook import schedule, signature
from gateway.webhook.delivery.domain import for_event
from gateway.webhook.event_filter import asks_for, may_see, plain_type
from service_kit.words.identity import new_id
from standardwebhooks import Webhook

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
HOURS = timedelta(hours=1)


def a_delivery():
    envelope = {
        "id": "e",
        "type": "guanxi.tier.changed.v1",
        "time": "2026-03-02T12:00:00Z",
        "data": {},
    }
    return for_event(envelope, id=new_id(), endpoint_id=new_id(), occurred_at=NOON, at=NOON)


def test_retries_follow_the_schedule_each_counted_from_the_failure_before():
    waits = [schedule.next_attempt(tries, NOON, chance=0) - NOON for tries in range(1, 10)]

    assert waits == [
        timedelta(seconds=5),
        timedelta(minutes=5),
        timedelta(minutes=30),
        *(hours * HOURS for hours in (2, 5, 10, 14, 20, 24)),
    ]
    assert schedule.next_attempt(10, NOON, chance=0) is None


def test_jitter_only_ever_adds_a_little():
    assert (
        timedelta(minutes=5)
        < schedule.next_attempt(2, NOON, chance=0.999) - NOON
        < timedelta(minutes=5.6)
    )


def test_a_delivery_is_abandoned_after_ten_failures():
    delivery, at = a_delivery(), NOON
    states = []
    for _ in range(10):
        delivery = delivery.tried(is_success=False, at=at, chance=0)
        at = delivery.due_at
        states.append(delivery.state)

    assert states == ["failed"] * 9 + ["abandoned"]
    assert delivery.due_at - NOON == timedelta(seconds=5, minutes=35, hours=75)


def test_a_replayed_delivery_has_its_whole_schedule_again_and_keeps_its_log():
    delivery = a_delivery().tried(is_success=True, at=NOON, chance=0).replayed(NOON)

    assert (delivery.state, delivery.tries, delivery.attempts) == ("pending", 0, 1)


@pytest.mark.parametrize(
    ("since", "is_over"), [(timedelta(days=5), True), (timedelta(days=4, hours=23), False)]
)
def test_an_endpoint_is_given_up_after_five_days_of_failures(since, is_over):
    assert schedule.is_given_up(NOON - since, NOON) is is_over


def test_the_public_library_accepts_our_signature_with_either_secret():
    old, new, body = signature.new_secret(), signature.new_secret(), '{"type": "客户"}'.encode()
    now = int(datetime.now(UTC).timestamp())

    sent = signature.headers("msg_1", now, body, [new, old])

    assert Webhook(signature.shown(old)).verify(body, sent)
    assert Webhook(signature.shown(new)).verify(body, sent)
    assert signature.shown(new).startswith("whsec_")


@pytest.mark.parametrize(
    ("filters", "type_", "expected"),
    [
        (["complaint.*"], "complaint.closed", True),
        (["complaint.closed"], "complaint.closed", True),
        (["*"], "tier.changed", True),
        (["complaint.*"], "complaints.closed", False),
        (["complaint.close"], "complaint.closed", False),
        ([], "tier.changed", False),
    ],
)
def test_filters_name_a_type_a_family_or_everything(filters, type_, expected):
    assert asks_for(filters, type_) is expected


@pytest.mark.parametrize(
    ("units", "unit", "expected"),
    [
        (None, None, True),
        (None, "cn", True),
        (("cn.gd",), "cn.gd.gz", True),
        (("cn.gd",), "cn", False),
        (("cn.gd",), None, False),
    ],
)
def test_events_without_a_unit_belong_to_the_whole_company(units, unit, expected):
    assert may_see(units, unit) is expected


def test_types_are_named_without_prefix_and_version():
    assert plain_type("guanxi.complaint.closed.v1") == "complaint.closed"
