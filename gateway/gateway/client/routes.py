"""The operations on clients."""

from datetime import timedelta
from typing import Annotated

from fastapi import Depends, Response
from service_kit.store.events import Told
from service_kit.web.pages import Page, PageOf
from service_kit.web.routing import MergePatch, Router, requires
from service_kit.words.fields import Id

from gateway.call import Call
from gateway.client import use_cases
from gateway.client.domain import (
    Client,
    ClientCannotChangeItself,
    ClientNotFound,
    ClientOutOfReach,
    MakerDisabled,
    TooManyClients,
    new_secret,
)
from gateway.client.epochs import OwnEpochs
from gateway.client.schemas import (
    ClientChange,
    ClientView,
    NewClient,
    RegisteredClient,
    RotatedSecret,
    SecretRotation,
    client_view,
    money_of,
    registered,
    units_or_own,
)
from gateway.client.status import ClientStatuses, Remembered
from gateway.client.store import ClientReader, ClientStore
from gateway.rights.caller import rights_of
from gateway.rights.domain import Rights, RightsExceeded, UnknownScope, known_scopes

router = Router(tags=["clients"])


@router.post(
    "/v1/clients",
    status_code=201,
    response_model=RegisteredClient,
    raises=[RightsExceeded, UnknownScope, TooManyClients, MakerDisabled],
)
async def create_client(
    body: NewClient, call: Annotated[Call, requires("clients:write")]
) -> Response:
    """Register a client, a program that gets access tokens of its own.

    Its scopes, units, approval limit, agent and rate limit lie within those of the token that
    registers it, and stay within those of that token's client: what is taken from one is taken from
    the other. Its requests count on that client's limit too. The secret is shown this once.
    """
    held = rights_of(call.caller)
    rights = Rights(
        scopes=known_scopes(body.scopes),
        units=units_or_own(body.units, held),
        approval_limit=money_of(body.approval_limit),
        agent_id=body.agent_id or held.agent_id,
    )
    secret = new_secret()
    async with call.transaction() as tx:
        clients = ClientStore(tx)
        client = await use_cases.register(
            clients,
            id=call.new_id(),
            name=body.name,
            rights=rights,
            limit=body.rate_limit.policy() if body.rate_limit else None,
            held=held,
            secret=secret,
            at=call.at,
            default=call.settings.limit_of_all,
            maker=await use_cases.maker_of(
                clients, call.caller.client_id, most=call.settings.client_children
            ),
        )
        return call.created(
            registered(client, secret),
            location=f"/v1/clients/{client.id}",
            version=client.version,
            once=("client_secret",),
        )


@router.get("/v1/clients", response_model=Page[ClientView])
async def list_clients(
    call: Annotated[Call, requires("clients:read")], page: Annotated[PageOf, Depends()]
) -> Response:
    """List the clients whose units lie within those of the token, in order of registration."""
    async with call.reading() as reader:
        clients = await ClientReader(reader).page(
            rights_of(call.caller), after=page.after, limit=page.fetch
        )
    return call.page(
        page,
        [client_view(client) for client in clients],
        next_cursor=page.next_cursor(clients, "created_at", "id"),
    )


@router.get("/v1/clients/{id}", response_model=ClientView, raises=[ClientNotFound])
async def read_client(id: Id, call: Annotated[Call, requires("clients:read")]) -> Response:
    """Read a client."""
    async with call.reading() as reader:
        client = await use_cases.visible(ClientReader(reader), id, rights_of(call.caller))
    return call.answer(client_view(client), version=client.version)


