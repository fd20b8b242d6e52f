"""POST /oauth/token over real sockets, as RFC 6749, RFC 8693 and RFC 9068 say."""

import base64
import json
from decimal import Decimal

from gateway.testing import ISSUER, SECRET, a_client
from joserfc import jwt
from joserfc.jwk import KeySet
from service_kit.words.money import Money

EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"


async def decoded(front, token):
    keys = KeySet.import_key_set((await front.partner.http.get("/.well-known/jwks.json")).json())
    return jwt.decode(token, keys, algorithms=["Ed25519"])


def subject(token, **more):
    return {
        "grant_type": EXCHANGE,
        "subject_token": token,
        "subject_token_type": ACCESS_TOKEN,
        **more,
    }


async def ask(front, form, auth=None, **options):
    return await front.partner.http.post("/oauth/token", data=form, auth=auth, **options)


async def test_client_credentials_give_a_token_as_rfc_9068_profiles_it(front):
    await a_client(
        front.gateway,
        client_id="shop",
        scopes={"customers:read", "complaints:write"},
        units=("cn.gd",),
    )

    answer = await ask(front, {"grant_type": "client_credentials"}, auth=("shop", SECRET))

    granted = answer.json()
    token = await decoded(front, granted["access_token"])
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert (granted["token_type"], granted["expires_in"]) == ("Bearer", 3600)
    assert granted["scope"] == "complaints:write customers:read"
    assert token.header["typ"] == "at+jwt"
    assert {
        "iss": ISSUER,
        "aud": "guanxi",
        "sub": "shop",
        "client_id": "shop",
        "units": ["cn.gd"],
    }.items() <= token.claims.items()
    assert token.claims["exp"] - token.claims["iat"] == 3600
    assert token.claims["jti"]


async def test_a_client_may_authenticate_in_the_form_and_narrow_its_scopes(front):
    await a_client(front.gateway, client_id="shop", scopes={"customers:read", "customers:write"})

    answer = await ask(
        front,
        {
            "grant_type": "client_credentials",
            "client_id": "shop",
            "client_secret": SECRET,
            "scope": "customers:read",
        },
    )

    assert answer.json()["scope"] == "customers:read"


async def test_basic_credentials_are_form_decoded(front):
    secret = "a+secret:with %and/more=characters&of#many?kinds"
    await a_client(front.gateway, client_id="shop one", secret=secret)
    from urllib.parse import quote_plus

    basic = base64.b64encode(f"{quote_plus('shop one')}:{quote_plus(secret)}".encode()).decode()

    answer = await ask(
        front, {"grant_type": "client_credentials"}, headers={"Authorization": f"Basic {basic}"}
    )

    assert answer.status_code == 200


REFUSED_FORMS = [
    ({"grant_type": "client_credentials"}, ("shop", "wrong"), 401, "invalid_client"),
    ({"grant_type": "client_credentials"}, ("nobody", SECRET), 401, "invalid_client"),
    ({"grant_type": "client_credentials"}, None, 401, "invalid_client"),
    ({}, ("shop", SECRET), 400, "invalid_request"),
    ({"grant_type": ""}, ("shop", SECRET), 400, "invalid_request"),
    ({"grant_type": "password"}, ("shop", SECRET), 400, "unsupported_grant_type"),
    (
        {"grant_type": "client_credentials", "scope": "audit:read"},
        ("shop", SECRET),
        400,
        "invalid_scope",
    ),
    (
        {"grant_type": "client_credentials", "scope": "no:such"},
        ("shop", SECRET),
        400,
        "invalid_scope",
    ),
    (
        {"grant_type": "client_credentials", "client_id": "shop", "client_secret": SECRET},
        ("shop", SECRET),
        400,
        "invalid_request",
    ),
    (
        {"grant_type": "client_credentials", "client_id": "other"},
        ("shop", SECRET),
        400,
        "invalid_request",
    ),
]


async def test_refusals_speak_the_words_of_rfc_6749(front):
    await a_client(front.gateway, client_id="shop", scopes={"customers:read"})

    for form, auth, status, error in REFUSED_FORMS:
        answer = await ask(front, form, auth)

        assert (answer.status_code, answer.json()["error"]) == (status, error), form
        assert answer.headers["cache-control"] == "no-store"
        assert ("www-authenticate" in answer.headers) is (status == 401)


