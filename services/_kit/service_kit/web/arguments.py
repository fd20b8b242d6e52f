"""What a route's function is called with, read straight from the request by FastAPI's own fields.

FastAPI derives the parameters from the signature and writes the contract from them. Resolving them
per request goes through its whole dependency machinery, which costs a read or a list a third to
three quarters more CPU; the routes of this kit need only a small part of it. A route that needs
more (forms, files, headers, streams) says `engine="fastapi"`; one that does not say so ends the
start.
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_type_hints

from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response

from service_kit.web.framework import Parameter, Signature, body_of, signature_of

MISSING: Mapping[str, Any] = {"type": "missing"}


class BeyondThePlan(TypeError):
    """A route asks more of FastAPI than the plan gives, and does not say `engine="fastapi"`."""


@dataclass(frozen=True)
class Plan:
    """How to call one function:
    its parameters, the functions it depends on, and where it wants the request itself.
    """

    call: Callable[..., Any]
    is_async: bool
    parameters: Sequence[tuple[Parameter, bool]]
    body: Parameter | None
    dependencies: Sequence[tuple[str, "Plan"]]
    request_name: str | None

    async def arguments(self, request: Request, errors: list[Any]) -> dict[str, Any]:
        """The keyword arguments; when errors were added, they are not complete."""
        values: dict[str, Any] = {}
        for parameter, is_many in self.parameters:
            given: Any = request.path_params if parameter.place == "path" else request.query_params
            values[parameter.name] = _read(parameter, given, errors, is_many=is_many)
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
        """Call the route's function;
        RequestValidationError when the request breaks its parameters.
        """
        errors: list[Any] = []
        arguments = await self.arguments(request, errors)
        if errors:
            given = await request.json() if self.body is not None and await request.body() else None
            raise RequestValidationError(errors, body=given)
        response: Response = await self.call(**arguments)
        return response


def _read(parameter: Parameter, given: Any, errors: list[Any], *, is_many: bool) -> Any:
    """The checked value, or its default; what is wrong is added to the errors."""
    if parameter.alias not in given:
        return _absent(parameter, (parameter.place, parameter.alias), errors)
    raw = given.getlist(parameter.alias) if is_many else given[parameter.alias]
    return _checked(parameter, raw, (parameter.place, parameter.alias), errors)


async def _body(parameter: Parameter, request: Request, errors: list[Any]) -> Any:
    if not await request.body():
        return _absent(parameter, ("body",), errors)
    return _checked(parameter, await request.json(), ("body",), errors)


def _absent(parameter: Parameter, location: tuple[str, ...], errors: list[Any]) -> Any:
    if parameter.is_required:
        errors.append({**MISSING, "loc": location})
        return None
    return parameter.default()


def _checked(
    parameter: Parameter, raw: object, location: tuple[str, ...], errors: list[Any]
) -> Any:
    value, wrong = parameter.validate(raw, {}, loc=location)
    if wrong:
        errors.extend(wrong)
    return value


def plan_for(route: APIRoute) -> Plan:
    """The plan of a route;
    BeyondThePlan names the route and the reason where FastAPI would have to resolve it.
    """
    body = body_of(route)
    signature = signature_of(route)
    reason = (
        _own_reason(route)
        or ("its body is a form or several values" if body and body.single is None else "")
        or _reason(signature)
    )
    if reason:
        named = f"{route.endpoint.__module__}.{route.endpoint.__name__} ({route.path})"
        raise BeyondThePlan(
            f'{named} is more than the plan can call: {reason}; say engine="fastapi", or do without'
        )
    return _plan(signature, body=None if body is None else body.single)


def _own_reason(route: APIRoute) -> str:
    returned = get_type_hints(route.endpoint).get("return")
    if not inspect.iscoroutinefunction(route.endpoint):
        return "it is no coroutine function"
    return (
        ""
        if inspect.isclass(returned) and issubclass(returned, Response)
        else "it does not say that it returns a Response"
    )


def _reason(signature: Signature) -> str:
    """Why a function cannot be called by a plan, or an empty text."""
    if signature.beyond:
        return f"it takes {signature.beyond[0]}"
    for parameter in signature.parameters:
        if inspect.isclass(parameter.annotation) and hasattr(parameter.annotation, "model_fields"):
            return f"its {parameter.place} parameter {parameter.name} is a model"
    for dependency in signature.dependencies:
        if not dependency.name:
            return "a dependency belongs to no parameter"
        if inspect.isgeneratorfunction(dependency.call) or inspect.isasyncgenfunction(
            dependency.call
        ):
            return f"its dependency {dependency.name} yields"
        if reason := _reason(dependency):
            return f"of its dependency {dependency.name}: {reason}"
    return ""


def _plan(signature: Signature, *, body: Parameter | None = None) -> Plan:
    assert signature.call is not None
    return Plan(
        call=signature.call,
        is_async=inspect.iscoroutinefunction(signature.call),
        parameters=[(each, each.is_many) for each in signature.parameters],
        body=body,
        dependencies=[(each.name, _plan(each)) for each in signature.dependencies],
        request_name=signature.request_name,
    )
