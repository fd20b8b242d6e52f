"""Pages, contract, health, overview, keys' rotation, migrations and the command line."""

import asyncio
import json
import os
import re
import sys
from datetime import UTC, datetime, timedelta

from gateway.app import MIGRATIONS, compose
from gateway.settings import Settings
from gateway.signing_key.ring import KeyRing
from gateway.testing import ISSUER, Neighbor, an_id, running
from joserfc import jwt
from service_kit.process import logs
from service_kit.testing import revisions

from gateway import tables

SCORES = {
    "customer_id": "x",
    "scores": [{"name": "clv", "value": "5"}],
    "tier": {"stars": 6, "since": None, "reason": None},
}


def answering(customer_id, **more):
    """Neighbors that know one customer."""
    profile = {
        f"/v1/customers/{customer_id}": (200, {"id": str(customer_id), "name": "张伟"}),
        f"/v1/customers/{customer_id}/timeline": (
            200,
            {"items": [{"title": "call"}], "next_cursor": None},
        ),
        "/v1/care-tasks": (200, {"items": [{"state": "open"}], "next_cursor": None}),
    }
    complaints = {"/v1/complaints": (200, {"items": [{"state": "received"}], "next_cursor": None})}
    scoring = {f"/v1/customers/{customer_id}/scores": (200, SCORES)}
    answers = {"customer-profile": profile, "complaints": complaints, "scoring": scoring, **more}
    return {name: Neighbor(dict(answer)) for name, answer in answers.items()}


async def test_an_overview_is_composed_of_all_services(database_url):
    customer_id = an_id()
    neighbors = answering(customer_id)
    async with running(database_url, neighbors) as front:
        answer = await front.partner.get(f"/v1/customers/{customer_id}/overview")

    overview = answer.json()
    assert answer.status_code == 200
    assert overview["customer"]["name"] == "张伟"
    assert overview["tier"]["stars"] == 6
    assert overview["scores"] == SCORES["scores"]
    assert overview["open_cases"] == [{"state": "received"}]
    assert (overview["recent"], overview["care_tasks"]) == (
        [{"title": "call"}],
        [{"state": "open"}],
    )
    assert (overview["degraded"], overview["withheld"]) == ([], [])
    assert neighbors["scoring"].seen[0].headers["authorization"] == front.partner.authorization


async def test_a_slow_or_broken_service_makes_the_overview_poorer_not_an_error(database_url):
    async def hanging(scope, receive, send):
        await asyncio.sleep(5)

    customer_id = an_id()
    neighbors = answering(
        customer_id,
        complaints={"/v1/complaints": hanging},
        scoring={f"/v1/customers/{customer_id}/scores": (500, {})},
    )
    async with running(database_url, neighbors, overview_seconds=0.3) as front:
        overview = (await front.partner.get(f"/v1/customers/{customer_id}/overview")).json()

    assert overview["customer"]["name"] == "张伟"
    assert sorted(overview["degraded"]) == ["open_cases", "scores"]
    assert overview["open_cases"] == []


async def test_a_part_that_the_token_may_not_see_is_withheld(database_url):
    customer_id = an_id()
    async with running(
        database_url, answering(customer_id, complaints={"/v1/complaints": (403, {})})
    ) as front:
        overview = (await front.partner.get(f"/v1/customers/{customer_id}/overview")).json()

    assert (overview["withheld"], overview["degraded"]) == (["open_cases"], [])


async def test_recent_is_named_as_withheld_where_the_token_is_shown_some_of_it_alone(database_url):
    customer_id = an_id()
    async with running(database_url, answering(customer_id)) as front:
        reader = await front.partner.registered(scopes={"customers:read"})
        overview = (await reader.get(f"/v1/customers/{customer_id}/overview")).json()

    assert (overview["recent"], overview["withheld"]) == ([{"title": "call"}], ["recent"])


