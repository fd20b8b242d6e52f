"""The OpenAPI document of a service:
what FastAPI derives from the code, plus scopes, headers and refusals.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, cast

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from service_kit.access.event_scopes import FamilyScopes, family_of
from service_kit.store.events import Event, by_type
from service_kit.web.contract_details import complete_parameter, detailed, unwrapped
from service_kit.web.contract_parts import (
    ANSWERS,
    CLOUD_EVENT,
    HEADERS,
    KINDS,
    NAMES,
    OF_RECEIVERS,
    PARAMETERS,
    PROBLEM,
    headers,
    ref,
)
from service_kit.web.contract_sharing import renamed, shared
from service_kit.words import errors
from service_kit.words.errors import Refusal, first_sentence, problem_slug
from service_kit.words.messages import Messages

ALWAYS: Sequence[type[Refusal]] = (errors.Invalid, errors.TooManyRequests, errors.Unavailable)
WITH_TOKEN: Sequence[type[Refusal]] = (errors.Unauthenticated, errors.Forbidden)
WITH_BODY: Sequence[type[Refusal]] = (
    errors.Malformed,
    errors.TooLarge,
    errors.UnsupportedMediaType,
)
CONDITIONAL: Sequence[type[Refusal]] = (errors.PreconditionFailed, errors.PreconditionRequired)
SCHEME = "oauth2"
PAGE = re.compile("Page_(.+?)(?:View|Out)?_")
UPLOAD = "multipart/form-data"


def refusals_of(
    endpoint: Callable[..., Any],
    raises: Sequence[type[Refusal]],
    *,
    methods: Sequence[str],
    scopes: Sequence[str] | None,
) -> Sequence[type[Refusal]]:
    """All that an operation may refuse with:
    what its route says, and what follows from its method, body and scopes.
    """
    listed = [*raises, *ALWAYS]
    listed += [] if scopes is None else WITH_TOKEN
    listed += WITH_BODY if {"POST", "PUT", "PATCH"} & set(methods) else ()
    listed += CONDITIONAL if getattr(endpoint, "is_conditional", False) else ()
    listed += (errors.PreconditionFailed,) if getattr(endpoint, "honors_match", False) else ()
    return tuple(dict.fromkeys(listed))


def document(
    app: FastAPI,
    routes: Sequence[APIRoute],
    *,
    scopes: Mapping[str, str],
    events: Sequence[type[Event]],
    event_scopes: FamilyScopes,
    messages: Messages,
    server: str,
) -> dict[str, Any]:
    """The whole OpenAPI 3.1 document of a service."""
    made = get_openapi(
        title=app.title,
        version=app.version,
        description=app.description,
        routes=list(routes),
        servers=[
            {
                "url": server,
                "description": "The gateway of a local installation.",
                "x-internal": False,
            }
        ],
        contact={"name": "Guanxi", "url": f"{server}/docs"},
        license_info={"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
    )
    components = made.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    schemas["Problem"] = PROBLEM
    components.update(
        headers=dict(HEADERS), parameters=dict(PARAMETERS), responses={**ANSWERS, **OF_RECEIVERS}
    )
    components["securitySchemes"] = {SCHEME: security_scheme(scopes, server)}
    by_id = {route.operation_id: route for route in routes}
    for item in made["paths"].values():
        for method, operation in item.items():
            complete(operation, method, by_id[operation["operationId"]])
    name_forms(made["paths"], schemas)
    made["tags"] = [
        {"name": tag, "description": f"Operations on {tag}."}
        for tag in sorted({str(tag) for route in routes for tag in route.tags})
    ]
    made["x-problem-types"] = problem_types(routes, messages)
    if events:
        schemas["CloudEvent"] = CLOUD_EVENT
    made["webhooks"] = {
        name: webhook(event, schemas, event_scopes[family_of(name)])
        for name, event in sorted(by_type(events).items())
    }
    return shared(renamed(cast("dict[str, Any]", detailed(made)), page_names(schemas)))


def name_forms(paths: Mapping[str, Any], schemas: dict[str, Any]) -> None:
    """Multipart forms are named after their operations, and take no other fields than their own."""
    for operation in (operation for item in paths.values() for operation in item.values()):
        form = operation.get("requestBody", {}).get("content", {}).get(UPLOAD)
        if form is not None:
            name = (
                "".join(word.capitalize() for word in operation["operationId"].split("_")) + "Form"
            )
            schema = {
                **schemas.pop(form["schema"]["$ref"].rpartition("/")[2]),
                "additionalProperties": False,
            }
            schemas[name] = {**schema, "title": name}
            form["schema"] = ref("schemas", name)


def page_names(schemas: Mapping[str, Any]) -> dict[str, str]:
    """`ComplaintPage` for what pydantic calls `Page_ComplaintView_`."""
    pages = {name: PAGE.fullmatch(name) for name in schemas}
    return {name: f"{page[1]}Page" for name, page in pages.items() if page is not None}


def problem_types(routes: Sequence[APIRoute], messages: Messages) -> dict[str, dict[str, Any]]:
    """The types of problems that the operations name, by the last part of their URL,
    for the pages that it leads to.
    """
    named = {refusal for route in routes for refusal in getattr(route.endpoint, "raises", ())}
    told = {problem_slug(refusal): explained(refusal, messages) for refusal in named}
    return dict(sorted(told.items()))


def explained(refusal: type[Refusal], messages: Messages) -> dict[str, Any]:
    """The status of a type of problem and what it means, in both languages."""
    sentence = first_sentence(refusal)
    return {
        "status": refusal.status,
        "description": sentence,
        "description_zh": messages.known(sentence, "zh-CN"),
    }


def security_scheme(scopes: Mapping[str, str], server: str) -> dict[str, Any]:
    flow = {"tokenUrl": f"{server}/oauth/token", "scopes": dict(sorted(scopes.items()))}
    return {
        "type": "oauth2",
        "description": (
            "Access tokens are JWTs as RFC 9068 profiles them, made and checked as RFC8725 advises."
        ),
        "flows": {"clientCredentials": flow},
    }


def complete(operation: dict[str, Any], method: str, route: APIRoute) -> None:
    """Add what the route knows and FastAPI does not: scopes, conditions, keys and headers."""
    scopes = getattr(route, "scopes", None)
    # An empty requirement says that nobody needs to be anybody; no requirement at all might have
    # been forgotten.
    alternatives = [{SCHEME: [scope]} for scope in getattr(route, "instead", ())]
    operation["security"] = [{} if scopes is None else {SCHEME: list(scopes)}, *alternatives]
    told = operation.get("description") or operation["summary"]
    operation["summary"] = first_paragraph(told).rstrip(".")
    operation["description"] = told.strip().partition("\n\n")[2] or operation["summary"]
    parameters = operation.setdefault("parameters", [])
    for parameter in parameters:
        complete_parameter(parameter, route.path)
    parameters += [ref("parameters", name) for name in shared_parameters(route, method)]
    if not parameters:
        del operation["parameters"]
    refusals = refusals_of(
        route.endpoint,
        getattr(route.endpoint, "raises", ()),
        methods=[method.upper()],
        scopes=scopes,
    )
    # The general types are those of the shared answers, which name them.
    if own := sorted(problem_slug(refusal) for refusal in refusals if refusal not in KINDS):
        operation["x-problem-types"] = own
    # FastAPI's own words on wrong bodies make way for ours.
    answers = {
        status: answer
        for status, answer in operation["responses"].items()
        if status < "4" or status in map(str, route.responses)
    }
    operation["responses"] = answers
    if method == "get" and getattr(route.endpoint, "has_etag", False):
        answers["304"] = {"description": "The known version is still the present one."}
    for status, answer in answers.items():
        answer["headers"] = {
            **headers(*headers_of(int(status), method, operation)),
            **answer.get("headers", {}),
        }
    for status in sorted({500, *(refusal.status for refusal in refusals)}):
        answers.setdefault(str(status), ref("responses", NAMES[status]))


def shared_parameters(route: APIRoute, method: str) -> Iterator[str]:
    """The parameters of an operation that follow from what it is: conditions and keys."""
    if getattr(route.endpoint, "is_conditional", False):
        yield "IfMatch"
    elif getattr(route.endpoint, "honors_match", False):
        yield "IfMatchOfMove"
    if (
        method == "post"
        and getattr(route, "scopes", None) is not None
        and not getattr(route.endpoint, "is_reading", False)
    ):
        yield "IdempotencyKey"
    if method == "get" and getattr(route.endpoint, "has_etag", False):
        yield "IfNoneMatch"


def headers_of(status: int, method: str, operation: Mapping[str, Any]) -> Iterator[str]:
    """The names of the headers that an answer of this status carries,
    beside those of all answers.
    """
    if status in (201, 202):
        yield "Location"
    if status in (200, 201, 304) and (method != "get" or "304" in operation["responses"]):
        yield "ETag"
    if status == 200 and any(
        parameter.get("name") == "cursor" for parameter in operation.get("parameters", ())
    ):
        yield "Link"


def webhook(event: type[Event], schemas: dict[str, Any], scopes: Sequence[str]) -> dict[str, Any]:
    """One event type as an OpenAPI webhook:
    the CloudEvent that partners receive, and the scopes without which nobody does.
    """
    name, model = event.event_type, event.shape()
    own = model.model_json_schema(ref_template="#/components/schemas/{model}", mode="serialization")
    schemas.update(own.pop("$defs", {}))
    schemas[model.__name__] = own
    own_members = {"type": {"const": f"guanxi.{name}.v1"}, "data": ref("schemas", model.__name__)}
    envelope = {
        "allOf": [
            ref("schemas", "CloudEvent"),
            {"type": "object", "properties": own_members, "required": ["type", "data"]},
        ]
    }
    operation_id = "on_" + name.replace(".", "_")
    return {
        "post": {
            "operationId": operation_id,
            "summary": first_paragraph(event.__doc__ or event.__name__),
            "security": [],
            "x-scopes": list(scopes),
            "requestBody": {
                "required": True,
                "content": {"application/cloudevents+json": {"schema": envelope}},
            },
            "responses": {"204": ref("responses", "Received"), "4XX": ref("responses", "Refused")},
        }
    }


def first_paragraph(text: str) -> str:
    return unwrapped(text).partition("\n")[0]


def refusing(endpoint: Any, raises: Sequence[type[Refusal]]) -> Any:
    """Marks a route with the refusals that it may answer with."""
    endpoint.raises = tuple(raises)
    return endpoint


def conditional(endpoint: Any) -> Any:
    """Marks a route whose change needs If-Match."""
    endpoint.is_conditional = True
    return endpoint


def reading(endpoint: Any) -> Any:
    """Marks a POST that changes nothing."""
    endpoint.is_reading = True
    return endpoint


def moving(endpoint: Any) -> Any:
    """Marks a route that moves a resource and honors the If-Match that comes with it."""
    endpoint.honors_match = True
    return endpoint


def tagged(endpoint: Any) -> Any:
    """Marks a GET whose answer carries an ETag and honors If-None-Match."""
    endpoint.has_etag = True
    return endpoint