@router.patch(
    "/v1/clients/{id}",
    response_model=ClientView,
    raises=[
        ClientNotFound,
        ClientOutOfReach,
        RightsExceeded,
        UnknownScope,
        ClientCannotChangeItself,
        MakerDisabled,
    ],
)
async def change_client(
    id: Id,
    body: Annotated[ClientChange, MergePatch],
    call: Annotated[Call, requires("clients:write")],
) -> Response:
    """Change a client's name, rights, state or limit; null takes units, approval limit, agent or
    limit away.

    The caller must hold all that the client holds before and after, and its client stand above: as
    the one that registered it, or one above that, or one that the operator registered. A disabled
    client gets no tokens, those it has are refused, and nothing is sent to its webhook endpoints
    until it is enabled again.
    """
    held = rights_of(call.caller)
    async with call.transaction() as tx:
        clients = ClientStore(tx)
        client = await use_cases.governed(clients, id, held, by=call.caller.client_id)
        call.require_match(client.version)
        client.require_other_than(call.caller.client_id)
        changed, event = _patched(client, body, held, call)
        await use_cases.change(
            clients, client, changed, event, held, default=call.settings.limit_of_all
        )
        answer = call.answer(client_view(changed), version=changed.version)
    await _taken(call)
    return answer


@router.delete(
    "/v1/clients/{id}",
    status_code=204,
    response_class=Response,
    raises=[ClientNotFound, ClientOutOfReach, RightsExceeded, ClientCannotChangeItself],
)
async def remove_client(id: Id, call: Annotated[Call, requires("clients:write")]) -> Response:
    """Delete a client with its webhook endpoints and their logs:
    its tokens are refused from now on, its API keys are revoked.
    """
    async with call.transaction() as tx:
        clients = ClientStore(tx)
        client = await use_cases.governed(
            clients, id, rights_of(call.caller), by=call.caller.client_id
        )
        call.require_match(client.version)
        belongings = [kind(tx) for kind in call.part(use_cases.BelongingsOfClients).stores]
        default = call.settings.limit_of_all
        await use_cases.delete(
            clients,
            client,
            belongings=belongings,
            by=call.caller.client_id,
            default=default,
            at=call.at,
        )
        answer = call.nothing()
    await _taken(call)
    return answer


@router.post(
    "/v1/clients/{id}/secret",
    status_code=200,
    response_model=RotatedSecret,
    raises=[ClientNotFound, ClientOutOfReach, RightsExceeded],
)
async def rotate_client_secret(
    id: Id, body: SecretRotation, call: Annotated[Call, requires("clients:write")]
) -> Response:
    """Give a client a new secret, shown this once.

    The old ones stay valid for the overlap. Without overlap, the tokens end that were given for
    them.
    """
    secret = new_secret()
    async with call.transaction() as tx:
        clients = ClientStore(tx)
        client = await use_cases.governed(
            clients, id, rights_of(call.caller), by=call.caller.client_id
        )
        call.honor_match(client.version)
        overlap = timedelta(seconds=body.overlap_seconds)
        rotated = await use_cases.rotate_secret(
            clients, client, secret=secret, overlap=overlap, at=call.at
        )
        view = RotatedSecret(
            client_id=rotated.client_id, client_secret=secret, overlap_seconds=body.overlap_seconds
        )
        answer = call.answer(
            view,
            version=rotated.version,
            once=("client_secret",),
            units=rotated.rights.units or [None],
        )
    await _taken(call)
    return answer


async def _taken(call: Call) -> None:
    """What was changed holds here at once; the other processes read it within seconds."""
    call.part(ClientStatuses).forget_all()
    call.part(Remembered).forget_all()
    await call.part(OwnEpochs).refresh()


def _patched(client: Client, body: ClientChange, held: Rights, call: Call) -> tuple[Client, Told]:
    """The client after a merge patch: only what the body names is changed."""
    named, rights = body.model_fields_set, client.rights
    return client.changed(
        name=body.name if "name" in named else client.name,
        rights=Rights(
            scopes=known_scopes(body.scopes) if "scopes" in named else rights.scopes,
            units=units_or_own(body.units, held) if "units" in named else rights.units,
            approval_limit=money_of(body.approval_limit)
            if "approval_limit" in named
            else rights.approval_limit,
            agent_id=body.agent_id if "agent_id" in named else rights.agent_id,
        ),
        is_enabled=body.state == "enabled" if "state" in named else client.is_enabled,
        limit=(body.rate_limit.policy() if body.rate_limit else None)
        if "rate_limit" in named
        else client.limit,
        at=call.at,
    )