async def test_an_overview_of_nobody_is_404(database_url):
    customer_id = an_id()
    neighbors = answering(customer_id)
    neighbors["customer-profile"].answers[f"/v1/customers/{customer_id}"] = (404, {})
    async with running(database_url, neighbors) as front:
        answer = await front.partner.get(f"/v1/customers/{customer_id}/overview")

    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (
        404,
        "customer-not-found",
    )


async def test_the_docs_load_nothing_from_elsewhere(front):
    page = await front.partner.http.get("/docs")
    links = re.findall(r'(?:src|href)="([^"]+)"', page.text)

    answers = [await front.partner.http.get(link) for link in links]

    assert page.headers["content-security-policy"].startswith("default-src 'none'")
    assert links
    assert all(link.startswith("/docs/") for link in links)
    assert [answer.status_code for answer in answers] == [200] * len(links)
    assert "SwaggerUIBundle" in next(
        answer.text
        for answer, link in zip(answers, links, strict=True)
        if link.endswith("bundle.js")
    )


async def test_the_public_contract_is_served_and_merges_those_of_the_services(front):
    contract = (await front.partner.http.get("/openapi.json")).json()

    operation = contract["paths"]["/v1/complaints"]["get"]
    assert contract["servers"][0]["url"] == ISSUER
    assert {
        "/oauth/token",
        "/v1/clients",
        "/v1/webhook-endpoints",
        "/v1/customers/{id}/overview",
    } < contract["paths"].keys()
    assert "RateLimit" in operation["responses"]["200"]["headers"]
    assert "504" in operation["responses"]
    assert any(
        parameter.get("name") == "source"
        for parameter in contract["paths"]["/v1/events"]["get"]["parameters"]
    )


TYPES = [
    "not-found",
    "too-many-requests",
    "bad-gateway",
    "rights-exceeded",
    "webhook-target-refused",
]


async def test_every_type_of_problem_has_a_page_in_both_languages(front):
    for slug in TYPES:
        page = await front.partner.http.get(f"/problems/{slug}")

        assert page.status_code == 200, slug
        assert 'lang="zh-CN"' in page.text
        assert re.search("[\u4e00-\u9fff]", page.text)
        assert slug in page.text


async def test_an_unknown_type_of_problem_is_404_and_echoes_nothing(front):
    answer = await front.partner.http.get("/problems/<script>")

    assert answer.status_code == 404
    assert "<script>" not in answer.text


async def test_health_tells_alive_and_ready(front):
    statuses = [
        (await front.partner.http.get(path)).status_code
        for path in ("/livez", "/readyz", "/metrics")
    ]

    assert statuses == [200, 200, 200]


async def test_metrics_count_what_is_passed_on(front):
    await front.partner.get("/v1/customers")

    text = (await front.partner.http.get("/metrics")).text

    assert re.search(
        r'guanxi_request_seconds_count\{method="GET",route="customer-profile",'
        r'service="gateway",status="200"\} 1',
        text,
    )


async def test_the_request_log_holds_no_query(database_url, capsys):
    logs.configure(service="gateway", level="INFO")
    async with running(database_url, request_log=True) as front:
        await front.partner.get("/v1/customers?phone=13800138000")

    logged = capsys.readouterr().err
    assert '"path":"/v1/customers"' in logged
    assert '"target":"customer-profile"' in logged
    assert "13800138000" not in logged


async def test_keys_rotate_without_a_single_refusal(database_url):
    moment = [datetime.now(UTC)]
    settings = Settings(
        database_url=database_url,
        issuer=ISSUER,
        secret_key="k",
        signing_key_days=1,
        token_seconds=3600,
        work=False,
    )
    gateways = [compose(settings, now=lambda: moment[0]) for _ in range(2)]
    for gateway in gateways:
        await gateway.database.open()
    rings = [gateway.parts[KeyRing] for gateway in gateways]
    tokens, signed_by = [], set()

    for hour in range(60):
        moment[0] += timedelta(hours=1)
        for ring in rings:
            await ring.turn()
            ring._read_at = -1e9
        known_before = {key["kid"] for key in (await rings[1].published())["keys"]}
        token, _ = await rings[hour % 2].sign({"hour": hour}, type_="at+jwt")
        kid = jwt.decode(token, await rings[1].key_set(None), algorithms=["Ed25519"]).header["kid"]
        assert kid in known_before
        signed_by.add(kid)
        tokens = [
            *[(made, each) for made, each in tokens if made > moment[0] - timedelta(seconds=3600)],
            (moment[0], token),
        ]
        for _, each in tokens:
            jwt.decode(each, await rings[0].key_set(None), algorithms=["Ed25519"])

    for gateway in gateways:
        await gateway.database.close()
    assert len(signed_by) >= 2


