"""Requests pass through the gateway to services on real sockets, and answers stream back."""

import asyncio
import contextlib
import socket
import time

import pytest
from gateway.testing import Neighbor, listening, running


def stream(chunks, *, pause=0.05, content_type=b"text/event-stream"):
    async def answer(scope, receive, send):
        await send(
            {
                "type": "http.response.start",
                "status": 200,
                "headers": [(b"content-type", content_type)],
            }
        )
        for chunk in chunks:
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
            await asyncio.sleep(pause)
        await send({"type": "http.response.body", "body": b""})

    return answer


async def sleeping(scope, receive, send):
    await asyncio.sleep(5)


LED = [
    ("/v1/customers", "customer-profile"),
    ("/v1/customers/01890a5d-ac96-774b-bcce-b302099a8057/timeline", "customer-profile"),
    ("/v1/customers/01890a5d-ac96-774b-bcce-b302099a8057/scores", "scoring"),
    ("/v1/complaints", "complaints"),
    ("/v1/contacts/x/screen-pop", "contact-center"),
    ("/v1/events?source=scoring", "scoring"),
]


async def test_a_path_leads_to_its_service(front):
    for path, service in LED:
        front.neighbors[service].answers[path.partition("?")[0]] = (200, {"of": service})

        answer = await front.partner.get(path)

        assert answer.json() == {"of": service}, path


async def test_path_query_body_and_headers_go_through_unchanged(front):
    answer = await front.partner.request(
        "POST",
        "/v1/customers/a%2Fb%20c?q=%E5%BC%A0%E4%BC%9F&tag=a%26b&tag=",
        content=b"\x00\xff{}",
        headers={"Content-Type": "x/y", "If-Match": '"3"'},
    )

    seen = front.neighbors["customer-profile"].seen[-1]
    assert answer.status_code == 200
    assert (seen.method, seen.path, seen.query) == (
        "POST",
        "/v1/customers/a%2Fb%20c",
        "q=%E5%BC%A0%E4%BC%9F&tag=a%26b&tag=",
    )
    assert seen.body == b"\x00\xff{}"
    assert (seen.headers["content-type"], seen.headers["if-match"]) == ("x/y", '"3"')
    assert seen.headers["authorization"] == front.partner.authorization


async def test_what_the_caller_says_of_itself_is_replaced_and_hop_by_hop_headers_end_here(front):
    told = {
        "X-Forwarded-For": "6.6.6.6",
        "Forwarded": "for=6.6.6.6",
        "Connection": "close, X-Secret",
        "X-Secret": "1",
        "TE": "trailers",
        "Host": "api.example",
    }

    await front.partner.get("/v1/customers", headers=told)

    headers = front.neighbors["customer-profile"].seen[-1].headers
    assert headers["x-forwarded-for"] == "127.0.0.1"
    assert headers["forwarded"] == 'for=127.0.0.1;host="api.example";proto=http'
    assert headers["host"] == "api.example"
    assert not {"x-secret", "te"} & headers.keys()


async def test_request_id_and_trace_go_through_and_come_back(front):
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

    answer = await front.partner.get(
        "/v1/customers", headers={"X-Request-Id": "abc-1", "traceparent": trace}
    )

    headers = front.neighbors["customer-profile"].seen[-1].headers
    assert headers["x-request-id"] == "abc-1" == answer.headers["x-request-id"]
    assert headers["traceparent"].split("-")[1] == trace.split("-")[1]


async def test_a_made_up_request_id_is_replaced(front):
    answer = await front.partner.get("/v1/customers", headers={"X-Request-Id": "a b"})

    assert answer.headers["x-request-id"] != "a b"
    assert len(answer.headers.get_list("x-request-id")) == 1


