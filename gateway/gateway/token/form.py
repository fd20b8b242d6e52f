"""Reads a request of the token endpoint:
the form and the client's credentials, as RFC 6749 sections 2.3 and 3.2 say.
"""

import base64
import binascii
from collections.abc import AsyncIterable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote_plus

from gateway.token.domain import TokenRefused

FORM_TYPE = "application/x-www-form-urlencoded"
LONGEST_FORM = 64 * 1024


@dataclass(frozen=True, kw_only=True)
class Credentials:
    client_id: str
    secret: str


def require_form_type(content_type: str) -> None:
    if content_type.partition(";")[0].strip().lower() != FORM_TYPE:
        raise TokenRefused("invalid_request", f"the body is {FORM_TYPE}")


async def read_body(chunks: AsyncIterable[bytes]) -> bytes:
    """The form as it came in; no more of it is kept than a form may be long."""
    body = bytearray()
    async for chunk in chunks:
        body += chunk
        if len(body) > LONGEST_FORM:
            raise TokenRefused("invalid_request", "the form is too large")
    return bytes(body)


def read_form(body: bytes) -> dict[str, str]:
    """The form's parameters; empty ones count as left out, repeated ones are refused."""
    try:
        pairs = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=50
        )
    except ValueError as error:
        raise TokenRefused("invalid_request", "the form cannot be read") from error
    names = [name for name, _ in pairs]
    if len(names) != len(set(names)):
        raise TokenRefused("invalid_request", "a parameter is repeated")
    return {name: value for name, value in pairs if value}


def read_credentials(authorization: str | None, form: Mapping[str, str]) -> Credentials:
    """The client's id and secret, by Basic or by the form, never both."""
    if authorization is None:
        return _from_form(form)
    credentials = _from_basic(authorization)
    if "client_secret" in form:
        raise TokenRefused("invalid_request", "use one way of authenticating the client, not two")
    if form.get("client_id", credentials.client_id) != credentials.client_id:
        raise TokenRefused("invalid_request", "client_id differs from the authenticated client")
    return credentials


def _from_form(form: Mapping[str, str]) -> Credentials:
    if "client_id" not in form or "client_secret" not in form:
        raise TokenRefused("invalid_client", "client authentication is missing")
    return Credentials(client_id=form["client_id"], secret=form["client_secret"])


def _from_basic(authorization: str) -> Credentials:
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        raise TokenRefused("invalid_client", "clients authenticate with Basic or in the form")
    try:
        plain = base64.b64decode(encoded.strip(), validate=True).decode("utf-8")
        name, colon, secret = plain.partition(":")
        client_id, secret = (
            unquote_plus(name, errors="strict"),
            unquote_plus(secret, errors="strict"),
        )
    except (binascii.Error, UnicodeDecodeError) as error:
        raise TokenRefused("invalid_client", "the Basic credentials cannot be read") from error
    if not colon or not client_id:
        raise TokenRefused("invalid_client", "the Basic credentials cannot be read")
    return Credentials(client_id=client_id, secret=secret)
