"""Who changes whom: from above only, never one's own makers,
those of the operator and of the services least of all.
"""

import pytest
from gateway.client.domain import OF_SERVICES
from gateway.rights.domain import SCOPES
from gateway.testing import SECRET, a_client

BROAD = [
    "clients:write",
    "clients:read",
    "api-keys:write",
    "webhooks:write",
    "webhooks:read",
    "tiers:read",
    "events:read",
]
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"  # A public name.


async def a_child(of, **body):
    answer = await of.post("/v1/clients", {"name": "A child", "scopes": BROAD, **body})
    assert answer.status_code == 201, answer.text
    return answer.json()


async def as_client(front, made):
    return front.partner.with_(
        f"Bearer {await front.partner.token(made['client_id'], made['client_secret'])}"
    )


async def as_person(front, client_id, secret):
    own = await front.partner.token(client_id, secret)
    form = {
        "grant_type": EXCHANGE,
        "subject_token": own,
        "subject_token_type": ACCESS_TOKEN,
        "sub": "li.na",
    }
    answer = await front.partner.http.post("/oauth/token", data=form, auth=(client_id, secret))
    return front.partner.with_(f"Bearer {answer.json()['access_token']}")


async def as_key(front, client):
    key = (await client.post("/v1/api-keys", {"name": "Key", "scopes": BROAD})).json()["key"]
    return front.partner.with_(f"Bearer {key}")


async def tried(asker, id):
    """The answers to everything that changes a client."""
    path = f"/v1/clients/{id}"
    answers = [
        await asker.patch(path, {"scopes": []}, match="*"),
        await asker.patch(path, {"state": "disabled"}, match="*"),
        await asker.patch(path, {"name": "Mine"}, match="*"),
        await asker.post(f"{path}/secret", {"overlap_seconds": 0}),
        await asker.request("DELETE", path, headers={"If-Match": "*"}),
    ]
    return [
        (answer.status_code, answer.json()["type"].rsplit("/")[-1])
        for answer in answers
        if answer.status_code >= 300
    ]


REFUSED = [(403, "client-out-of-reach")] * 5


@pytest.fixture
async def family(front):
    """A maker that the operator registered, its two children, and a grandchild of the first."""
    operators = await a_client(front.gateway, client_id="crm", scopes=set(BROAD))
    crm = front.partner.with_(f"Bearer {await front.partner.token('crm')}")
    child, sibling = await a_child(crm), await a_child(crm)
    grandchild = await a_child(await as_client(front, child))
    return operators, crm, child, sibling, grandchild


async def test_nobody_changes_those_above_or_beside(front, family):
    operators, _, child, sibling, grandchild = family
    by_child, by_grandchild = await as_client(front, child), await as_client(front, grandchild)

    assert await tried(by_child, operators.id) == REFUSED
    assert await tried(by_child, sibling["id"]) == REFUSED
    for above in (operators.id, child["id"], sibling["id"]):
        assert await tried(by_grandchild, above) == REFUSED


async def test_persons_and_keys_of_a_client_reach_as_far_as_it_does(front, family):
    operators, _, child, sibling, _ = family
    person = await as_person(front, child["client_id"], child["client_secret"])
    key = await as_key(front, await as_client(front, child))

    for asker in (person, key):
        for other in (operators.id, sibling["id"]):
            assert await tried(asker, other) == REFUSED


async def test_a_client_changes_those_below_it_and_renews_its_own_secret(front, family):
    _, crm, child, _, grandchild = family
    by_child = await as_client(front, child)

    below = [
        await by_child.patch(f"/v1/clients/{grandchild['id']}", {"name": "Renamed"}, match="*")
    ]
    below.append(await crm.post(f"/v1/clients/{grandchild['id']}/secret", {}))
    below.append(
        await by_child.request(
            "DELETE", f"/v1/clients/{grandchild['id']}", headers={"If-Match": "*"}
        )
    )
    own = await by_child.post(f"/v1/clients/{child['id']}/secret", {})

    assert [answer.status_code for answer in (*below, own)] == [200, 200, 204, 200]


async def test_clients_of_the_operator_change_one_another_but_not_those_of_the_services(
    front, family
):
    operators, _, child, _, _ = family
    nearly_all = await front.partner.registered(scopes=set(SCOPES) - {"events:admin"})
    everything_elsewhere = await front.partner.registered(units=("cn",))
    made_with_everything = await as_client(
        front, await a_child(front.partner, scopes=sorted(SCOPES))
    )

    for name in sorted(OF_SERVICES):
        service = await a_client(front.gateway, client_id=name, scopes={"events:read"})
        assert await tried(nearly_all, service.id) == REFUSED
        assert await tried(made_with_everything, service.id) == REFUSED
        assert (await everything_elsewhere.get(f"/v1/clients/{service.id}")).status_code == 404
        assert (await front.partner.post(f"/v1/clients/{service.id}/secret", {})).status_code == 200
        assert await front.partner.token(name, SECRET)
    assert await tried(made_with_everything, operators.id) == REFUSED
    assert await tried(made_with_everything, child["id"]) == REFUSED
    assert (
        await nearly_all.patch(f"/v1/clients/{operators.id}", {"name": "Renamed"}, match="*")
    ).status_code == 200


async def test_keys_and_endpoints_of_those_above_stay_as_they_are(front, family):
    _, crm, child, _, _ = family
    by_child = await as_client(front, child)
    key = (await crm.post("/v1/api-keys", {"name": "Sheet", "scopes": ["tiers:read"]})).json()
    made = await crm.post(
        "/v1/webhook-endpoints", {"url": "http://127.0.0.1:9/x", "event_types": ["client.*"]}
    )
    endpoint = made.json()
    assert made.status_code == 201, endpoint
    delivery = (await crm.post(f"/v1/webhook-endpoints/{endpoint['id']}/test-event")).json()
    path = f"/v1/webhook-endpoints/{endpoint['id']}"

    answers = [
        await by_child.post(f"/v1/api-keys/{key['id']}/revocation"),
        await by_child.patch(path, {"state": "disabled"}, match="*"),
        await by_child.post(f"{path}/secret", {}),
        await by_child.post(f"{path}/test-event"),
        await by_child.post(f"{path}/replay", {"since": "2026-03-01T00:00:00Z"}),
        await by_child.post(f"/v1/webhook-deliveries/{delivery['id']}/replay"),
        await by_child.request("DELETE", path, headers={"If-Match": "*"}),
    ]

    assert [answer.json()["type"].rsplit("/")[-1] for answer in answers] == [
        "client-out-of-reach"
    ] * 7
