"""Clients, API keys and tickets: nobody hands on more than they hold."""

import asyncio
from decimal import Decimal

from gateway.api_key.tokens import ApiKeyTokens
from gateway.testing import SECRET, a_client
from service_kit.words.money import Money

SENSITIVE = ["customers:read", "customers:sensitive"]


async def test_a_registered_client_gets_a_token_with_the_secret_that_is_shown_once(front):
    body = {
        "name": "店铺",
        "scopes": ["customers:read"],
        "units": ["cn.gd"],
        "approval_limit": {"amount": "12.50", "currency": "CNY"},
        "agent_id": None,
    }

    made = await front.partner.post("/v1/clients", body)

    client = made.json()
    read = await front.partner.get(made.headers["location"])
    assert made.status_code == 201
    assert made.headers["etag"] == '"1"'
    assert client["approval_limit"] == {"amount": "12.50", "currency": "CNY"}
    assert await front.partner.token(client["client_id"], client["client_secret"])
    assert read.json() == {name: value for name, value in client.items() if name != "client_secret"}


async def test_a_repeated_registration_has_one_effect_and_hides_the_secret(front):
    body = {"name": "Shop", "scopes": []}

    first = await front.partner.post("/v1/clients", body, headers={"Idempotency-Key": "k1"})
    again = await front.partner.post("/v1/clients", body, headers={"Idempotency-Key": "k1"})

    assert again.headers["idempotency-replayed"] == "true"
    assert again.json() == {**first.json(), "client_secret": None}


TOO_MUCH = [
    {"scopes": ["audit:read"]},
    {"scopes": ["clients:write"], "units": ["cn.sh"]},
    {"scopes": ["clients:write"], "units": ["cn"]},
    {"scopes": ["clients:write"], "approval_limit": {"amount": "100.01", "currency": "CNY"}},
    {"scopes": ["clients:write"], "approval_limit": {"amount": "1", "currency": "USD"}},
]


async def test_a_client_registers_nobody_who_may_do_more(front):
    limit = Money(Decimal(100), "CNY")
    desk = await front.partner.registered(
        scopes={"clients:write"}, units=("cn.gd",), approval_limit=limit
    )

    for more in TOO_MUCH:
        refused = await desk.post("/v1/clients", {"name": "Shop", **more})

        assert refused.status_code == 403, more
        assert refused.json()["type"].endswith("/problems/rights-exceeded")


async def test_without_units_a_new_client_acts_where_its_creator_may(front):
    desk = await front.partner.registered(scopes={"clients:write"}, units=("cn.gd",))

    made = [
        (await desk.post("/v1/clients", {"name": "Shop", "scopes": [], **units})).json()
        for units in ({}, {"units": []}, {"units": None})
    ]

    assert [client["units"] for client in made] == [["cn.gd"]] * 3


async def test_unknown_scopes_are_refused(front):
    refused = await front.partner.post("/v1/clients", {"name": "Shop", "scopes": ["everything"]})

    assert refused.status_code == 422


async def test_nobody_takes_over_a_client_that_may_do_more(front):
    strong = await a_client(front.gateway, scopes={"customers:read", "audit:read"})
    desk = await front.partner.registered(scopes={"clients:write", "clients:read"})

    rotated = await desk.post(f"/v1/clients/{strong.id}/secret", {})
    renamed = await desk.patch(f"/v1/clients/{strong.id}", {"name": "Mine"}, match='"1"')

    assert (rotated.status_code, renamed.status_code) == (403, 403)


async def test_clients_of_other_units_are_not_found(front):
    other = await a_client(front.gateway, scopes=set(), units=("cn.sh",))
    own = await a_client(front.gateway, scopes=set(), units=("cn.gd.gz",))
    desk = await front.partner.registered(scopes={"clients:read"}, units=("cn.gd",))

    listed = (await desk.get("/v1/clients")).json()["items"]

    assert (await desk.get(f"/v1/clients/{other.id}")).status_code == 404
    assert (await desk.get(f"/v1/clients/{own.id}")).status_code == 200
    assert str(own.id) in {client["id"] for client in listed}
    assert str(other.id) not in {client["id"] for client in listed}


