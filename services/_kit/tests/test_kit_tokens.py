"""Access tokens: forged, foreign and overlong ones are refused,
and a token ends with the key that signed it.
"""

import base64
import hashlib
import hmac
import json
import time

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet, OKPKey
from service_kit.access import tokens
from service_kit.access.tokens import Authenticator, PublishedKeys, TokenInvalid
from service_kit.testing import ISSUER

KEY = OKPKey.generate_key("Ed25519", {"kid": "one", "use": "sig", "alg": "Ed25519"})
OTHER = OKPKey.generate_key("Ed25519", {"kid": "two", "use": "sig", "alg": "Ed25519"})
HEADER = {"alg": "Ed25519", "typ": "at+jwt", "kid": "one"}
HOUR, DAY = 3_600, 86_400


class Ring:
    """Keys that a test may change."""

    def __init__(self, *keys: OKPKey) -> None:
        self.set, self.asked = KeySet(list(keys)), 0

    async def key_set(self, _kid: str | None) -> KeySet:
        self.asked += 1
        return self.set


def claims(**changed: object) -> dict[str, object]:
    now = int(time.time())
    usual = {
        "iss": ISSUER,
        "aud": "guanxi",
        "sub": "li",
        "client_id": "desk",
        "scope": "notes:read",
        "iat": now,
        "exp": now + HOUR,
    }
    return {name: value for name, value in {**usual, **changed}.items() if value is not None}


def signed(key: OKPKey = KEY, header: dict[str, object] | None = None, **changed: object) -> str:
    return jwt.encode({**HEADER, **(header or {})}, claims(**changed), key, algorithms=["Ed25519"])


def part(value: object) -> str:
    content = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def by_hmac(secret: bytes) -> str:
    """What a library that believes the header would check with the public key as its secret."""
    text = f"{part({**HEADER, 'alg': 'HS256'})}.{part(claims())}"
    return f"{text}.{part(hmac.digest(secret, text.encode(), hashlib.sha256))}"


def forged() -> dict[str, str]:
    head, body, signature = signed().split(".")
    now = int(time.time())
    return {
        "no algorithm": f"{part({**HEADER, 'alg': 'none'})}.{part(claims())}.",
        "no algorithm but a signature": f"{part({**HEADER, 'alg': 'none'})}.{body}.{signature}",
        "public bytes as a secret": by_hmac(
            base64.urlsafe_b64decode(str(KEY.as_dict(private=False)["x"]) + "=")
        ),
        "public PEM as a secret": by_hmac(KEY.as_pem(private=False)),
        "changed claims": f"{head}.{part(claims(scope='notes:write'))}.{signature}",
        "cut signature": f"{head}.{body}.{signature[:-4]}",
        "of another key under this id": signed(OTHER),
        "an unknown key": signed(OTHER, {"kid": "two"}),
        "another type": signed(header={"typ": "JWT"}),
        "an id token's type": signed(header={"typ": "id+jwt"}),
        "another issuer": signed(iss="https://elsewhere.test"),
        "no issuer": signed(iss=None),
        "another audience": signed(aud="other"),
        "no audience": signed(aud=None),
        "expired": signed(iat=now - HOUR, exp=now - 60),
        "without an end": signed(exp=None),
        "not valid yet": signed(nbf=now + 60),
        "longer than a day": signed(exp=now + DAY + 60),
        "made long ago, so longer than a day": signed(iat=now - DAY, exp=now + HOUR),
        "made in the future to look short": signed(iat=now + DAY, exp=now + DAY + HOUR),
        "without a beginning": signed(iat=None),
        "without a subject": signed(sub=None),
        "three dots of nothing": "a.b.c",
    }


def authenticator(keys: object) -> Authenticator:
    return Authenticator(keys, issuer=ISSUER, audience="guanxi")  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", forged())
async def test_what_the_gateway_did_not_sign_for_this_api_is_refused(kind):
    checking = authenticator(Ring(KEY))

    with pytest.raises(TokenInvalid):
        await checking.caller(f"Bearer {forged()[kind]}")


