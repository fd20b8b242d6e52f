"""Routes that keep the conventions of the API:
token and scopes, strict requests, retried transactions, documented refusals.
"""

import random
from asyncio import sleep
from collections.abc import Callable, Collection, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypedDict, TypeVar, Unpack, get_args, get_type_hints

from fastapi import APIRouter, Body, Request, Response, params
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.types import Scope

from service_kit.access.caller import Caller
from service_kit.process.origin import Origin
from service_kit.process.settings import ServiceSettings
from service_kit.store.readback import OutcomeNotKnown, was_committed
from service_kit.store.sqlstates import DatabaseUnavailable, OutcomeUnknown, TransactionRolledBack
from service_kit.web import idempotency, preconditions
from service_kit.web.arguments import Plan, plan_for
from service_kit.web.call import Call, authenticated
from service_kit.web.contract import conditional, moving, reading, refusing, tagged
from service_kit.web.framework import Body as ReadBody
from service_kit.web.framework import body_of, signature_of
from service_kit.web.requests import (
    FieldUnknown,
    StrictRequest,
    refuse_unknown_parameters,
    require_content_type,
)
from service_kit.web.wiring import wiring_of
from service_kit.words.errors import Fault, Invalid, Malformed, Refusal

ATTEMPTS = 4
CREATED = 201
UPLOAD = "multipart/form-data"
Handler = Callable[[Request], Coroutine[Any, Any, Response]]
Endpoint = TypeVar("Endpoint", bound=Callable[..., Coroutine[Any, Any, Response]])
Engine = Literal["plan", "fastapi"]
MergePatch = Body(media_type="application/merge-patch+json")


class RouteOptions(TypedDict, total=False):
    """What a route may say beside its path:
    of FastAPI's options those that we use, then our own.
    """

    status_code: int
    response_model: Any
    response_class: type[Response]
    responses: Mapping[int, Mapping[str, Any]]
    raises: Sequence[type[Refusal]]
    conditional: bool
    moves: bool
    reads: bool
    etag: bool
    engine: Engine


class IdempotencyKeyRepeated(Invalid):
    """A request carries one Idempotency-Key."""


async def _call(request: Request) -> Call[Any]:
    call: Call[Any] = request.scope["guanxi.call"]
    return call


@dataclass(frozen=True)
class Requires(params.Security):
    """The marker that `requires` and `anyone` leave on a route's parameter."""

    instead: Sequence[str] = ()


def requires(*scopes: str, instead: Sequence[str] = ()) -> Requires:
    """`call: Annotated[Call, requires("customers:read")]`: a checked token with all of these
    scopes.

    Each scope of `instead` lets in too, alone; the route decides how far it goes.
    """
    return Requires(dependency=_call, scopes=scopes, instead=instead)


def anyone() -> Requires:
    """`call: Annotated[Call, anyone()]`: an operation without a token;
    say in its docstring why that is safe.
    """
    return Requires(dependency=_call, scopes=None)


class StrictRoute(APIRoute):
    """Authenticates first, then reads the request strictly, then runs the endpoint, again where its
    transaction was rolled back.

    The endpoint is called by its plan; by FastAPI's own machinery where it says `engine="fastapi"`
    or the plan is switched off.
    """

    scopes: Sequence[str] | None
    instead: Sequence[str]
    settings: type[ServiceSettings]
    plan: Plan | None
    handler: Handler

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        if ":path}" in path:
            raise TypeError(
                f"{path}: a parameter is one segment of a path, which the order of routes relies on"
            )
        self.scopes, self.instead, self.settings = (
            scopes_of(endpoint),
            instead_of(endpoint),
            settings_of(endpoint),
        )
        super().__init__(path, endpoint, **options)

    def get_route_handler(self) -> Handler:
        self.plan = plan_for(self) if engine_of(self.endpoint) == "plan" else None
        by_fastapi = super().get_route_handler()
        by_plan = by_fastapi if self.plan is None else self.plan.answer
        query = list(signature_of(self).query())
        known = frozenset(parameter.alias for parameter in query)
        repeatable = frozenset(parameter.alias for parameter in query if parameter.is_many)
        body = body_of(self)
        scopes, instead = self.scopes, self.instead
        has_key = takes_key(self.methods or (), scopes, self.endpoint)
        conditions = conditions_of(self.endpoint)
        honors_match = getattr(self.endpoint, "honors_match", False)

        async def handle(request: Request) -> Response:
            strict = StrictRequest(request.scope, request.receive)
            caller = await authenticated(strict, scopes, instead)
            refuse_unknown_parameters(strict, known, repeatable)
            preconditions.require_well_formed(strict, conditions)
            if body is not None:
                await read_body(strict, body)
            call = await make_call(
                strict, caller, takes_key=has_key, scopes=scopes, instead=instead
            )
            call.honors_match = honors_match
            request.scope["guanxi.call"] = call
            return await repeated(by_plan if call.settings.route_plan else by_fastapi, strict, call)

        self.handler = handle
        return handle


