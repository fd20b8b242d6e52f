"""The OpenAPI document of a service: what FastAPI derives from the code, plus scopes, headers and refusals."""

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from service_kit.access.event_scopes import FamilyScopes, family_of
from service_kit.web.contract_details import JSON_VALUE, JSON_VALUE_SCHEMA, complete_parameter, detailed, unwrapped
from service_kit.web.idempotency import KEY, LONGEST_KEY_HEADER
from service_kit.web.preconditions import CONDITION, ENTITY_TAG, LONGEST_CONDITION
from service_kit.web.problems import MEDIA_TYPE
from service_kit.words import errors
from service_kit.words.errors import Refusal, first_sentence, problem_slug
from service_kit.words.fields import Output
from service_kit.words.messages import Messages

ALWAYS: Sequence[type[Refusal]] = (errors.Invalid, errors.TooManyRequests, errors.Unavailable)
WITH_TOKEN: Sequence[type[Refusal]] = (errors.Unauthenticated, errors.Forbidden)
WITH_BODY: Sequence[type[Refusal]] = (errors.Malformed, errors.TooLarge, errors.UnsupportedMediaType)
CONDITIONAL: Sequence[type[Refusal]] = (errors.PreconditionFailed, errors.PreconditionRequired)
SCHEME = "oauth2"
FAILED = "Something went wrong on our side; `instance` finds it in our log."

PROBLEM = {
    "type": "object",
    "title": "Problem",
    "description": "What went wrong, as RFC 9457 writes it down.",
    "required": ["type", "title", "status", "detail", "instance"],
    "additionalProperties": True,
    "properties": {
        "type": {"type": "string", "format": "uri", "maxLength": 500, "description": "Page that explains this kind of problem."},
        "title": {"type": "string", "maxLength": 200},
        "status": {"type": "integer", "format": "int32", "minimum": 400, "maximum": 599},
        "detail": {"type": "string", "maxLength": 1000},
        "instance": {"type": "string", "maxLength": 100, "description": "Id of the request, as logged."},
        "errors": {
            "type": "array",
            "maxItems": 50,
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["pointer", "detail"],
                "properties": {
                    "pointer": {"type": "string", "maxLength": 1000, "description": "JSON Pointer into the body, or query/<name>."},
                    "detail": {"type": "string", "maxLength": 1000},
                },
            },
        },
    },
}
HEADERS: Mapping[str, Mapping[str, Any]] = {
    "X-Request-Id": {"description": "Id of this request.", "schema": {"type": "string", "maxLength": 100, "pattern": r"^[!-~]+$"}},
    "Access-Control-Allow-Origin": {
        "description": "Sent to browsers of the origins that the installation allows.",
        "schema": {"type": "string", "maxLength": 500, "pattern": r"^[!-~]+$"},
    },
    "ETag": {
        "description": "Version of the resource, for If-Match.",
        "schema": {"type": "string", "maxLength": 100, "pattern": ENTITY_TAG},
    },
    "Location": {"description": "Where the resource is found.", "schema": {"type": "string", "format": "uri-reference", "maxLength": 500}},
    "Link": {"description": 'The next page, as rel="next".', "schema": {"type": "string", "maxLength": 2000, "pattern": "^<.*>"}},
    "Retry-After": {
        "description": "Seconds after which to try again.",
        "schema": {"type": "integer", "format": "int32", "minimum": 0, "maximum": 86400},
    },
}
IF_MATCH = {
    "name": "If-Match",
    "in": "header",
    "required": False,
    "description": "ETag of the version that the change is based on. Without it the answer is 428, and 412 when the resource has moved on.",
    "schema": {"type": "string", "maxLength": LONGEST_CONDITION, "pattern": CONDITION, "examples": ['"1"']},
}
IF_MATCH_OF_MOVE = {
    **IF_MATCH,
    "description": "ETag of the version that the move is based on, if there is one: the answer is 412 when the resource has moved on.",
}
IF_NONE_MATCH = {
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "description": "ETag that is already known: the answer is 304 when it is still the present one.",
    "schema": {"type": "string", "maxLength": LONGEST_CONDITION, "pattern": CONDITION},
}
IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Makes a repeated request have one effect and one answer; kept for 72 hours. The key belongs to the client and to the "
    "person (`sub`) for whom it acts. What is repeated passes the checks of a read: it is 404 where it lies outside the units of the "
    "token by now. After an erasure the first answer is repeated with its status, Location and ETag, and without any word of the person.",
    "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY_HEADER, "pattern": KEY},
}


