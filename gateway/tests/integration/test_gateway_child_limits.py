"""No client has a larger limit than the one that registered it,
also where that one has the limit of all.
"""

import pytest
from gateway.testing import running

SCOPES = ["clients:write", "clients:read"]
OF_ALL = {"requests": 1000, "seconds": 60}
LARGER = [
    {"requests": 1001, "seconds": 60},
    {"requests": 1000, "seconds": 59},
    {"requests": 17, "seconds": 1},
    {"requests": 1001, "seconds": 86_400},
    {"requests": 100_000_000, "seconds": 1},
]


async def a_child(of, **body):
    answer = await of.post("/v1/clients", {"name": "A child", "scopes": SCOPES, **body})
    assert answer.status_code == 201, answer.text
    return answer.json()


async def as_client(front, made):
    return front.partner.with_(
        f"Bearer {await front.partner.token(made['client_id'], made['client_secret'])}"
    )


async def patched(asker, made, limit):
    return await asker.patch(f"/v1/clients/{made['id']}", {"rate_limit": limit}, match="*")


@pytest.fixture
async def front(database_url):
    async with running(
        database_url, rate_limit_requests=OF_ALL["requests"], rate_limit_seconds=OF_ALL["seconds"]
    ) as started:
        yield started


async def test_a_child_of_one_with_the_limit_of_all_has_no_larger_one(front):
    maker = await as_client(front, await a_child(front.partner))
    child = await a_child(maker)

    for limit in LARGER:
        made = await maker.post(
            "/v1/clients", {"name": "Larger", "scopes": [], "rate_limit": limit}
        )
        # Not even the administrator gives it more than its maker has.
        changed = [await patched(asker, child, limit) for asker in (maker, front.partner)]
        assert [answer.status_code for answer in (made, *changed)] == [403] * 3, limit
    assert (await patched(maker, child, OF_ALL)).status_code == 200
    assert (await patched(maker, child, {"requests": 10, "seconds": 1})).status_code == 200
    assert (await patched(maker, child, None)).status_code == 200
    assert (await a_child(maker, rate_limit=OF_ALL))["rate_limit"] == OF_ALL


async def test_who_loses_a_large_limit_takes_it_from_its_children_too(front):
    made = await a_child(front.partner, rate_limit=LARGER[-1])
    child = await a_child(await as_client(front, made), rate_limit=LARGER[-1])

    assert (await patched(front.partner, made, None)).status_code == 200
    assert (await front.partner.get(f"/v1/clients/{child['id']}")).json()["rate_limit"] is None
