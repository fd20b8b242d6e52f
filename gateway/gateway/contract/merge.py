"""One OpenAPI document for the whole API, made of the documents of the gateway and the services."""

import copy
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from service_kit.web.contract import HEADERS, problem_response

from gateway.contract.documents import METHODS, Document, is_event_stream, operations
from gateway.contract.paths import SHARED, Paths
from gateway.services import GATEWAY, SERVICES

SCHEMAS = "#/components/schemas/"
DESCRIPTION = (
    "Customer profile, complaints, value scoring and contact center behind one front door. Get a token at `POST /oauth/token`, "
    "or send an API key as `Authorization: Bearer gxk_...`."
)
LIMIT = '^"[a-z]+"(;[a-z]+=[0-9]+)*$'
LIMIT_HEADERS = {
    "RateLimit-Policy": {
        "description": "The client's limit: `q` requests in `w` seconds.",
        "schema": {"type": "string", "maxLength": 200, "pattern": LIMIT, "examples": ['"default";q=300000;w=60']},
    },
    "RateLimit": {
        "description": "What is left of it: `r` requests, whole again in `t` seconds.",
        "schema": {"type": "string", "maxLength": 200, "pattern": LIMIT, "examples": ['"default";r=299999;t=31']},
    },
}
SHARED_HEADERS = {**HEADERS, **LIMIT_HEADERS}
ALWAYS_SENT = ("X-Request-Id", "Access-Control-Allow-Origin")
SOURCE = {
    "name": "source",
    "in": "query",
    "required": True,
    "description": "The service that is meant.",
    "schema": {"type": "string", "enum": [*SERVICES, GATEWAY]},
}
TICKET = {
    "name": "ticket",
    "in": "query",
    "required": False,
    "description": "A ticket from `POST /v1/stream-tickets`, in place of a token, which EventSource cannot send.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[A-Za-z0-9_-]+$"},
}
TOO_SLOW = {408: "The body did not arrive in time."}
BEHIND = {
    401: "The credential that was sent along is not valid.",
    502: "The service behind the gateway broke off.",
    503: "The service behind the gateway cannot be reached.",
    504: "The service behind the gateway did not answer in time.",
}


def merge(own: Document, services: Mapping[str, Document]) -> dict[str, Any]:
    """The public document: servers, security and the shared operations are the gateway's own. Raises PathClaimedTwice."""
    merged: dict[str, Any] = {
        "openapi": own["openapi"],
        "info": {**own["info"], "title": "Guanxi", "description": DESCRIPTION},
        "servers": copy.deepcopy(own["servers"]),
        "tags": [],
        "paths": {},
        "components": {"schemas": {}, "securitySchemes": {}, "headers": copy.deepcopy(SHARED_HEADERS)},
        "webhooks": {},
        "x-problem-types": {},
    }
    documents = {GATEWAY: own, **services}
    paths = Paths({name: document["paths"] for name, document in documents.items()})
    for name, document in documents.items():
        _add(merged, name, _renamed(document, merged, name), paths)
    merged["components"]["securitySchemes"] = _security(own, services.values())
    merged["tags"] = sorted(merged["tags"], key=lambda tag: str(tag["name"]))
    merged["paths"] = dict(sorted(merged["paths"].items()))
    merged["components"]["schemas"] = dict(sorted(merged["components"]["schemas"].items()))
    return merged


def _add(merged: dict[str, Any], name: str, document: dict[str, Any], paths: Paths) -> None:
    for path, item in document["paths"].items():
        if name == GATEWAY or paths.owner_of(path) != SHARED:
            merged["paths"][path] = {
                key: _public(operation, paths.owner_of(path)) if key in METHODS else operation for key, operation in item.items()
            }
    merged["components"]["schemas"].update(document["components"]["schemas"])
    merged["webhooks"].update(document.get("webhooks", {}))
    merged["x-problem-types"].update(document.get("x-problem-types", {}))
    known = {tag["name"] for tag in merged["tags"]}
    used = {tag for operation in operations(document) for tag in operation.get("tags", ())}
    described = {tag["name"]: tag for tag in document.get("tags", ())}
    merged["tags"] += [described.get(tag, {"name": tag, "description": f"Operations on {tag}."}) for tag in sorted(used - known)]