UNREADABLE_FORMS = [
    ("application/json", b'{"grant_type": "client_credentials"}'),
    (
        "application/x-www-form-urlencoded",
        b"grant_type=client_credentials&grant_type=client_credentials",
    ),
    ("application/x-www-form-urlencoded", b"grant_type=%ff%fe"),
    ("application/x-www-form-urlencoded", b"\xff\xfe\x00"),
    ("application/x-www-form-urlencoded", b"&".join(b"a%d=1" % n for n in range(60))),
]


async def test_a_form_that_cannot_be_read_is_an_invalid_request(front):
    await a_client(front.gateway, client_id="shop")

    for content_type, body in UNREADABLE_FORMS:
        answer = await front.partner.http.post(
            "/oauth/token",
            content=body,
            headers={"Content-Type": content_type},
            auth=("shop", SECRET),
        )

        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request"), body


UNREADABLE_CREDENTIALS = [
    "Basic",
    "Basic !!!",
    "Basic bm9jb2xvbg==",
    "Bearer x",
    "Digest y",
    "Basic " + "A" * 9000,
]


async def test_credentials_that_cannot_be_read_are_an_invalid_client(front):
    for header in UNREADABLE_CREDENTIALS:
        answer = await ask(
            front, {"grant_type": "client_credentials"}, headers={"Authorization": header}
        )

        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client"), header


async def test_a_disabled_client_gets_no_token_and_its_tokens_are_refused(front):
    client = await a_client(front.gateway, client_id="shop", scopes={"clients:read"})
    shop = front.partner.with_(f"Bearer {await front.partner.token('shop')}")
    assert (await shop.get("/v1/clients")).status_code == 200

    changed = await front.partner.patch(
        f"/v1/clients/{client.id}", {"state": "disabled"}, match='"1"'
    )

    assert changed.status_code == 200
    assert (
        await ask(front, {"grant_type": "client_credentials"}, ("shop", SECRET))
    ).status_code == 401
    assert (await shop.get("/v1/clients")).status_code == 401


async def test_an_exchanged_token_is_the_persons_and_names_who_acts(front):
    held = Money(Decimal("1000.00"), "CNY")
    await a_client(
        front.gateway,
        client_id="desk",
        scopes={"complaints:write", "complaints:approve"},
        approval_limit=held,
    )
    own = await front.partner.token("desk")
    agent = "01890a5d-ac96-774b-bcce-b302099a8057"
    asked = subject(
        own,
        sub="li.na",
        scope="complaints:write",
        units="cn.gd.gz cn.bj",
        approval_limit="500.00 CNY",
        agent_id=agent,
    )

    answer = await ask(front, asked, ("desk", SECRET))

    granted = answer.json()
    claims = (await decoded(front, granted["access_token"])).claims
    assert granted["issued_token_type"] == ACCESS_TOKEN
    assert claims["sub"] == "li.na"
    assert claims["act"] == {"sub": "desk"}
    assert claims["client_id"] == "desk"
    assert claims["units"] == ["cn.gd.gz", "cn.bj"]
    assert claims["approval_limit"] == "500.00 CNY"
    assert claims["agent_id"] == agent


async def test_an_exchange_without_a_limit_gives_none(front):
    await a_client(front.gateway, client_id="desk", approval_limit=Money(Decimal(1000), "CNY"))
    own = await front.partner.token("desk")

    answer = await ask(front, subject(own, sub="li.na"), ("desk", SECRET))

    assert "approval_limit" not in (await decoded(front, answer.json()["access_token"])).claims


