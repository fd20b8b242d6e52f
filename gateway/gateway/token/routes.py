"""The paths of the authorization server."""

from pydantic_core import to_json
from service_kit.access.epochs import PATH
from service_kit.web.wiring import wiring_of
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.client.epochs import OwnEpochs
from gateway.signing_key.ring import KeyRing
from gateway.token.endpoint import TokenEndpoint, server_metadata

# Shorter than a key is published before it signs, by far.
CACHED = {"Cache-Control": "public, max-age=300"}


async def token(request: Request) -> Response:
    return await wiring_of(request).parts[TokenEndpoint].answer(request)


async def key_set(request: Request) -> Response:
    published = await wiring_of(request).parts[KeyRing].published()
    return Response(to_json(published), media_type="application/json", headers=CACHED)


async def epochs(request: Request) -> Response:
    """Asked for every second by every process: mostly it has not changed.
    503 when it was not read, so that all keep what they have.
    """
    listed = wiring_of(request).parts[OwnEpochs]
    body = listed.published()
    headers = {"ETag": listed.tag, "Cache-Control": "no-cache"}
    if request.headers.get("if-none-match") == listed.tag:
        return Response(status_code=304, headers=headers)
    return Response(body, media_type="application/json", headers=headers)


async def metadata(request: Request) -> Response:
    body = to_json(server_metadata(wiring_of(request).settings.issuer))
    return Response(body, media_type="application/json", headers=CACHED)


ROUTES = [
    Route("/oauth/token", token, methods=["POST"]),
    Route("/.well-known/jwks.json", key_set),
    Route(PATH, epochs),
    Route("/.well-known/oauth-authorization-server", metadata),
]
