"""What one exchange does when the service or the caller fails,
with a stand-in for the connection.
"""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from gateway.edge.doorkeeper import source_in, target_of, ticket_in
from gateway.limit.domain import Policy, Window
from gateway.proxy.forward import forward
from gateway.proxy.headers import ClientAddress, passed_on
from gateway.proxy.upstream import UpstreamFailed, parse_upstream
from gateway.signing_key.domain import Rotation, SigningKey

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


class Whole:
    status = 200
    headers = (
        (b"Content-Length", b"2"),
        (b"Server", b"x"),
        (b"Access-Control-Allow-Origin", b"*"),
        (b"Connection", b"x-a"),
        (b"X-A", b"1"),
    )

    def whole(self):
        return b"ok"

    def release(self):
        pass


class Failing:
    """Fails so many times, then answers."""

    def __init__(self, *reasons):
        self.reasons = list(reasons)
        self.asked = 0

    async def ask(self, method, target, headers, body, *, within):
        self.asked += 1
        if self.reasons:
            raise UpstreamFailed(self.reasons.pop(0), "a stand-in")
        return Whole()


async def exchange(upstream, method="GET", headers=()):
    sent, body = [], [b"{}"]

    async def receive():
        if not body:
            # As a server does: there is nothing more to tell until the caller leaves, and this one
            # stays.
            await asyncio.Event().wait()
        return {"type": "http.request", "body": body.pop(), "more_body": False}

    async def send(message):
        sent.append(message)

    scope = {"method": method, "headers": list(headers)}
    await forward(scope, receive, send, upstream, target="/v1/x", added=[], within=1)
    return sent


async def test_a_read_is_tried_again_once_when_nothing_was_sent():
    upstream = Failing("unreachable")

    sent = await exchange(upstream)

    assert upstream.asked == 2
    assert sent[0]["status"] == 200


@pytest.mark.parametrize(
    ("method", "headers", "reasons", "asked"),
    [
        ("GET", (), ("unreachable", "unreachable"), 2),
        ("GET", (), ("broken",), 1),
        ("GET", (), ("slow",), 1),
        ("POST", ((b"content-length", b"2"),), ("unreachable",), 1),
        ("DELETE", (), ("unreachable",), 1),
    ],
)
async def test_nothing_else_is_tried_again(method, headers, reasons, asked):
    upstream = Failing(*reasons)

    with pytest.raises(UpstreamFailed):
        await exchange(upstream, method, headers)

    assert upstream.asked == asked


async def test_what_the_service_says_of_itself_and_of_origins_stays_behind():
    sent = await exchange(Failing())

    assert sent[0]["headers"] == [(b"content-length", b"2")]


async def test_no_task_is_left_behind():
    before = len(asyncio.all_tasks())

    await exchange(Failing())

    assert len(asyncio.all_tasks()) == before


def test_headers_that_connection_names_are_hop_by_hop():
    kept = passed_on(
        [(b"Connection", b"close, X-Once"), (b"X-Once", b"1"), (b"X-All", b"2")], frozenset()
    )

    assert kept == [(b"x-all", b"2")]


@pytest.mark.parametrize(
    ("trusted", "peer", "forwarded", "expected"),
    [
        ((), "10.0.0.1", b"6.6.6.6", "10.0.0.1"),
        (("10.0.0.0/8",), "10.0.0.1", b"6.6.6.6", "6.6.6.6"),
        (("10.0.0.0/8",), "10.0.0.1", b"7.7.7.7, 6.6.6.6, 10.0.0.2", "6.6.6.6"),
        (("10.0.0.0/8",), "6.6.6.6", b"7.7.7.7", "6.6.6.6"),
        (("10.0.0.0/8",), "10.0.0.1", b"nonsense", "10.0.0.1"),
        (("10.0.0.0/8",), "10.0.0.1", b"", "10.0.0.1"),
    ],
)
def test_forwarded_addresses_are_believed_from_trusted_proxies_only(
    trusted, peer, forwarded, expected
):
    assert ClientAddress(trusted).of(peer, [(b"x-forwarded-for", forwarded)]) == expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://127.0.0.1:8001", ("http://127.0.0.1:8001", None)),
        ("http://127.0.0.1:8001/", ("http://127.0.0.1:8001", None)),
        ("unix:/run/x.sock", ("http://localhost", "/run/x.sock")),
        ("http+unix:///run/x.sock", ("http://localhost", "/run/x.sock")),
        ("http+unix://%2Frun%2Fx.sock", ("http://localhost", "/run/x.sock")),
    ],
)
def test_services_are_named_by_port_or_socket(url, expected):
    assert parse_upstream(url) == expected


def test_a_target_stays_one_line_of_ascii():
    assert (
        target_of(b"/v1/a%2Fb", b"q=%20&x=\r\nHost: evil \xe5")
        == "/v1/a%2Fb?q=%20&x=%0D%0AHost:%20evil%20%E5"
    )


def test_tickets_and_sources_are_taken_out_of_the_query():
    assert ticket_in(b"a=1&ticket=gxt_x&b=2") == ("gxt_x", b"a=1&b=2")
    assert ticket_in(b"a=1") is None
    assert ticket_in(b"ticket=a&ticket=b") is None
    assert source_in(b"source=scoring&after=1") == ("scoring", b"after=1")
    assert source_in(b"source=a&source=b")[0] is None


def test_a_window_counts_down_and_says_when_it_is_whole_again():
    policy = Policy(quota=100, window=60)
    window = Window(policy, policy.window_of(90))
    window.add_lease(5, 5)

    spent = [window.spend() for _ in range(6)]

    assert spent == [True] * 5 + [False]
    assert (window.start, window.resets_in(90), window.remaining) == (60, 30, 95)
    assert window.policy_field == b'"default";q=100;w=60'
    assert window.state_field(window.remaining, 90) == b'"default";r=95;t=30'


def a_key(generation, signs_from):
    return SigningKey(
        generation=generation,
        kid=str(generation),
        public={},
        private=b"",
        created_at=NOON,
        signs_from=signs_from,
    )


ROTATION = Rotation(signs_for=timedelta(days=90), token_lifetime=timedelta(hours=1))


def test_the_first_key_signs_at_once():
    assert ROTATION.next_due([], NOON) == NOON


def test_the_next_key_is_published_an_hour_before_it_signs():
    first = a_key(1, NOON)
    due = NOON + timedelta(days=90)

    assert ROTATION.next_due([first], due - timedelta(hours=1, seconds=1)) is None
    assert ROTATION.next_due([first], due - timedelta(hours=1)) == due
    assert ROTATION.next_due([first], due + timedelta(days=9)) == due + timedelta(days=9, hours=1)


def test_the_old_key_is_kept_until_its_last_token_is_over():
    keys = [a_key(1, NOON - timedelta(days=90)), a_key(2, NOON)]

    assert ROTATION.signing(keys, NOON - timedelta(seconds=1)) == keys[0]
    assert ROTATION.signing(keys, NOON) == keys[1]
    assert ROTATION.published(keys, NOON + timedelta(hours=1)) == keys
    assert ROTATION.published(keys, NOON + timedelta(hours=1, minutes=10)) == keys[1:]
