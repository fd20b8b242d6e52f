"""Keys, endpoints and deliveries of one client,
seen with tokens that are narrower than the client.
"""

from gateway.testing import SECRET, a_client, an_id

EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"


async def the_person(front, client_id, **rights):
    """Somebody behind the frontend `client_id`, with a token of their own."""
    own = await front.partner.token(client_id)
    form = {
        "grant_type": EXCHANGE,
        "subject_token": own,
        "subject_token_type": ACCESS_TOKEN,
        "sub": "li.na",
        **rights,
    }
    answer = await front.partner.http.post("/oauth/token", data=form, auth=(client_id, SECRET))
    assert answer.status_code == 200, answer.text
    return front.partner.with_(f"Bearer {answer.json()['access_token']}")


async def the_desk(front):
    await a_client(front.gateway, client_id="desk")
    return front.partner.with_(f"Bearer {await front.partner.token('desk')}")


async def ids(partner, path):
    return [item["id"] for item in (await partner.get(path)).json()["items"]]


async def test_a_person_sees_and_revokes_the_keys_of_their_units_alone(front):
    desk = await the_desk(front)
    south = (
        await desk.post("/v1/api-keys", {"name": "South", "scopes": [], "units": ["cn.gd.gz"]})
    ).json()["id"]
    others = [
        (await desk.post("/v1/api-keys", {"name": "All", "scopes": [], "units": units})).json()[
            "id"
        ]
        for units in (["cn.sh"], None)
    ]
    person = await the_person(front, "desk", units="cn.gd")

    listed = await ids(person, "/v1/api-keys")
    reads = [(await person.get(f"/v1/api-keys/{id}")).status_code for id in (south, *others)]
    revocations = [
        (await person.post(f"/v1/api-keys/{id}/revocation")).status_code for id in (south, *others)
    ]

    assert listed == [south]
    assert reads == [200, 404, 404]
    assert revocations == [200, 404, 404]
    assert await ids(desk, "/v1/api-keys") == [south, *others]


async def test_a_person_sees_the_endpoints_and_deliveries_of_their_units_alone(front):
    desk = await the_desk(front)
    person = await the_person(front, "desk", units="cn.gd")
    body = {"url": "http://127.0.0.1:1/hook", "event_types": ["tier.changed"]}
    endpoints = [
        (await partner.post("/v1/webhook-endpoints", body)).json()["id"]
        for partner in (desk, person)
    ]
    sent = [
        (await desk.post(f"/v1/webhook-endpoints/{id}/test-event")).json()["id"] for id in endpoints
    ]

    assert await ids(person, "/v1/webhook-endpoints") == endpoints[1:]
    assert await ids(person, "/v1/webhook-deliveries") == sent[1:]
    assert await ids(desk, "/v1/webhook-endpoints") == endpoints
    assert await ids(desk, "/v1/webhook-deliveries") == sent[::-1]


async def test_a_page_walk_within_units_shows_every_key_once(front):
    desk = await the_desk(front)
    made = [
        (await desk.post("/v1/api-keys", {"name": "Key", "scopes": [], "units": [unit]})).json()[
            "id"
        ]
        for unit in ("cn.gd", "cn.sh", "cn.gd.gz", "cn.gdx", "cn.gd.sz")
    ]
    person, seen, path = await the_person(front, "desk", units="cn.gd"), [], "/v1/api-keys?limit=1"

    while path:
        page = (await person.get(path)).json()
        seen += [key["id"] for key in page["items"]]
        path = page["next_cursor"] and f"/v1/api-keys?limit=1&cursor={page['next_cursor']}"

    assert seen == [made[0], made[2], made[4]]


async def test_an_api_key_keeps_the_agent_of_the_token_that_made_it(front):
    desk, agent = await the_desk(front), str(an_id())
    person = await the_person(front, "desk", agent_id=agent)
    key = (
        await person.post("/v1/api-keys", {"name": "Softphone", "scopes": ["clients:read"]})
    ).json()["key"]

    await desk.with_(f"Bearer {key}").get("/v1/customers")

    passed_on = front.neighbors["customer-profile"].seen[-1].headers["authorization"]
    caller = await front.gateway.authenticator.caller(passed_on)
    assert str(caller.claims["agent_id"]) == agent
