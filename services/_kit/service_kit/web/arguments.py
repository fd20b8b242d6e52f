"""What a route's function is called with, read straight from the request by FastAPI's own fields.

FastAPI derives the parameters from the signature and writes the contract from them. Resolving them per request goes through its whole
dependency machinery, which costs as much as the query itself; the routes of this kit need only a small part of it. Whatever goes
beyond that part (forms, files, headers, streams) is left to FastAPI: `plan_for` then answers None.
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_type_hints

from fastapi import params
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response

MISSING: Mapping[str, Any] = {"type": "missing"}
UNPLANNED = (
    "header_params",
    "cookie_params",
    "websocket_param_name",
    "http_connection_param_name",
    "response_param_name",
    "background_tasks_param_name",
    "security_scopes_param_name",
)


@dataclass(frozen=True)
class Field:
    """One parameter: where it stands, its names, and FastAPI's field that checks it."""

    place: str
    name: str
    alias: str
    is_many: bool
    field: Any

    def read(self, given: Mapping[str, Any], errors: list[Any]) -> Any:
        """The checked value, or its default; what is wrong is added to the errors."""
        if self.alias not in given:
            return self.absent(errors)
        raw = given.getlist(self.alias) if self.is_many else given[self.alias]  # type: ignore[attr-defined]  # QueryParams have it.
        return self.checked(raw, (self.place, self.alias), errors)

    def absent(self, errors: list[Any]) -> Any:
        if self.field.field_info.is_required():
            errors.append({**MISSING, "loc": (self.place, self.alias) if self.place != "body" else ("body",)})
            return None
        return self.field.get_default()

    def checked(self, raw: object, location: tuple[str, ...], errors: list[Any]) -> Any:
        value, wrong = self.field.validate(raw, {}, loc=location)
        if wrong:
            errors.extend(wrong)
        return value


@dataclass(frozen=True)
class Plan:
    """How to call one function: its fields, the functions it depends on, and where it wants the request itself."""

    call: Callable[..., Any]
    is_async: bool
    fields: Sequence[Field]
    body: Field | None
    dependencies: Sequence[tuple[str, "Plan"]]
    request_name: str | None

    async def arguments(self, request: Request, errors: list[Any]) -> dict[str, Any]:
        """The keyword arguments; when errors were added, they are not complete."""
        values: dict[str, Any] = {}
        for field in self.fields:
            given: Any = request.path_params if field.place == "path" else request.query_params
            values[field.name] = field.read(given, errors)
        if self.body is not None:
            values[self.body.name] = await _body(self.body, request, errors)
        if self.request_name is not None:
            values[self.request_name] = request
        for name, plan in self.dependencies:
            values[name] = await plan._depended(request, errors)
        return values

    async def _depended(self, request: Request, errors: list[Any]) -> Any:
        arguments = await self.arguments(request, errors)
        if errors:
            return None
        made = self.call(**arguments)
        return await made if self.is_async else made

    async def answer(self, request: Request) -> Response:
        """Call the route's function; RequestValidationError when the request breaks its parameters."""
        errors: list[Any] = []
        arguments = await self.arguments(request, errors)
        if errors:
            given = await request.json() if self.body is not None and await request.body() else None
            raise RequestValidationError(errors, body=given)
        response: Response = await self.call(**arguments)
        return response


async def _body(field: Field, request: Request, errors: list[Any]) -> Any:
    if not await request.body():
        return field.absent(errors)
    return field.checked(await request.json(), ("body",), errors)


def plan_for(route: APIRoute) -> Plan | None:
    """The plan of a route, or None where FastAPI has to resolve it: the function must be a coroutine that returns a Response."""
    returned = get_type_hints(route.endpoint).get("return")
    if not (inspect.iscoroutinefunction(route.endpoint) and inspect.isclass(returned) and issubclass(returned, Response)):
        return None
    return _plan(route.dependant, body=_body_field(route))


def _body_field(route: APIRoute) -> Any:
    """The route's single JSON body, None without one, and False where the body is something else."""
    if route.body_field is None:
        return None
    info = route.body_field.field_info
    is_json = isinstance(info, params.Body) and not isinstance(info, params.Form)
    return route.body_field if is_json and not route._embed_body_fields and len(route.dependant.body_params) == 1 else False


def _plan(dependant: Dependant, *, body: Any = None) -> Plan | None:
    call = dependant.call
    if call is None or body is False or inspect.isgeneratorfunction(call) or inspect.isasyncgenfunction(call):
        return None
    if any(getattr(dependant, name) for name in UNPLANNED):
        return None
    dependencies = [(each.name or "", _plan(each)) for each in dependant.dependencies]
    fields = [_field("path", each) for each in dependant.path_params] + [_field("query", each) for each in dependant.query_params]
    if any(not name or plan is None for name, plan in dependencies) or any(field is None for field in fields):
        return None
    return Plan(
        call=call,
        is_async=inspect.iscoroutinefunction(call),
        fields=[field for field in fields if field is not None],
        body=None if body is None else Field("body", dependant.body_params[0].name, "body", False, body),
        dependencies=[(name, plan) for name, plan in dependencies if plan is not None],
        request_name=dependant.request_param_name,
    )


def _field(place: str, field: Any) -> Field | None:
    annotation = field.field_info.annotation
    if inspect.isclass(annotation) and hasattr(annotation, "model_fields"):
        return None
    return Field(place, field.name, field.alias, is_many(annotation), field)


def is_many(annotation: Any) -> bool:
    """Whether a query parameter may come several times."""
    return "list[" in str(annotation) or "tuple[" in str(annotation)