async def test_a_page_walk_shows_every_client_once(front):
    made = {str((await a_client(front.gateway)).id) for _ in range(5)}

    seen, path = [], "/v1/clients?limit=2"
    while path:
        page = (await front.partner.get(path)).json()
        seen += [client["id"] for client in page["items"]]
        path = page["next_cursor"] and f"/v1/clients?limit=2&cursor={page['next_cursor']}"

    assert made < set(seen)
    assert len(seen) == len(set(seen))


async def test_a_client_does_not_change_or_delete_itself(front):
    own = (await front.partner.get("/v1/clients")).json()["items"][0]

    changed = await front.partner.patch(
        f"/v1/clients/{own['id']}", {"state": "disabled"}, match='"1"'
    )
    deleted = await front.partner.request(
        "DELETE", f"/v1/clients/{own['id']}", headers={"If-Match": '"1"'}
    )

    assert own["client_id"] == "administrator"
    assert (changed.status_code, deleted.status_code) == (409, 409)


async def test_a_patch_changes_what_it_names_and_null_takes_away(front):
    made = (
        await front.partner.post(
            "/v1/clients",
            {
                "name": "Shop",
                "scopes": SENSITIVE,
                "approval_limit": {"amount": "5", "currency": "CNY"},
            },
        )
    ).json()

    changed = await front.partner.patch(
        f"/v1/clients/{made['id']}", {"scopes": [], "approval_limit": None}, match='"1"'
    )

    assert changed.status_code == 200
    assert (changed.json()["name"], changed.json()["scopes"], changed.json()["approval_limit"]) == (
        "Shop",
        [],
        None,
    )
    assert changed.headers["etag"] == '"2"'


async def test_a_change_needs_the_present_version(front):
    client = await a_client(front.gateway)

    without = await front.partner.request(
        "PATCH",
        f"/v1/clients/{client.id}",
        json={"name": "X"},
        headers={"Content-Type": "application/merge-patch+json"},
    )
    stale = await front.partner.patch(f"/v1/clients/{client.id}", {"name": "X"}, match='"7"')

    assert (without.status_code, stale.status_code) == (428, 412)


async def test_old_and_new_secret_overlap_while_asked(front):
    client = await a_client(front.gateway, client_id="shop")

    kept = (
        await front.partner.post(f"/v1/clients/{client.id}/secret", {"overlap_seconds": 3600})
    ).json()
    assert await front.partner.token("shop", SECRET)
    assert await front.partner.token("shop", kept["client_secret"])
    cut = (
        await front.partner.post(f"/v1/clients/{client.id}/secret", {"overlap_seconds": 0})
    ).json()

    answers = [
        await front.partner.http.post(
            "/oauth/token", data={"grant_type": "client_credentials"}, auth=("shop", secret)
        )
        for secret in (SECRET, kept["client_secret"], cut["client_secret"])
    ]
    assert [answer.status_code for answer in answers] == [401, 401, 200]


async def test_a_deleted_client_is_gone_with_its_tokens(front):
    client = await a_client(front.gateway, client_id="shop")
    shop = front.partner.with_(f"Bearer {await front.partner.token('shop')}")

    deleted = await front.partner.request(
        "DELETE", f"/v1/clients/{client.id}", headers={"If-Match": '"1"'}
    )

    assert deleted.status_code == 204
    assert (await shop.get("/v1/customers")).status_code == 401
    assert (await front.partner.get(f"/v1/clients/{client.id}")).status_code == 404


async def test_an_api_key_acts_as_its_client_within_its_own_scopes(front):
    made = await front.partner.post(
        "/v1/api-keys", {"name": "Sheet", "scopes": ["clients:read"], "units": []}
    )

    key = made.json()
    sheet = front.partner.with_(f"Bearer {key['key']}")
    passed_on = await sheet.get("/v1/customers")
    sent = front.neighbors["customer-profile"].seen[-1].headers["authorization"]
    assert made.status_code == 201
    assert key["key"].startswith("gxk_")
    assert key["key"].startswith(key["hint"])
    assert (await sheet.get("/v1/clients")).status_code == 200
    assert (await sheet.post("/v1/clients", {"name": "X", "scopes": []})).status_code == 403
    assert passed_on.status_code == 200
    assert sent.startswith("Bearer ey")


