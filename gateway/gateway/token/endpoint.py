"""POST /oauth/token, the key set and the server's metadata."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from pydantic_core import to_json
from service_kit.access.tokens import Authenticator
from service_kit.store.database import Database
from service_kit.web.wiring import wiring_of
from service_kit.words.errors import Unauthenticated
from starlette.requests import Request
from starlette.responses import Response

from gateway.client.domain import Client, is_known
from gateway.client.store import ClientReader
from gateway.rights.caller import rights_of
from gateway.rights.domain import SCOPES
from gateway.token.domain import (
    ACCESS_TOKEN_TYPE,
    CLIENT_CREDENTIALS,
    TOKEN_EXCHANGE,
    Granted,
    Subject,
    TokenRefused,
    grant_to_client,
    grant_to_person,
    require_exchange_form,
)
from gateway.token.form import read_body, read_credentials, read_form, require_form_type
from gateway.token.issue import Issued, TokenIssuer, expiry_of

NEVER_STORED = {"Cache-Control": "no-store", "Pragma": "no-cache"}
CHALLENGE = {"WWW-Authenticate": 'Basic realm="guanxi", charset="UTF-8"'}


class TokenEndpoint:
    """Answers in RFC 6749's words, errors included."""

    def __init__(
        self, database: Database, issuer: TokenIssuer, authenticator: Authenticator
    ) -> None:
        self._database = database
        self._issuer = issuer
        self._authenticator = authenticator

    async def answer(self, request: Request) -> Response:
        at = wiring_of(request).clock()
        try:
            form = await _form_of(request)
            client = await self._authenticated(request, form, at)
            if "grant_type" not in form:
                raise TokenRefused("invalid_request", "grant_type is missing")
            if form["grant_type"] == CLIENT_CREDENTIALS:
                granted = grant_to_client(client.client_id, client.rights, form)
                issued = await self._issuer.issue(replace(granted, epoch=client.epoch))
                return _granted(issued)
            if form["grant_type"] == TOKEN_EXCHANGE:
                return _granted(
                    await self._exchanged(client, form), issued_token_type=ACCESS_TOKEN_TYPE
                )
            raise TokenRefused(
                "unsupported_grant_type", "client_credentials and token exchange are supported"
            )
        except TokenRefused as refused:
            return _refused(refused)

    async def _authenticated(
        self, request: Request, form: Mapping[str, str], at: datetime
    ) -> Client:
        given = request.headers.getlist("authorization")
        if len(given) > 1:
            raise TokenRefused("invalid_request", "the Authorization header is repeated")
        credentials = read_credentials(given[0] if given else None, form)
        client = await self._client(credentials.client_id, credentials.secret, at)
        if client is None:
            raise TokenRefused("invalid_client", "the client is unknown or its secret is wrong")
        return client

    async def _client(self, client_id: str, secret: str, at: datetime) -> Client | None:
        is_possible = len(client_id) <= 100 and client_id.isprintable()
        async with self._database.reading() as reader:
            clients = ClientReader(reader)
            client = await clients.find_by_client_id(client_id) if is_possible else None
            secrets = [] if client is None else await clients.secrets(client.id)
        return (
            client
            if is_known(secret, secrets, at) and client is not None and client.is_enabled
            else None
        )

    async def _exchanged(self, client: Client, form: Mapping[str, str]) -> Issued:
        token = require_exchange_form(form)
        try:
            caller = await self._authenticator.caller(f"Bearer {token}")
        except Unauthenticated as error:
            raise TokenRefused(
                "invalid_request", f"the subject_token is not valid: {error.detail}"
            ) from error
        subject = Subject(client_id=caller.client_id, sub=caller.sub, rights=rights_of(caller))
        granted: Granted = grant_to_person(client.client_id, client.rights, subject, form)
        return await self._issuer.issue(
            replace(granted, epoch=client.epoch), not_after=expiry_of(token)
        )


async def _form_of(request: Request) -> dict[str, str]:
    if request.url.query:
        raise TokenRefused("invalid_request", "parameters go into the body, never into the URL")
    require_form_type(request.headers.get("content-type", ""))
    return read_form(await read_body(request.stream()))


def _granted(issued: Issued, **more: str) -> Response:
    members = {
        "access_token": issued.token,
        "token_type": "Bearer",
        "expires_in": issued.expires_in,
        "scope": issued.scope,
    }
    return Response(
        to_json({**members, **more}), headers=NEVER_STORED, media_type="application/json"
    )


def _refused(refused: TokenRefused) -> Response:
    body = {"error": refused.error, "error_description": refused.description}
    headers = NEVER_STORED | (CHALLENGE if refused.status == 401 else {})
    return Response(
        to_json(body), status_code=refused.status, headers=headers, media_type="application/json"
    )


def server_metadata(issuer: str) -> dict[str, object]:
    """RFC 8414: where things are and what is supported."""
    return {
        "issuer": issuer,
        "token_endpoint": f"{issuer}/oauth/token",
        "jwks_uri": f"{issuer}/.well-known/jwks.json",
        "scopes_supported": list(SCOPES),
        "response_types_supported": [],
        "grant_types_supported": [CLIENT_CREDENTIALS, TOKEN_EXCHANGE],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "service_documentation": f"{issuer}/docs",
    }