def _public(operation: dict[str, Any], owner: str) -> dict[str, Any]:
    """An operation as it looks from outside: limits on every answer, and what the gateway may say in the service's place."""
    parameters = list(operation.get("parameters", ()))
    if owner == SHARED:
        parameters.append(SOURCE)
    if is_event_stream(operation):
        parameters.append(TICKET)
    if parameters:
        operation["parameters"] = parameters
    if owner != GATEWAY:
        for status, description in BEHIND.items():
            operation["responses"].setdefault(str(status), problem_response(description))
    for status, description in (TOO_SLOW if "requestBody" in operation else {}).items():
        operation["responses"].setdefault(str(status), problem_response(description))
    for response in operation["responses"].values():
        response["headers"] = _referred({**{name: HEADERS[name] for name in ALWAYS_SENT}, **response.get("headers", {}), **LIMIT_HEADERS})
    return operation


def _referred(headers: Mapping[str, Any]) -> dict[str, Any]:
    """Headers that all answers share are said once."""
    return {
        name: {"$ref": f"#/components/headers/{name}"} if SHARED_HEADERS.get(name) == header else header for name, header in headers.items()
    }


def _renamed(document: Document, merged: Mapping[str, Any], name: str) -> dict[str, Any]:
    """A copy whose schemas and operation ids do not collide with those that are there already."""
    mine: dict[str, Any] = copy.deepcopy(dict(document))
    schemas = mine.setdefault("components", {}).setdefault("schemas", {})
    present = merged["components"]["schemas"]
    prefix = "".join(part.capitalize() for part in name.split("-"))
    new_names = {f"{SCHEMAS}{schema}": f"{SCHEMAS}{prefix}{schema}" for schema in _colliding(schemas, present)}
    if new_names:
        mine = _pointing(mine, new_names)
        mine["components"]["schemas"] = {
            new_names.get(f"{SCHEMAS}{schema}", schema).rpartition("/")[2]: body for schema, body in mine["components"]["schemas"].items()
        }
    taken = {operation["operationId"] for operation in operations(merged)}
    for operation in operations(mine):
        if operation["operationId"] in taken:
            operation["operationId"] = f"{name.replace('-', '_')}_{operation['operationId']}"
    return mine


def _colliding(schemas: Document, present: Document) -> set[str]:
    """The schemas whose names are taken by others: those that differ, and those that are worded alike but refer to one that does."""
    colliding = {schema for schema, body in schemas.items() if schema in present and present[schema] != body}
    while True:
        changed = {f"{SCHEMAS}{schema}" for schema in colliding}
        more = {schema for schema in schemas.keys() & present.keys() - colliding if changed & set(_references(schemas[schema]))}
        if not more:
            return colliding
        colliding |= more


def _references(value: Any) -> Iterator[str]:
    """Every schema that is referred to in the value, those of a discriminator's mapping included."""
    if isinstance(value, str) and value.startswith(SCHEMAS):
        yield value
    for member in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _references(member)


def _pointing(value: Any, new_names: Mapping[str, str]) -> Any:
    """The value with its references led to the new names."""
    if isinstance(value, dict):
        return {key: _pointing(member, new_names) for key, member in value.items()}
    if isinstance(value, list):
        return [_pointing(member, new_names) for member in value]
    return new_names.get(value, value) if isinstance(value, str) else value


def _security(own: Document, others: Iterable[Document]) -> dict[str, Any]:
    """The gateway's security schemes with the scopes of all."""
    schemes: dict[str, Any] = copy.deepcopy(own["components"].get("securitySchemes", {}))
    for document in others:
        for name, scheme in document.get("components", {}).get("securitySchemes", {}).items():
            for flow, members in scheme.get("flows", {}).items():
                mine = schemes.get(name, {}).get("flows", {}).get(flow)
                if mine is not None:
                    mine["scopes"] = dict(sorted({**members["scopes"], **mine["scopes"]}.items()))
    return schemes