def refusal_responses(
    endpoint: Callable[..., Any], raises: Sequence[type[Refusal]], *, methods: Sequence[str], scopes: Sequence[str] | None
) -> dict[int | str, dict[str, Any]]:
    """The error responses of an operation by status, each described by what the refusals say."""
    listed = [*raises, *ALWAYS]
    listed += [] if scopes is None else WITH_TOKEN
    listed += WITH_BODY if {"POST", "PUT", "PATCH"} & set(methods) else ()
    listed += CONDITIONAL if getattr(endpoint, "is_conditional", False) else ()
    listed += (errors.PreconditionFailed,) if getattr(endpoint, "honors_match", False) else ()
    by_status: dict[int, list[str]] = {}
    for refusal in dict.fromkeys(listed):
        by_status.setdefault(refusal.status, []).append(first_sentence(refusal))
    by_status[500] = [FAILED]
    return {status: problem_response(" ".join(lines)) for status, lines in sorted(by_status.items())}


def problem_response(description: str) -> dict[str, Any]:
    return {
        "description": description,
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }


def document(
    app: FastAPI,
    routes: Sequence[APIRoute],
    *,
    scopes: Mapping[str, str],
    events: Mapping[str, type[Output]],
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
        servers=[{"url": server, "description": "The gateway of a local installation.", "x-internal": False}],
        contact={"name": "Guanxi", "url": f"{server}/docs"},
        license_info={"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
    )
    components = made.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    schemas["Problem"] = copy.deepcopy(PROBLEM)
    schemas[JSON_VALUE] = JSON_VALUE_SCHEMA
    components["securitySchemes"] = {SCHEME: security_scheme(scopes, server)}
    by_id = {route.operation_id: route for route in routes}
    for item in made["paths"].values():
        for method, operation in item.items():
            complete(operation, method, by_id[operation["operationId"]])
    for form in forms_of(made["paths"]):
        schemas[form]["additionalProperties"] = False
    made["tags"] = [
        {"name": tag, "description": f"Operations on {tag}."} for tag in sorted({str(tag) for route in routes for tag in route.tags})
    ]
    made["x-problem-types"] = problem_types(routes, messages)
    made["webhooks"] = {name: webhook(name, model, schemas, event_scopes[family_of(name)]) for name, model in sorted(events.items())}
    return cast("dict[str, Any]", detailed(made))


def forms_of(paths: Mapping[str, Any]) -> set[str]:
    """The names of the schemas of multipart forms, which take no other fields."""
    bodies = [operation["requestBody"]["content"] for item in paths.values() for operation in item.values() if "requestBody" in operation]
    return {body["multipart/form-data"]["schema"]["$ref"].rpartition("/")[2] for body in bodies if "multipart/form-data" in body}


def problem_types(routes: Sequence[APIRoute], messages: Messages) -> dict[str, dict[str, Any]]:
    """The types of problems that the operations name, by the last part of their URL, for the pages that it leads to."""
    named = {refusal for route in routes for refusal in getattr(route.endpoint, "raises", ())}
    told = {problem_slug(refusal): explained(refusal, messages) for refusal in named}
    return dict(sorted(told.items()))


def explained(refusal: type[Refusal], messages: Messages) -> dict[str, Any]:
    """The status of a type of problem and what it means, in both languages."""
    sentence = first_sentence(refusal)
    return {"status": refusal.status, "description": sentence, "description_zh": messages.known(sentence, "zh-CN")}


def security_scheme(scopes: Mapping[str, str], server: str) -> dict[str, Any]:
    flow = {"tokenUrl": f"{server}/oauth/token", "scopes": dict(sorted(scopes.items()))}
    return {
        "type": "oauth2",
        "description": "Access tokens are JWTs as RFC 9068 profiles them, made and checked as RFC8725 advises.",
        "flows": {"clientCredentials": flow},
    }


def complete(operation: dict[str, Any], method: str, route: APIRoute) -> None:
    """Add what the route knows and FastAPI does not: scopes, conditions, keys and headers."""
    scopes = getattr(route, "scopes", None)
    # An empty requirement says that nobody needs to be anybody; no requirement at all might have been forgotten.
    alternatives = [{SCHEME: [scope]} for scope in getattr(route, "instead", ())]
    operation["security"] = [{} if scopes is None else {SCHEME: list(scopes)}, *alternatives]
    operation["summary"] = first_paragraph(operation.get("description") or operation["summary"]).rstrip(".")
    operation.setdefault("description", operation["summary"])
    parameters = operation.setdefault("parameters", [])
    for parameter in parameters:
        complete_parameter(parameter, route.path)
    if getattr(route.endpoint, "is_conditional", False):
        parameters.append(IF_MATCH)
    elif getattr(route.endpoint, "honors_match", False):
        parameters.append(IF_MATCH_OF_MOVE)
    if method == "post" and scopes is not None and not getattr(route.endpoint, "is_reading", False):
        parameters.append(IDEMPOTENCY_KEY)
    if method == "get" and getattr(route.endpoint, "has_etag", False):
        parameters.append(IF_NONE_MATCH)
        operation["responses"]["304"] = {"description": "The known version is still the present one."}
    if not parameters:
        del operation["parameters"]
    for status, response in operation["responses"].items():
        named = {name: HEADERS[name] for name in headers_of(int(status), method, operation)}
        response["headers"] = {**response.get("headers", {}), **named}


def headers_of(status: int, method: str, operation: Mapping[str, Any]) -> list[str]:
    """The names of the headers that a response of this status carries."""
    names = ["X-Request-Id", "Access-Control-Allow-Origin"]
    if status in (201, 202):
        names.append("Location")
    if status in (200, 201, 304) and (method != "get" or "304" in operation["responses"]):
        names.append("ETag")
    if status == 200 and any(parameter["name"] == "cursor" for parameter in operation.get("parameters", ())):
        names.append("Link")
    if status in (409, 429, 503):
        names.append("Retry-After")
    return names


def webhook(name: str, model: type[Output], schemas: dict[str, Any], scopes: Sequence[str]) -> dict[str, Any]:
    """One event type as an OpenAPI webhook: the CloudEvent that partners receive, and the scopes without which nobody does."""
    own = model.model_json_schema(ref_template="#/components/schemas/{model}", mode="serialization")
    schemas.update(own.pop("$defs", {}))
    schemas[model.__name__] = own
    full_name = f"guanxi.{name}.v1"
    envelope = {
        "type": "object",
        "additionalProperties": True,
        "required": ["specversion", "id", "source", "type", "subject", "time", "data"],
        "properties": {
            "specversion": {"const": "1.0"},
            "id": {"type": "string", "format": "uuid", "maxLength": 36},
            "source": {"type": "string", "format": "uri-reference", "maxLength": 200},
            "type": {"const": full_name},
            "subject": {"type": "string", "maxLength": 100},
            "time": {"type": "string", "format": "date-time", "maxLength": 40},
            "data": {"$ref": f"#/components/schemas/{model.__name__}"},
        },
    }
    operation_id = "on_" + name.replace(".", "_")
    return {
        "post": {
            "operationId": operation_id,
            "summary": first_paragraph(model.__doc__ or model.__name__),
            "description": first_paragraph(model.__doc__ or model.__name__),
            "tags": ["events"],
            "security": [],
            "x-scopes": list(scopes),
            "requestBody": {"required": True, "content": {"application/cloudevents+json": {"schema": envelope}}},
            "responses": {"204": {"description": "The event was received."}, "4XX": {"description": "The receiver refuses the event."}},
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