class Router(APIRouter):
    """An APIRouter of strict routes, with six options more than FastAPI's.

    `raises` lists the refusals of a route: they are documented in its contract. `conditional` says
    whether a change needs If-Match (PUT, PATCH and DELETE do unless told otherwise). `moves` says
    whether a POST honors an If-Match that is sent (all do that move something named in their path
    and create nothing). `reads` says that a POST changes nothing, so that it takes no
    Idempotency-Key. `etag` says whether a GET answers with one (those of `.../{id}` do).
    `engine="fastapi"` says that FastAPI calls the route, which costs more: forms, files, headers
    and streams need it.
    """

    def __init__(self, *, tags: Sequence[str]) -> None:
        super().__init__(route_class=StrictRoute, tags=list(tags), redirect_slashes=False)

    def add_api_route(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        methods = options.get("methods") or ["GET"]
        raises: Sequence[type[Refusal]] = options.pop("raises", ())
        endpoint = run_by(endpoint, options.pop("engine", "plan"))
        if options.pop("reads", False):
            endpoint = reading(endpoint)
        if takes_key(methods, scopes_of(endpoint), endpoint):
            raises = (*raises, idempotency.AnswerNotSeen)
        endpoint = refusing(endpoint, raises)
        if options.pop("conditional", bool({"PUT", "PATCH", "DELETE"} & set(methods))):
            endpoint = conditional(endpoint)
        if options.pop(
            "moves", "POST" in methods and "{" in path and options.get("status_code") != CREATED
        ):
            endpoint = moving(endpoint)
        if options.pop("etag", "{" in path.rpartition("/")[2] and "GET" in methods):
            endpoint = tagged(endpoint)
        options.setdefault("operation_id", endpoint.__name__)
        super().add_api_route(path, endpoint, **options)

    # FastAPI's verbs list their options one by one; ours pass on what they do not know, so that
    # `raises` reaches add_api_route.
    def _verb(
        self, method: str, path: str, options: RouteOptions
    ) -> Callable[[Endpoint], Endpoint]:
        def decorate(endpoint: Endpoint) -> Endpoint:
            self.add_api_route(path, endpoint, methods=[method], **options)
            return endpoint

        return decorate

    def get(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[Endpoint], Endpoint]:  # type: ignore[override]  # See above.
        return self._verb("GET", path, options)

    def post(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[Endpoint], Endpoint]:  # type: ignore[override]  # See above.
        return self._verb("POST", path, options)

    def put(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[Endpoint], Endpoint]:  # type: ignore[override]  # See above.
        return self._verb("PUT", path, options)

    def patch(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[Endpoint], Endpoint]:  # type: ignore[override]  # See above.
        return self._verb("PATCH", path, options)

    def delete(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[Endpoint], Endpoint]:  # type: ignore[override]  # See above.
        return self._verb("DELETE", path, options)


def takes_key(
    methods: Collection[str], scopes: Sequence[str] | None, endpoint: Callable[..., Any]
) -> bool:
    """Whether an operation honors Idempotency-Key.

    The clients of an open one have no names by which keys could be told apart, and a POST that only
    reads has nothing to do just once.
    """
    return "POST" in methods and scopes is not None and not getattr(endpoint, "is_reading", False)


async def read_body(request: StrictRequest, body: ReadBody) -> None:
    """Check the content type and parse a JSON body once;
    an optional body may be left out with its type.
    """
    if body.media_type.startswith("multipart/"):
        require_content_type(request, body.media_type)
        await read_form(request, body.names)
        return
    if not body.is_required and "content-type" not in request.headers and not await request.body():
        return
    require_content_type(request, body.media_type)
    if await request.body():
        await request.json()


async def read_form(request: StrictRequest, fields: frozenset[str]) -> None:
    """Read a form with its files (spooled to disk) before the framework does, so that its refusals
    keep their status.

    Forms are as strict as other bodies: FieldUnknown for a field that the operation does not take.
    """
    try:
        form = await request.form(max_files=5, max_fields=50)
    except HTTPException as error:
        raise Malformed("the form cannot be read: it is broken or has too many parts") from error
    faults = [
        Fault(f"/{name[:100]}", "there is no such field here")
        for name in form
        if name not in fields
    ]
    if faults:
        raise FieldUnknown(
            "the form has fields that this operation does not take", faults=faults[:20]
        )


async def make_call(
    request: StrictRequest,
    caller: Caller,
    *,
    takes_key: bool,
    scopes: Sequence[str] | None,
    instead: Sequence[str],
) -> Call[Any]:
    """The call of a request, with its idempotency key where it has one."""
    scope = request.scope
    origin = Origin(
        client_id=caller.client_id,
        actor=caller.sub,
        request_id=scope.get("guanxi.request_id"),
        traceparent=scope.get("guanxi.traceparent"),
    )
    key = await key_of(request, caller) if takes_key else None
    return Call(
        request,
        caller,
        at=wiring_of(request).clock(),
        origin=origin,
        key=key,
        scopes=scopes,
        instead=instead,
    )


async def key_of(request: StrictRequest, caller: Caller) -> idempotency.Key | None:
    """The idempotency key of a request;
    files are compared by the fingerprint that their route makes.
    """
    headers = request.headers.getlist("idempotency-key")
    if not headers:
        return None
    if len(headers) > 1:
        raise IdempotencyKeyRepeated(pointer="header/Idempotency-Key")
    content_type = request.headers.get("content-type", "")
    body = b"" if content_type.startswith("multipart/") else await request.body()
    return idempotency.Key(
        owner=idempotency.owner_of(caller.client_id, caller.sub),
        method=request.method,
        path=request.url.path,
        key=idempotency.parse(headers[0]),
        fingerprint=idempotency.fingerprint(content_type, body),
    )


async def repeated(inner: Handler, request: StrictRequest, call: Call[Any]) -> Response:
    """Run the endpoint; again when its whole transaction was rolled back;
    read the outcome back when COMMIT got no answer.
    """
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return await inner(request)
        except idempotency.Replayed as replayed:
            return replayed.response
        except DatabaseUnavailable:
            raise
        except Refusal:
            if (kept := await call.kept_answer()) is None:
                raise
            return kept
        except OutcomeUnknown as unknown:
            committed = await committed_answer(call, unknown)
            if committed is not None:
                return committed
        except TransactionRolledBack as error:
            if attempt == ATTEMPTS:
                raise DatabaseUnavailable() from error
        await sleep(random.uniform(0.01, 0.05) * attempt**2)
        await request.rewind()
    raise DatabaseUnavailable()


async def committed_answer(call: Call[Any], unknown: OutcomeUnknown) -> Response | None:
    """The answer to a change whose COMMIT turned out to have happened; None when the endpoint may
    run again.

    It may when nothing was committed, and also when only the idempotency key can tell: the key's
    claim waits for the lost transaction.
    """
    has_told = any(entry.is_told for entry in unknown.told)
    if (call.key is not None and not has_told) or not await was_committed(
        call.database, unknown.told
    ):
        return None
    if call.response is None:
        raise OutcomeNotKnown()
    return call.response


def scopes_of(endpoint: Callable[..., Any]) -> Sequence[str] | None:
    """The scopes that an endpoint requires; None for one that is open to anyone.

    Raises TypeError for an endpoint that says neither: every operation says who may call it.
    """
    return _mark_of(endpoint).scopes


def instead_of(endpoint: Callable[..., Any]) -> Sequence[str]:
    """The scopes each of which lets in to an endpoint as well."""
    return _mark_of(endpoint).instead


def settings_of(endpoint: Callable[..., Any]) -> type[ServiceSettings]:
    """The class of settings that an endpoint's call names; ServiceSettings where it names none."""
    named = get_args(_call_hint(endpoint).__origin__)
    return named[0] if named and isinstance(named[0], type) else ServiceSettings


def _mark_of(endpoint: Callable[..., Any]) -> Requires:
    return next(mark for mark in _call_hint(endpoint).__metadata__ if isinstance(mark, Requires))


def _call_hint(endpoint: Callable[..., Any]) -> Any:
    """`Annotated[Call[Settings], requires(...)]` of an endpoint."""
    for hint in get_type_hints(endpoint, include_extras=True).values():
        if any(isinstance(mark, Requires) for mark in getattr(hint, "__metadata__", ())):
            return hint
    raise TypeError(
        f"{endpoint.__module__}.{endpoint.__name__} says neither requires(...) nor anyone()"
    )


def run_by(endpoint: Any, engine: Engine) -> Any:
    """Marks a route with who calls it."""
    endpoint.engine = engine
    return endpoint


def engine_of(endpoint: Callable[..., Any]) -> Engine:
    engine: Engine = getattr(endpoint, "engine", "plan")
    return engine


def conditions_of(endpoint: Callable[..., Any]) -> Sequence[str]:
    """The headers with conditions on the resource's version that the contract of
    an endpoint names.
    """
    marks = {"If-Match": ("is_conditional", "honors_match"), "If-None-Match": ("has_etag",)}
    return tuple(
        header
        for header, found in marks.items()
        if any(getattr(endpoint, mark, False) for mark in found)
    )


def takes_upload(routes: Sequence[APIRoute]) -> Callable[[Scope], bool]:
    """Says of a request whether its route reads forms with files:
    to all others the limit of a JSON body applies.
    """
    uploads = [
        route
        for route in routes
        if (body := body_of(route)) is not None and body.media_type == UPLOAD
    ]

    def is_taken(scope: Scope) -> bool:
        return any(
            scope["method"] in (route.methods or ()) and route.path_regex.match(scope["path"])
            for route in uploads
        )

    return is_taken
