"""Browsers: the allowed origins are told so, the others get a problem document."""

import pytest
from service_kit.testing import serving

ORIGIN = "https://desk.test"


@pytest.fixture
async def api(compose, signing_keys):
    async with serving(compose(work=False, cors_origins=(ORIGIN,)), signing_keys) as api:
        yield api


async def preflight(api, origin: str, method: str = "POST"):
    headers = {
        "Origin": origin,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": "authorization",
    }
    return await api.client.options("/v1/notes", headers=headers)


async def test_an_allowed_origin_may_send_what_it_asks_for(api):
    answer = await preflight(api, ORIGIN)

    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert answer.headers["access-control-allow-headers"] == "authorization"


@pytest.mark.parametrize(("origin", "method"), [("https://other.test", "POST"), (ORIGIN, "TRACE")])
async def test_a_preflight_request_is_refused_with_a_problem_document(api, origin, method):
    answer = await preflight(api, origin, method)

    assert answer.status_code == 403
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["instance"] == answer.headers["x-request-id"]
    assert "access-control-allow-origin" not in answer.headers
    assert "Origin" in answer.headers["vary"]


@pytest.mark.parametrize(("origin", "allowed"), [(ORIGIN, ORIGIN), ("https://other.test", None)])
async def test_an_answer_names_the_origin_only_when_it_is_allowed(api, origin, allowed):
    answer = await api.get("/v1/notes", headers={"Origin": origin})

    assert answer.status_code == 200
    assert answer.headers.get("access-control-allow-origin") == allowed


async def test_options_without_an_origin_is_a_method_that_no_path_knows(api):
    assert (await api.client.options("/v1/notes")).status_code == 405
