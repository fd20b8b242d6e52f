"""The form of the token endpoint:
nobody without a client fills the memory, and nothing is issued that is over already.
"""

import pytest
from gateway.token.domain import TokenRefused, is_unit_path
from gateway.token.endpoint import _form_of
from gateway.token.form import LONGEST_FORM
from pydantic import TypeAdapter, ValidationError
from service_kit.words.fields import UnitPath
from starlette.requests import Request

FORM = b"application/x-www-form-urlencoded"


class Sending:
    """A caller that sends pieces of a body and counts what was taken of them."""

    def __init__(self, *, pieces, content_type=FORM):
        self.taken = 0
        self._pieces = pieces
        self._headers = [(b"content-type", content_type)]

    async def receive(self):
        self.taken += 1
        body = self._pieces[self.taken - 1]
        return {"type": "http.request", "body": body, "more_body": self.taken < len(self._pieces)}

    def request(self):
        scope = {
            "type": "http",
            "method": "POST",
            "path": "/oauth/token",
            "query_string": b"",
            "headers": self._headers,
        }
        return Request(scope, self.receive)


async def test_no_more_of_a_form_is_read_than_it_may_be_long():
    sending = Sending(pieces=[b"a" * 10_000] * 1_000)

    with pytest.raises(TokenRefused, match="too large"):
        await _form_of(sending.request())

    assert sending.taken == LONGEST_FORM // 10_000 + 1


async def test_what_is_no_form_is_not_read_at_all():
    for content_type in (b"multipart/form-data; boundary=x", b"application/json", b""):
        sending = Sending(pieces=[b"a"], content_type=content_type)

        with pytest.raises(TokenRefused, match="the body is"):
            await _form_of(sending.request())

        assert sending.taken == 0, content_type


async def test_a_form_in_pieces_is_put_together():
    sending = Sending(pieces=[b"grant_ty", b"pe=a%20", b"b&scope="])

    assert await _form_of(sending.request()) == {"grant_type": "a b"}


UNITS = [
    "cn",
    "cn.gd.gz",
    "a_b-c.1",
    "",
    ".",
    "cn.",
    ".cn",
    "cn..gd",
    "CN",
    "cn gd",
    "cn,gd",
    "cn\n",
    "广",
    "\u0663",
    "a" * 200,
    "a" * 201,
]


@pytest.mark.parametrize("text", UNITS)
def test_a_unit_of_an_exchange_is_one_of_the_api(text):
    try:
        is_of_the_api = bool(TypeAdapter(UnitPath).validate_python(text))
    except ValidationError:
        is_of_the_api = False

    assert is_unit_path(text) is is_of_the_api