async def test_private_keys_lie_encrypted_in_the_database(front):
    await front.partner.token("administrator")

    async with front.gateway.database.reading() as reader:
        [row] = await reader.fetch(tables.signing_key.select())

    assert b'"d"' not in row["private"]
    assert "d" not in row["public"]


async def test_code_and_migrations_agree(database_url):
    assert await revisions.difference(database_url, "gateway", tables.metadata) == []


def test_every_setting_is_in_the_readme():
    readme = (MIGRATIONS.parents[1] / "README.md").read_text("utf-8")

    missing = [name for name in Settings.model_fields if f"GUANXI_{name.upper()}" not in readme]

    assert missing == []


async def command(database_url, *words, secret="of-the-command-0123456789-abcdefghij"):
    environment = {
        **os.environ,
        "GUANXI_DATABASE_URL": database_url,
        "GUANXI_DATABASE_SCHEMA": "gateway",
        "GUANXI_SECRET_KEY": "of-the-tests",
        "GUANXI_NEW_CLIENT_SECRET": secret,
    }
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "gateway", *words, env=environment, stdout=pipe, stderr=pipe
    )
    out, err = await process.communicate()
    return process.returncode, out.decode(), err.decode()


async def test_ensure_client_is_idempotent_and_its_client_gets_tokens(database_url):
    words = (
        "ensure-client",
        "--client-id",
        "administrator-2",
        "--name",
        "A",
        "--all-scopes",
        "--approval-limit",
        "1000000000.00 CNY",
    )
    first = await command(database_url, *words)
    again = await command(database_url, *words)
    weak = await command(database_url, *words, secret="short")

    async with running(database_url) as front:
        token = await front.partner.token("administrator-2", "of-the-command-0123456789-abcdefghij")
        read = (await front.partner.with_(f"Bearer {token}").get("/v1/clients")).json()["items"]

    [client] = [client for client in read if client["client_id"] == "administrator-2"]
    assert (first[0], again[0]) == (0, 0), first[2] + again[2]
    assert client["version"] == 1
    assert client["approval_limit"] == {"amount": "1000000000.00", "currency": "CNY"}
    assert (weak[0], weak[2].count("\n")) == (1, 1)


async def test_the_contract_is_the_same_wherever_it_is_written(database_url):
    code, out, err = await command(database_url, "openapi")

    assert code == 0, err
    assert json.loads(out)["servers"][0]["url"] == "http://127.0.0.1:8000"


async def test_naughty_bodies_never_cause_a_server_error(front):
    bodies = [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"\\u0000"',
        b'{"name": "\\ud800"}',
        b'{"name": NaN}',
        b'{"name": 1e400}',
        b"[" * 5000,
        b'{"name":"' + b"x" * 70_000 + b'"}',
    ]
    paths = [
        "/v1/clients",
        "/v1/api-keys",
        "/v1/webhook-endpoints",
        "/v1/stream-tickets",
        f"/v1/webhook-endpoints/{an_id()}/replay",
    ]

    for path in paths:
        for body in bodies:
            answer = await front.partner.request(
                "POST", path, content=body, headers={"Content-Type": "application/json"}
            )
            assert answer.status_code < 500, (path, body[:20], answer.text)
            if answer.status_code >= 400:
                assert answer.headers["content-type"] == "application/problem+json"