NO_SUMS = [
    "1_000 CNY",
    "\uff11\uff10 CNY",
    "\u0661 CNY",
    "1e2 CNY",
    "+1 CNY",
    "-0 CNY",
    ".5 CNY",
    "1. CNY",
    "0.0000001 CNY",
    "1000000000000000 CNY",
    "1  CNY",
    " 1 CNY",
    "1 CNY\n",
    "1\tCNY",
    "1 cny",
    "1 CN",
    "1 CNYX",
    "1 \uff23\uff2e\uff39",
    "1 \u00c7NY",
    "Infinity CNY",
]
REFUSED_EXCHANGES = [
    ({"scope": "audit:read"}, "invalid_scope"),
    ({"units": "cn.sh"}, "invalid_request"),
    ({"units": "cn"}, "invalid_request"),
    ({"units": "CN..x"}, "invalid_request"),
    ({"approval_limit": "1000.01 CNY"}, "invalid_request"),
    ({"approval_limit": "10.00 USD"}, "invalid_request"),
    ({"approval_limit": "-1 CNY"}, "invalid_request"),
    ({"approval_limit": "NaN CNY"}, "invalid_request"),
    ({"approval_limit": "1e400 CNY"}, "invalid_request"),
    ({"approval_limit": "much"}, "invalid_request"),
    *(({"approval_limit": written}, "invalid_request") for written in NO_SUMS),
    ({"agent_id": "seven"}, "invalid_request"),
    ({"sub": ""}, "invalid_request"),
    ({"sub": "desk"}, "invalid_request"),
    ({"sub": "x" * 201}, "invalid_request"),
    ({"resource": "https://elsewhere.example"}, "invalid_target"),
    ({"requested_token_type": "urn:ietf:params:oauth:token-type:saml2"}, "invalid_request"),
    ({"subject_token_type": "urn:ietf:params:oauth:token-type:id_token"}, "invalid_request"),
    ({"subject_token": "forged"}, "invalid_request"),
]


async def test_an_exchange_never_goes_beyond_the_subject(front):
    limit = Money(Decimal(1000), "CNY")
    await a_client(
        front.gateway,
        client_id="desk",
        scopes={"complaints:write"},
        units=("cn.gd",),
        approval_limit=limit,
    )
    own = await front.partner.token("desk")

    for more, error in REFUSED_EXCHANGES:
        answer = await ask(front, subject(own, **{"sub": "li.na", **more}), ("desk", SECRET))

        assert (answer.status_code, answer.json()["error"]) == (400, error), more


async def test_nobody_exchanges_the_token_of_another_client(front):
    await a_client(front.gateway, client_id="desk", scopes={"complaints:write"})

    answer = await ask(
        front, subject(front.partner.authorization.split()[1], sub="li.na"), ("desk", SECRET)
    )

    assert answer.json()["error"] == "invalid_request"


async def test_a_token_of_one_person_is_not_exchanged_into_one_of_another(front):
    await a_client(front.gateway, client_id="desk")
    own = await front.partner.token("desk")
    li = (await ask(front, subject(own, sub="li.na"), ("desk", SECRET))).json()["access_token"]

    narrowed = await ask(front, subject(li, sub="li.na", scope="complaints:read"), ("desk", SECRET))
    other = await ask(front, subject(li, sub="wang.wei"), ("desk", SECRET))

    assert narrowed.status_code == 200
    assert other.json()["error"] == "invalid_request"


async def test_an_exchanged_token_does_not_outlive_its_subject(front):
    await a_client(front.gateway, client_id="desk")
    own = await front.partner.token("desk")

    granted = (await ask(front, subject(own, sub="li.na"), ("desk", SECRET))).json()

    assert (await decoded(front, granted["access_token"])).claims["exp"] <= (
        await decoded(front, own)
    ).claims["exp"]


async def test_the_servers_metadata_lead_to_its_endpoints(front):
    metadata = (await front.partner.http.get("/.well-known/oauth-authorization-server")).json()

    assert metadata["issuer"] == ISSUER
    assert metadata["token_endpoint"] == f"{ISSUER}/oauth/token"
    assert EXCHANGE in metadata["grant_types_supported"]


async def test_the_key_set_shows_no_private_key(front):
    await front.partner.token("administrator")

    keys = (await front.partner.http.get("/.well-known/jwks.json")).json()["keys"]

    assert keys
    assert all(
        "d" not in key and key["kty"] == "OKP" and key["crv"] == "Ed25519" and key["use"] == "sig"
        for key in keys
    )
    assert "private" not in json.dumps(keys)


async def test_a_get_of_the_token_endpoint_is_405_with_allow(front):
    answer = await front.partner.http.get("/oauth/token")

    assert answer.status_code == 405
    assert answer.headers["allow"] == "POST"
    assert answer.headers["content-type"] == "application/problem+json"
