"""What the front decides before and after a service is asked: order of refusals, links, counts."""

import re

import pytest
from gateway.api_key.tokens import ApiKeyTokens
from gateway.testing import Neighbor, a_client, an_id, running

ORIGIN = "https://desk.example"
NOWHERE = ["/v1/jobs", "/v1/timers", "/v1/signing-keys", "/v1/webhook-event-types"]
SHARED = ["/v1/events", "/v1/audit-entries", "/v1/parked-events", "/v1/parked-timers"]


async def test_paths_of_no_contract_are_not_there(front):
    for path in NOWHERE:
        for who in (front.partner, front.partner.with_(None)):
            answer = await who.get(f"{path}?source=complaints")

            assert (answer.status_code, answer.headers["content-type"]) == (
                404,
                "application/problem+json",
            ), path


@pytest.mark.parametrize("path", SHARED)
async def test_a_missing_source_is_judged_after_token_and_method(front, path):
    nobody = await front.partner.with_(None).get(path)
    wrong = await front.partner.post(path)
    sourceless = await front.partner.get(path)

    assert [answer.status_code for answer in (nobody, wrong, sourceless)] == [401, 405, 422]
    assert wrong.headers["allow"] == "GET"
    assert sourceless.json()["errors"][0]["pointer"] == "query/source"


async def test_what_is_done_to_a_shared_resource_is_done_in_the_service_that_is_named(front):
    path = f"/v1/parked-events/{an_id()}/requeue"

    sourceless = await front.partner.post(path)
    nobody = await front.partner.with_(None).post(path)
    wrong = await front.partner.get(path)
    own = await front.partner.post(f"{path}?source=gateway")
    there = await front.partner.post(f"{path}?source=scoring")

    assert [answer.status_code for answer in (sourceless, nobody, wrong, own, there)] == [
        422,
        401,
        405,
        404,
        200,
    ]
    assert front.neighbors["scoring"].seen[-1].path == path


async def test_the_next_page_of_what_every_service_has_is_found_by_its_link(front):
    client = await a_client(front.gateway)
    await front.partner.patch(f"/v1/clients/{client.id}", {"name": "Other"}, match='"1"')
    first = await front.partner.get(f"/v1/audit-entries?source=gateway&subject={client.id}&limit=1")

    path = re.fullmatch('<(.*)>; rel="next"', first.headers["link"]).group(1)
    second = await front.partner.get(path)

    assert second.status_code == 200, second.text
    assert [entry["action"] for page in (first, second) for entry in page.json()["items"]] == [
        "client.created",
        "client.changed",
    ]


async def test_the_link_of_a_service_names_the_service(database_url):
    async def answer(scope, receive, send):
        link = (b"link", b'</v1/audit-entries?subject=x&cursor=y>; rel="next"')
        await send(
            {
                "type": "http.response.start",
                "status": 200,
                "headers": [link, (b"content-length", b"0")],
            }
        )
        await send({"type": "http.response.body", "body": b""})

    async with running(
        database_url, {"scoring": Neighbor({"/v1/audit-entries": answer, "/v1/score-runs": answer})}
    ) as front:
        shared = await front.partner.get("/v1/audit-entries?subject=x&source=scoring")
        other = await front.partner.get("/v1/score-runs?subject=x")

    assert (
        shared.headers["link"]
        == '</v1/audit-entries?source=scoring&subject=x&cursor=y>; rel="next"'
    )
    assert "source" not in other.headers["link"]


async def test_a_preflight_is_counted_and_answered_as_all_else(database_url):
    asks = {"Origin": ORIGIN, "Access-Control-Request-Method": "POST", "X-Request-Id": "abc-1"}
    # The first of the three is the token that the administrator asks for at the start.
    async with running(database_url, cors_origins=ORIGIN, anonymous_limit_requests=3) as front:
        answers = [
            await front.partner.http.options("/v1/customers", headers=asks) for _ in range(3)
        ]

    assert [answer.status_code for answer in answers] == [204, 204, 429]
    assert answers[0].headers["x-request-id"] == "abc-1"
    assert answers[0].headers["ratelimit"].startswith('"default";r=1;')
    assert answers[0].headers.get_list("access-control-allow-origin") == [ORIGIN]
    assert answers[2].headers["access-control-allow-origin"] == ORIGIN


async def test_the_gateways_own_requests_are_observed_once(front):
    await front.partner.get("/v1/api-keys")
    await front.partner.with_("Bearer forged").get("/v1/api-keys")

    text = (await front.partner.http.get("/metrics")).text

    counted = re.findall(
        r'guanxi_request_seconds_count\{method="GET",route="([^"]*)",service="gateway",status="(\d+)"\}'
        r" (\d+)",
        text,
    )
    assert counted == [("/v1/api-keys", "200", "1"), ("gateway", "401", "1")]


async def test_made_up_keys_and_tickets_of_a_drained_address_ask_the_database_no_more(
    database_url, monkeypatch
):
    looked_up = []

    async def no_ticket(tx, digest, *, at):
        looked_up.append(digest)

    async with running(database_url, anonymous_limit_requests=5) as front:
        key = (
            await front.partner.post("/v1/api-keys", {"name": "Sheet", "scopes": ["clients:read"]})
        ).json()["key"]
        sheet = front.partner.with_(f"Bearer {key}")
        assert (await sheet.get("/v1/clients")).status_code == 200
        key_tokens = front.gateway.parts[ApiKeyTokens]
        checked = key_tokens._checked

        async def counting(digest, found, now):
            looked_up.append(digest)
            return await checked(digest, found, now)

        monkeypatch.setattr(key_tokens, "_checked", counting)
        monkeypatch.setattr("gateway.ticket.store.take", no_ticket)
        by_key = [
            (await front.partner.with_(f"Bearer gxk_{n}").get("/v1/customers")).status_code
            for n in range(4)
        ]
        by_ticket = [
            (await front.partner.with_(None).get(f"/v1/agents/a/stream?ticket=a{n}")).status_code
            for n in range(4)
        ]
        before = len(looked_up)
        again = [
            (await front.partner.with_(f"Bearer gxk_{n}").get("/v1/customers")).status_code
            for n in range(3)
        ]
        known = await sheet.get("/v1/clients")

    assert by_key[:3] == [401] * 3
    assert by_ticket[-2:] == [429] * 2
    assert again == [429] * 3
    assert known.status_code == 200
    # The token that the administrator asked for at the start was counted at this address, too.
    assert (before, len(looked_up)) == (4, 4)