async def test_server_sent_events_arrive_as_they_are_sent(front):
    front.neighbors["contact-center"].answers["/v1/agents/a/stream"] = stream(
        [b"data: 1\n\n", b"data: 2\n\n", b"data: 3\n\n"], pause=0.3
    )

    async with front.partner.http.stream(
        "GET", "/v1/agents/a/stream", headers={"Authorization": front.partner.authorization}
    ) as answer:
        arrived = [(chunk, time.monotonic()) async for chunk in answer.aiter_raw()]

    assert [chunk for chunk, _ in arrived] == [b"data: 1\n\n", b"data: 2\n\n", b"data: 3\n\n"]
    assert arrived[-1][1] - arrived[0][1] > 0.4


async def test_a_large_answer_comes_back_whole(front):
    chunk = bytes(range(256)) * 256
    front.neighbors["complaints"].answers["/v1/complaints/x/letters"] = stream(
        [chunk] * 64, pause=0, content_type=b"application/pdf"
    )

    answer = await front.partner.get("/v1/complaints/x/letters")

    assert answer.content == chunk * 64


async def test_a_large_upload_streams_through(front):
    async def chunks():
        for _ in range(64):
            yield b"x" * 65_536

    answer = await front.partner.http.post(
        "/v1/customer-imports",
        content=chunks(),
        headers={"Authorization": front.partner.authorization, "Content-Type": "text/csv"},
    )

    assert answer.status_code == 200
    assert len(front.neighbors["customer-profile"].seen[-1].body) == 64 * 65_536


async def test_a_caller_who_leaves_ends_the_request_behind(front):
    gone = asyncio.Event()

    async def endless(scope, receive, send):
        await send(
            {
                "type": "http.response.start",
                "status": 200,
                "headers": [(b"content-type", b"text/event-stream")],
            }
        )
        await send({"type": "http.response.body", "body": b"data: 1\n\n", "more_body": True})
        await receive()
        while (await receive())["type"] != "http.disconnect":
            pass
        gone.set()

    front.neighbors["contact-center"].answers["/v1/agents/a/stream"] = endless
    async with front.partner.http.stream(
        "GET", "/v1/agents/a/stream", headers={"Authorization": front.partner.authorization}
    ) as answer:
        assert await anext(answer.aiter_raw()) == b"data: 1\n\n"

    assert await asyncio.wait_for(gone.wait(), 5)


async def test_a_caller_who_leaves_before_the_answer_ends_the_request_behind(front):
    gone, begun = asyncio.Event(), asyncio.Event()

    async def slow(scope, receive, send):
        begun.set()
        await receive()
        while (await receive())["type"] != "http.disconnect":
            pass
        gone.set()

    front.neighbors["complaints"].answers["/v1/complaints"] = slow
    asking = asyncio.create_task(front.partner.get("/v1/complaints"))
    await begun.wait()
    asking.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await asking

    assert await asyncio.wait_for(gone.wait(), 5)


async def test_a_service_that_is_down_is_503_with_retry_after(database_url):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{free.getsockname()[1]}"
    async with running(database_url, complaints_url=nobody) as front:
        answer = await front.partner.get("/v1/complaints")

    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "1"
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"].endswith("/problems/unavailable")
    assert answer.json()["instance"] == answer.headers["x-request-id"]
    assert "ratelimit" in answer.headers


async def test_a_service_that_is_slow_is_504(database_url):
    slow = Neighbor({"/v1/complaints": sleeping})
    async with running(database_url, {"complaints": slow}, answer_seconds=0.3) as front:
        answer = await front.partner.get("/v1/complaints")

    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (
        504,
        "gateway-timeout",
    )


