"""The names of FastAPI that it promises to nobody, met in this file alone: what a route declares,
said in words of our own.

FastAPI derives a route's parameters from its signature and keeps them in objects that any release
may change. `test_kit_framework.py` says which name is gone after an upgrade. Strict queries and
bodies need them too, so `GUANXI_ROUTE_PLAN=off` does not do without this file.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import params
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

WRITTEN_FOR = "0.165"
JSON = "application/json"
# What FastAPI gives to a function beyond path, query and body, with the words for it.
BEYOND: Mapping[str, str] = {
    "header_params": "a header parameter",
    "cookie_params": "a cookie parameter",
    "websocket_param_name": "the web socket",
    "http_connection_param_name": "the connection",
    "response_param_name": "a response to be completed",
    "background_tasks_param_name": "background tasks",
    "security_scopes_param_name": "security scopes",
}
NAMES_OF_ROUTE = ("dependant", "body_field", "_embed_body_fields")
NAMES_OF_DEPENDANT = (
    *BEYOND, "call", "name", "path_params", "query_params", "body_params", "dependencies",
    "request_param_name"
)  # fmt: skip
NAMES_OF_FIELD = ("field_info", "name", "alias", "validate", "get_default")


@dataclass(frozen=True)
class Parameter:
    """One parameter: where it stands, its names, and how FastAPI checks it."""

    place: str
    name: str
    alias: str
    annotation: Any
    is_required: bool
    default: Callable[[], Any]
    validate: Callable[..., tuple[Any, list[Any]]]

    @property
    def is_many(self) -> bool:
        """Whether it may come several times."""
        return "list[" in str(self.annotation) or "tuple[" in str(self.annotation)


@dataclass(frozen=True)
class Signature:
    """What a function is to be called with;
    `beyond` names what is neither path, query, body, request nor a dependency.
    """

    name: str
    call: Callable[..., Any] | None
    parameters: Sequence[Parameter]
    dependencies: Sequence["Signature"]
    request_name: str | None
    beyond: Sequence[str]

    def query(self) -> Iterator[Parameter]:
        """The query parameters of the function and of all that it depends on."""
        yield from (each for each in self.parameters if each.place == "query")
        for dependency in self.dependencies:
            yield from dependency.query()


@dataclass(frozen=True)
class Body:
    """The body of a route: its content type and the names in it;
    `single` is the parameter of a body that is one JSON value.
    """

    media_type: str
    is_required: bool
    names: frozenset[str]
    single: Parameter | None


def signature_of(route: APIRoute) -> Signature:
    return _signature(route.dependant)


def body_of(route: APIRoute) -> Body | None:
    """What the route reads from the body, or None where it takes none."""
    field = route.body_field
    if field is None:
        return None
    declared = route.dependant.body_params
    is_json = isinstance(field.field_info, params.Body) and not isinstance(
        field.field_info, params.Form
    )
    is_single = is_json and not route._embed_body_fields and len(declared) == 1
    return Body(
        media_type=_media_type(field.field_info),
        is_required=field.field_info.is_required(),
        names=frozenset(each.alias for each in declared),
        single=(
            _parameter("body", field, name=declared[0].name, alias="body") if is_single else None
        ),
    )


def _media_type(kind: Any) -> str:
    if isinstance(kind, params.File):
        return "multipart/form-data"
    return str(kind.media_type) if isinstance(kind, params.Body) else JSON


def _signature(dependant: Dependant) -> Signature:
    path = [_parameter("path", field) for field in dependant.path_params]
    query = [_parameter("query", field) for field in dependant.query_params]
    return Signature(
        name=dependant.name or "",
        call=dependant.call,
        parameters=[*path, *query],
        dependencies=[_signature(each) for each in dependant.dependencies],
        request_name=dependant.request_param_name,
        beyond=[words for name, words in BEYOND.items() if getattr(dependant, name)],
    )


def _parameter(place: str, field: Any, *, name: str = "", alias: str = "") -> Parameter:
    declared = field.field_info
    return Parameter(
        place,
        name or field.name,
        alias or field.alias,
        declared.annotation,
        declared.is_required(),
        field.get_default,
        field.validate,
    )
