"""The operations on API keys."""

from typing import Annotated

from fastapi import Depends, Response
from service_kit.access.caller import Caller
from service_kit.web.pages import Page, PageOf
from service_kit.web.routing import Router, requires
from service_kit.words.fields import Id

from gateway.api_key.domain import (
    ApiKey,
    ApiKeyAlreadyRevoked,
    ApiKeyNotFound,
    TooManyApiKeys,
    hint_of,
    new_key,
)
from gateway.api_key.schemas import ApiKeyView, MadeApiKey, NewApiKey, api_key_view, made
from gateway.api_key.store import ApiKeyReader, ApiKeyStore
from gateway.api_key.tokens import ApiKeyTokens
from gateway.call import Call
from gateway.client.domain import ClientOutOfReach, digest_of
from gateway.client.schemas import units_or_own
from gateway.client.store import ClientStore
from gateway.client.use_cases import require_reach
from gateway.rights.caller import rights_of
from gateway.rights.domain import (
    Rights,
    RightsExceeded,
    UnknownScope,
    known_scopes,
    units_lie_within,
)

router = Router(tags=["api-keys"])


@router.post(
    "/v1/api-keys",
    status_code=201,
    response_model=MadeApiKey,
    raises=[RightsExceeded, UnknownScope, TooManyApiKeys],
)
async def create_api_key(
    body: NewApiKey, call: Annotated[Call, requires("api-keys:write")]
) -> Response:
    """Make an API key for the calling client; send it as `Authorization: Bearer gxk_...`.

    Its scopes and units lie within those of the token, and shrink with those of the client. It is
    shown this once.
    """
    held, secret = rights_of(call.caller), new_key()
    rights = Rights(
        scopes=known_scopes(body.scopes),
        units=units_or_own(body.units, held),
        agent_id=held.agent_id,
    )
    async with call.transaction() as tx:
        key = ApiKey(
            id=call.new_id(),
            client_id=call.caller.client_id,
            name=body.name,
            hint=hint_of(secret),
            rights=rights.require_within(held),
            created_by=call.caller.sub,
            created_at=call.at,
            expires_at=body.expires_at,
            revoked_at=None,
            version=1,
        )
        keys = ApiKeyStore(tx)
        await ClientStore(tx).lock(key.client_id)
        if await keys.count_valid(key.client_id, at=call.at) >= call.settings.client_api_keys:
            raise TooManyApiKeys(most=call.settings.client_api_keys)
        await keys.add(key, digest_of(secret), key.created())
        return call.created(
            made(key, secret), location=f"/v1/api-keys/{key.id}", version=key.version, once=("key",)
        )


@router.get("/v1/api-keys", response_model=Page[ApiKeyView])
async def list_api_keys(
    call: Annotated[Call, requires("api-keys:read")], page: Annotated[PageOf, Depends()]
) -> Response:
    """List the API keys of the calling client that lie within the units of the token,
    in the order they were made.
    """
    caller = call.caller
    async with call.reading() as reader:
        keys = await ApiKeyReader(reader).page(
            of_client=caller.client_id, units=caller.units, after=page.after, limit=page.fetch
        )
    return call.page(
        page,
        [api_key_view(key) for key in keys],
        next_cursor=page.next_cursor(keys, "created_at", "id"),
    )


@router.get("/v1/api-keys/{id}", response_model=ApiKeyView, raises=[ApiKeyNotFound])
async def read_api_key(id: Id, call: Annotated[Call, requires("api-keys:read")]) -> Response:
    """Read an API key; the key itself is not kept."""
    async with call.reading() as reader:
        key = await _visible(ApiKeyReader(reader), id, call.caller)
    return call.answer(api_key_view(key), version=key.version)


@router.post(
    "/v1/api-keys/{id}/revocation",
    response_model=ApiKeyView,
    raises=[ApiKeyNotFound, ApiKeyAlreadyRevoked, ClientOutOfReach],
)
async def revoke_api_key(id: Id, call: Annotated[Call, requires("api-keys:write")]) -> Response:
    """Revoke an API key:
    it is refused at once here, and within five seconds by every replica of the gateway.
    """
    async with call.transaction() as tx:
        keys = ApiKeyStore(tx)
        key = await _visible(keys, id, call.caller)
        call.honor_match(key.version)
        await require_reach(ClientStore(tx), key.client_id, by=call.caller.client_id)
        revoked, event = key.revoked(call.at)
        await keys.save_revoked(revoked, event)
        answer = call.answer(api_key_view(revoked), version=revoked.version)
    call.part(ApiKeyTokens).forget_all()
    return answer


async def _visible(keys: ApiKeyReader, id: Id, caller: Caller) -> ApiKey:
    """A key within the caller's units, of its own client;
    or of any client, for who may change clients.
    """
    key = await keys.find(id)
    if key is None or not units_lie_within(key.rights.units, caller.units):
        raise ApiKeyNotFound()
    if key.client_id != caller.client_id and not caller.may("clients:write"):
        raise ApiKeyNotFound()
    return key