@pytest.mark.parametrize(
    "changed", [{}, {"aud": ["other", "guanxi"]}, {"exp": int(time.time()) + DAY}]
)
async def test_what_the_gateway_signed_for_this_api_is_taken(changed):
    caller = await authenticator(Ring(KEY)).caller(f"Bearer {signed(**changed)}")

    assert (caller.client_id, caller.sub, caller.scopes) == ("desk", "li", {"notes:read"})


async def test_a_remembered_token_ends_with_its_key():
    ring = Ring(KEY)
    checking, token = authenticator(ring), f"Bearer {signed()}"
    assert (await checking.caller(token)).sub == "li"

    ring.set = KeySet([OTHER])

    with pytest.raises(TokenInvalid):
        await checking.caller(token)


async def test_a_token_outlives_the_change_of_other_keys():
    ring = Ring(KEY)
    checking, token = authenticator(ring), f"Bearer {signed()}"
    await checking.caller(token)

    ring.set = KeySet([OTHER, KEY])

    assert (await checking.caller(token)).sub == "li"


async def test_a_token_is_verified_once_while_it_is_remembered_and_again_later(monkeypatch):
    verified = []
    checking, token = authenticator(Ring(KEY)), f"Bearer {signed()}"
    decode = jwt.decode
    monkeypatch.setattr(
        tokens.jwt,
        "decode",
        lambda *given, **options: verified.append(1) or decode(*given, **options),
    )
    for _ in range(3):
        await checking.caller(token)
    assert len(verified) == 1

    later = time.time() + tokens.REMEMBERED_SECONDS + 1
    monkeypatch.setattr(tokens.time, "time", lambda: later)
    await checking.caller(token)

    assert len(verified) == 2


class Answers:
    """The gateway's key set, as the next requests for it will find it;
    None is a gateway that is down.
    """

    def __init__(self, monkeypatch, *keys: OKPKey) -> None:
        self.keys: tuple[OKPKey, ...] | None = keys
        self.asked = 0
        monkeypatch.setattr(tokens, "client_for", lambda *_, **__: self)

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_error):
        return None

    async def get(self, _path: str):
        self.asked += 1
        if self.keys is None:
            raise tokens.httpx2.ConnectError("down")
        return self

    def raise_for_status(self) -> None:
        return None

    def json(self) -> object:
        return {"keys": [key.as_dict(private=False) for key in self.keys]}


@pytest.fixture
def later(monkeypatch):
    """`later(seconds)` moves the clock of the keys."""
    passed = [time.monotonic()]
    monkeypatch.setattr(tokens.time, "monotonic", lambda: passed[0])

    def move(seconds: float) -> None:
        passed[0] += seconds

    return move


async def test_after_a_long_pause_a_key_that_was_taken_back_opens_nothing(
    database, monkeypatch, later
):
    answers = Answers(monkeypatch, KEY)
    checking = authenticator(
        PublishedKeys(database, gateway_url="http://gateway.test", issuer=ISSUER)
    )
    token = f"Bearer {signed()}"
    assert (await checking.caller(token)).sub == "li"
    answers.keys = (OTHER,)
    later(tokens.OLD_SECONDS + 1)

    with pytest.raises(TokenInvalid):
        await checking.caller(token)


async def test_a_gateway_that_is_down_stops_nobody_who_has_a_token(database, monkeypatch, later):
    answers = Answers(monkeypatch, KEY)
    checking = authenticator(
        PublishedKeys(database, gateway_url="http://gateway.test", issuer=ISSUER)
    )
    token = f"Bearer {signed()}"
    await checking.caller(token)
    answers.keys = None
    for _ in range(3):
        later(tokens.OLD_SECONDS + 1)
        assert (await checking.caller(token)).sub == "li"

    assert answers.asked > 1


async def test_keys_that_did_not_change_stay_the_same_object(database, monkeypatch, later):
    answers = Answers(monkeypatch, KEY)
    published = PublishedKeys(database, gateway_url="http://gateway.test", issuer=ISSUER)
    first = await published.key_set("one")
    later(tokens.OLD_SECONDS + 1)

    assert await published.key_set("one") is first
    assert answers.asked == 2