async def test_a_revoked_key_is_refused_at_once_and_stays_so(front):
    key = (
        await front.partner.post("/v1/api-keys", {"name": "Sheet", "scopes": ["clients:read"]})
    ).json()
    sheet = front.partner.with_(f"Bearer {key['key']}")
    assert (await sheet.get("/v1/clients")).status_code == 200

    revoked = await front.partner.post(f"/v1/api-keys/{key['id']}/revocation")
    again = await front.partner.post(f"/v1/api-keys/{key['id']}/revocation")

    assert revoked.json()["revoked_at"]
    assert again.status_code == 409
    assert (await sheet.get("/v1/clients")).status_code == 401


async def test_a_key_loses_what_its_client_loses(front):
    client = await a_client(
        front.gateway, client_id="shop", scopes={"api-keys:write", "customers:read", "clients:read"}
    )
    shop = front.partner.with_(f"Bearer {await front.partner.token('shop')}")
    key = (await shop.post("/v1/api-keys", {"name": "Sheet", "scopes": ["clients:read"]})).json()[
        "key"
    ]
    assert (await shop.with_(f"Bearer {key}").get("/v1/clients")).status_code == 200

    await front.partner.patch(
        f"/v1/clients/{client.id}", {"scopes": ["customers:read"]}, match='"1"'
    )
    front.gateway.parts[ApiKeyTokens].forget_all()

    assert (await shop.with_(f"Bearer {key}").get("/v1/clients")).status_code == 403


async def test_an_api_key_never_goes_beyond_the_token_that_makes_it(front):
    shop = await front.partner.registered(
        scopes={"api-keys:write", "customers:read"}, units=("cn.gd",)
    )

    wider = await shop.post("/v1/api-keys", {"name": "Sheet", "scopes": ["audit:read"]})
    elsewhere = await shop.post("/v1/api-keys", {"name": "Sheet", "scopes": [], "units": ["cn.sh"]})

    assert (wider.status_code, elsewhere.status_code) == (403, 403)


async def test_keys_of_other_clients_are_not_found(front):
    key = (await front.partner.post("/v1/api-keys", {"name": "Sheet", "scopes": []})).json()
    shop = await front.partner.registered(scopes={"api-keys:read", "api-keys:write"})

    assert (await shop.get(f"/v1/api-keys/{key['id']}")).status_code == 404
    assert (await shop.post(f"/v1/api-keys/{key['id']}/revocation")).status_code == 404
    assert (await shop.get("/v1/api-keys")).json()["items"] == []


MADE_UP_KEYS = ["gxk_unknown", "gxk_", "gxk_" + "x" * 5000]


async def test_a_made_up_key_is_refused(front):
    for key in MADE_UP_KEYS:
        assert (
            await front.partner.with_(f"Bearer {key}").get("/v1/customers")
        ).status_code == 401, key


async def test_a_ticket_stands_for_its_token_once(front):
    made = await front.partner.post("/v1/stream-tickets")

    ticket = made.json()["ticket"]
    path = f"/v1/agents/a/stream?x=1&ticket={ticket}"
    first, second = [await front.partner.with_(None).get(path) for _ in range(2)]
    seen = front.neighbors["contact-center"].seen[-1]
    assert made.status_code == 201
    assert (first.status_code, second.status_code) == (200, 401)
    assert seen.query == "x=1"
    assert seen.headers["authorization"].startswith("Bearer ey")


async def test_two_who_use_one_ticket_at_once_do_not_both_pass(front):
    ticket = (await front.partner.post("/v1/stream-tickets")).json()["ticket"]
    stranger = front.partner.with_(None)

    answers = await asyncio.gather(
        *(stranger.get(f"/v1/agents/a/stream?ticket={ticket}") for _ in range(8))
    )

    assert sorted(answer.status_code for answer in answers) == [200] + [401] * 7


async def test_a_ticket_does_not_write(front):
    ticket = (await front.partner.post("/v1/stream-tickets")).json()["ticket"]

    answer = await front.partner.with_(None).post(f"/v1/stream-tickets?ticket={ticket}")

    assert answer.status_code == 401


async def test_changes_of_clients_are_told_and_audited(front):
    client = (await front.partner.post("/v1/clients", {"name": "Shop", "scopes": []})).json()

    audit = await front.partner.get(f"/v1/audit-entries?source=gateway&subject={client['id']}")

    assert [entry["action"] for entry in audit.json()["items"]] == ["client.created"]
    assert client["client_secret"] not in audit.text
