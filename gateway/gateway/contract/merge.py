"""One OpenAPI document for the whole API, made of the documents of the gateway and the services."""

import copy
from collections.abc import Iterable, Mapping
from typing import Any

from service_kit.web import contract_parts
from service_kit.web.contract_parts import HEADERS, OF_RECEIVERS, headers, problem_answer, ref
from service_kit.web.contract_sharing import METHODS, operations, prune, references, renamed

from gateway.contract.documents import Document, is_event_stream
from gateway.contract.paths import SHARED, Paths
from gateway.services import GATEWAY, SERVICES

# Whoever comes later and means something else by a name gets another one.
RENAMED = ("schemas", "parameters", "responses")
DESCRIPTION = (
    "Customer profile, complaints, value scoring and contact center behind one front door. Get a"
    " token at `POST /oauth/token`, or send an API key as `Authorization: Bearer gxk_...`."
)
LIMIT = '^"[a-z]+"(;[a-z]+=[0-9]+)*$'
LIMIT_HEADERS = {
    "RateLimit-Policy": {
        "description": "The client's limit: `q` requests in `w` seconds.",
        "schema": {
            "type": "string",
            "maxLength": 200,
            "pattern": LIMIT,
            "examples": ['"default";q=300000;w=60'],
        },
    },
    "RateLimit": {
        "description": "What is left of it: `r` requests, whole again in `t` seconds.",
        "schema": {
            "type": "string",
            "maxLength": 200,
            "pattern": LIMIT,
            "examples": ['"default";r=299999;t=31'],
        },
    },
}
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
    "description": (
        "A ticket from `POST /v1/stream-tickets`, in place of a token, which EventSource cannot"
        " send."
    ),
    "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[A-Za-z0-9_-]+$"},
}
# What the gateway may say in a service's place.
TOO_SLOW = {"408": "TooSlow"}
BEHIND = {"401": "Unauthenticated", "502": "BrokenOff", "503": "Unavailable", "504": "TimedOut"}
ANSWERS = {
    **contract_parts.ANSWERS,
    "TooSlow": problem_answer("The body did not arrive in time.", 408),
    "BrokenOff": problem_answer("The service behind the gateway broke off.", 502),
    "TimedOut": problem_answer("The service behind the gateway did not answer in time.", 504),
}


def merge(own: Document, services: Mapping[str, Document]) -> dict[str, Any]:
    """The public document: servers, security and the shared operations are the gateway's own.
    Raises PathClaimedTwice.
    """
    merged: dict[str, Any] = {
        "openapi": own["openapi"],
        "info": {**own["info"], "title": "Guanxi", "description": DESCRIPTION},
        "servers": copy.deepcopy(own["servers"]),
        "tags": [],
        "paths": {},
        "components": {
            "schemas": {},
            "securitySchemes": {},
            "headers": {**HEADERS, **LIMIT_HEADERS},
            "parameters": {},
            "responses": {
                **OF_RECEIVERS,
                **{name: _limited(answer) for name, answer in ANSWERS.items()},
            },
        },
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
    for section in RENAMED:
        merged["components"][section] = dict(sorted(merged["components"][section].items()))
    prune(merged)
    return merged


def problem_types(documents: Iterable[Document]) -> dict[str, Any]:
    """The types of problems of all documents, with what their pages say in each language."""
    return {
        slug: told
        for document in documents
        for slug, told in document.get("x-problem-types", {}).items()
    }


def _add(merged: dict[str, Any], name: str, document: dict[str, Any], paths: Paths) -> None:
    for path, item in document["paths"].items():
        if name == GATEWAY or paths.owner_of(path) != SHARED:
            merged["paths"][path] = {
                key: _public(operation, paths.owner_of(path)) if key in METHODS else operation
                for key, operation in item.items()
            }
    for section in RENAMED:
        merged["components"][section].update(document["components"].get(section, {}))
    merged["webhooks"].update(document.get("webhooks", {}))
    merged["x-problem-types"].update(
        {
            slug: {"status": told["status"], "description": told["description"]}
            for slug, told in document.get("x-problem-types", {}).items()
        }
    )
    known = {tag["name"] for tag in merged["tags"]}
    used = {tag for operation in operations(document) for tag in operation.get("tags", ())}
    described = {tag["name"]: tag for tag in document.get("tags", ())}
    merged["tags"] += [
        described.get(tag, {"name": tag, "description": f"Operations on {tag}."})
        for tag in sorted(used - known)
    ]


def _public(operation: dict[str, Any], owner: str) -> dict[str, Any]:
    """An operation as it looks from outside:
    limits on every answer, and what the gateway may say in the service's place.
    """
    parameters = list(operation.get("parameters", ()))
    if owner == SHARED:
        parameters.append(SOURCE)
    if is_event_stream(operation):
        parameters.append(TICKET)
    if parameters:
        operation["parameters"] = parameters
    more = {
        **(BEHIND if owner != GATEWAY else {}),
        **(TOO_SLOW if "requestBody" in operation else {}),
    }
    for status, answer in more.items():
        operation["responses"].setdefault(status, ref("responses", answer))
    operation["responses"] = {
        status: answer if "$ref" in answer else _limited(answer)
        for status, answer in sorted(operation["responses"].items())
    }
    return operation


def _limited(answer: Mapping[str, Any]) -> dict[str, Any]:
    """An answer with the headers that tell the client's limit."""
    return {**answer, "headers": {**answer.get("headers", {}), **headers(*LIMIT_HEADERS)}}


def _renamed(document: Document, merged: Mapping[str, Any], name: str) -> dict[str, Any]:
    """A copy whose schemas and operation ids do not collide with those that are there already."""
    mine: dict[str, Any] = copy.deepcopy(dict(document))
    answers = mine["components"].get("responses", {})
    mine["components"]["responses"] = {
        part: answer if part in OF_RECEIVERS else _limited(answer)
        for part, answer in answers.items()
    }
    prefix = "".join(part.capitalize() for part in name.split("-"))
    for section in RENAMED:
        present = merged["components"][section]
        colliding = _colliding(mine["components"].setdefault(section, {}), present, section)
        mine = renamed(mine, {part: f"{prefix}{part}" for part in sorted(colliding)}, section)
    taken = {operation["operationId"] for operation in operations(merged)}
    for operation in operations(mine):
        if operation["operationId"] in taken:
            operation["operationId"] = f"{name.replace('-', '_')}_{operation['operationId']}"
    return mine


def _colliding(parts: Document, present: Document, section: str) -> set[str]:
    """The components whose names are taken by others:
    those that differ, and those that are worded alike but refer to one that does.
    """
    colliding = {name for name, body in parts.items() if name in present and present[name] != body}
    while True:
        changed = {f"#/components/{section}/{name}" for name in colliding}
        more = {
            name
            for name in parts.keys() & present.keys() - colliding
            if changed & set(references(parts[name]))
        }
        if not more:
            return colliding
        colliding |= more


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