async def test_a_service_that_answers_nonsense_is_502(database_url):
    async def nonsense(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HELLO\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(nonsense, "127.0.0.1", 0)
    async with (
        server,
        running(
            database_url, complaints_url=f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        ) as front,
    ):
        answer = await front.partner.post("/v1/complaints")

    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (502, "bad-gateway")


async def test_an_answer_that_breaks_off_is_not_taken_for_whole(database_url):
    async def broken(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nhalf")
        await writer.drain()
        await asyncio.sleep(0.1)
        writer.close()

    server = await asyncio.start_server(broken, "127.0.0.1", 0)
    async with (
        server,
        running(
            database_url, complaints_url=f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        ) as front,
    ):
        with pytest.raises(Exception, match=r"(?i)peer|closed|incomplete|disconnected"):
            await front.partner.get("/v1/complaints")


async def test_a_service_on_a_unix_socket_is_reached(database_url, tmp_path):
    path = str(tmp_path / "s.sock")
    neighbor = Neighbor({"/v1/complaints": (200, {"over": "unix"})})
    async with (
        listening(neighbor, uds=path),
        running(database_url, complaints_url=f"unix:{path}") as front,
    ):
        answer = await front.partner.get("/v1/complaints")

    assert answer.json() == {"over": "unix"}


UNKNOWN_PATHS = ["/v1/nothing", "/v1", "/v2/customers", "/v1/clients/", "/nope"]


async def test_an_unknown_path_is_a_404_problem(front):
    for path in UNKNOWN_PATHS:
        answer = await front.partner.get(path)

        assert (answer.status_code, answer.headers["content-type"]) == (
            404,
            "application/problem+json",
        ), path


async def test_a_forged_token_is_refused_here(front):
    answer = await front.partner.with_("Bearer forged.token.here").get("/v1/customers")

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith(
        'Bearer realm="guanxi", error="invalid_token"'
    )
    assert front.neighbors["customer-profile"].seen == []


async def test_without_a_token_the_service_decides(front):
    front.neighbors["complaints"].answers["/v1/complaint-tracking"] = (200, {"state": "received"})

    answer = await front.partner.with_(None).get("/v1/complaint-tracking")

    assert answer.json() == {"state": "received"}


async def test_events_are_read_from_one_named_source(front):
    without = await front.partner.get("/v1/events")
    unknown = await front.partner.get("/v1/events?source=elsewhere")
    own = await front.partner.get("/v1/events?source=gateway&after=0")

    assert (without.status_code, unknown.status_code) == (422, 422)
    assert without.json()["errors"][0]["pointer"] == "query/source"
    assert own.status_code == 200
    assert own.headers["content-type"].startswith("application/cloudevents-batch+json")


async def test_the_source_is_not_passed_on(front):
    front.neighbors["scoring"].answers["/v1/audit-entries"] = (200, {"items": []})

    await front.partner.get("/v1/audit-entries?source=scoring&subject=x")

    assert front.neighbors["scoring"].seen[-1].query == "subject=x"


async def test_a_browser_of_an_allowed_origin_may_call_and_no_other(database_url):
    async with running(database_url, cors_origins="https://desk.example") as front:
        asks = {"Origin": "https://desk.example", "Access-Control-Request-Method": "POST"}
        preflight = await front.partner.http.options("/v1/customers", headers=asks)
        allowed = await front.partner.get(
            "/v1/customers", headers={"Origin": "https://desk.example"}
        )
        other = await front.partner.get("/v1/customers", headers={"Origin": "https://evil.example"})

    assert preflight.status_code == 204
    assert preflight.headers["access-control-allow-origin"] == "https://desk.example"
    assert "Idempotency-Key" in preflight.headers["access-control-allow-headers"]
    assert allowed.headers["access-control-allow-origin"] == "https://desk.example"
    assert "access-control-allow-origin" not in other.headers
    assert "Origin" in other.headers["vary"]


async def test_many_requests_at_once_get_their_own_answers(front):
    async def asked(number):
        answer = await front.partner.get(
            f"/v1/{'complaints' if number % 2 else 'customers'}/{number}"
        )
        return answer.json()["path"].rpartition("/")[2] == str(number)

    assert all(await asyncio.gather(*(asked(number) for number in range(200))))
