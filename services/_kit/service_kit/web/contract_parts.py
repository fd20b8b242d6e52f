"""What all contracts share and therefore say once:
headers, parameters, and the answers of problems, each with its name.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from service_kit.web.idempotency import KEY, LONGEST_KEY_HEADER
from service_kit.web.preconditions import CONDITION, ENTITY_TAG, LONGEST_CONDITION
from service_kit.web.problems import MEDIA_TYPE
from service_kit.words import errors
from service_kit.words.errors import Refusal, first_sentence

FAILED = "Something went wrong on our side; `instance` finds it in our log."
KINDS: Sequence[type[Refusal]] = (
    errors.Malformed,
    errors.Unauthenticated,
    errors.Forbidden,
    errors.NotFound,
    errors.Conflict,
    errors.Gone,
    errors.PreconditionFailed,
    errors.TooLarge,
    errors.UnsupportedMediaType,
    errors.Invalid,
    errors.PreconditionRequired,
    errors.TooManyRequests,
    errors.Unavailable,
)
PROBLEM = {
    "type": "object",
    "title": "Problem",
    "description": "What went wrong, as RFC 9457 writes it down.",
    "required": ["type", "title", "status", "detail", "instance"],
    "additionalProperties": True,
    "properties": {
        "type": {
            "type": "string",
            "format": "uri",
            "maxLength": 500,
            "description": "Page that explains this kind of problem.",
        },
        "title": {"type": "string", "maxLength": 200},
        "status": {"type": "integer", "format": "int32", "minimum": 400, "maximum": 599},
        "detail": {"type": "string", "maxLength": 1000},
        "instance": {
            "type": "string",
            "maxLength": 100,
            "description": "Id of the request, as logged.",
        },
        "errors": {
            "type": "array",
            "maxItems": 50,
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["pointer", "detail"],
                "properties": {
                    "pointer": {
                        "type": "string",
                        "maxLength": 1000,
                        "description": "JSON Pointer into the body, or query/<name>.",
                    },
                    "detail": {"type": "string", "maxLength": 1000},
                },
            },
        },
    },
}
# What all events have in common; each says its type and its data beside it.
CLOUD_EVENT: Mapping[str, Any] = {
    "type": "object",
    "description": "An event as CloudEvents 1.0 writes it down.",
    "additionalProperties": True,
    "required": ["specversion", "id", "source", "subject", "time"],
    "properties": {
        "specversion": {"const": "1.0"},
        "id": {"type": "string", "format": "uuid", "maxLength": 36},
        "source": {"type": "string", "format": "uri-reference", "maxLength": 200},
        "subject": {"type": "string", "maxLength": 100},
        "time": {"type": "string", "format": "date-time", "maxLength": 40},
    },
}
HEADERS: Mapping[str, Mapping[str, Any]] = {
    "X-Request-Id": {
        "description": "Id of this request.",
        "schema": {"type": "string", "maxLength": 100, "pattern": r"^[!-~]+$"},
    },
    "Access-Control-Allow-Origin": {
        "description": "Sent to browsers of the origins that the installation allows.",
        "schema": {"type": "string", "maxLength": 500, "pattern": r"^[!-~]+$"},
    },
    "ETag": {
        "description": "Version of the resource, for If-Match.",
        "schema": {"type": "string", "maxLength": 100, "pattern": ENTITY_TAG},
    },
    "Location": {
        "description": "Where the resource is found.",
        "schema": {"type": "string", "format": "uri-reference", "maxLength": 500},
    },
    "Link": {
        "description": 'The next page, as rel="next".',
        "schema": {"type": "string", "maxLength": 2000, "pattern": "^<.*>"},
    },
    "Retry-After": {
        "description": "Seconds after which to try again.",
        "schema": {"type": "integer", "format": "int32", "minimum": 0, "maximum": 86400},
    },
}
IF_MATCH = {
    "name": "If-Match",
    "in": "header",
    "required": False,
    "description": (
        "ETag of the version that the change is based on. Without it the answer is 428, and 412"
        " when the resource has moved on."
    ),
    "schema": {
        "type": "string",
        "maxLength": LONGEST_CONDITION,
        "pattern": CONDITION,
        "examples": ['"1"'],
    },
}
IF_MATCH_OF_MOVE = {
    **IF_MATCH,
    "description": (
        "ETag of the version that the move is based on, if there is one: the answer is 412 when the"
        " resource has moved on."
    ),
}
IF_NONE_MATCH = {
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "description": (
        "ETag that is already known: the answer is 304 when it is still the present one."
    ),
    "schema": {"type": "string", "maxLength": LONGEST_CONDITION, "pattern": CONDITION},
}
IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": (
        "Makes a repeated request have one effect and one answer; kept for 72 hours. The key"
        " belongs to the client and to the person (`sub`) for whom it acts. What is repeated passes"
        " the checks of a read: it is 404 where it lies outside the units of the token by now."
        " After an erasure the first answer is repeated with its status, Location and ETag, and"
        " without any word of the person."
    ),
    "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY_HEADER, "pattern": KEY},
}
PARAMETERS: Mapping[str, Mapping[str, Any]] = {
    "IfMatch": IF_MATCH,
    "IfMatchOfMove": IF_MATCH_OF_MOVE,
    "IfNoneMatch": IF_NONE_MATCH,
    "IdempotencyKey": IDEMPOTENCY_KEY,
}
ALWAYS_SENT = ("X-Request-Id", "Access-Control-Allow-Origin")
MAY_BE_TRIED_AGAIN = (409, 429, 503)


def ref(section: str, name: str) -> dict[str, str]:
    """A reference to what the contract says once."""
    return {"$ref": f"#/components/{section}/{name}"}


def headers(*names: str) -> dict[str, Any]:
    """These headers, and those that every answer carries."""
    return {name: ref("headers", name) for name in (*ALWAYS_SENT, *names)}


def problem_answer(description: str, status: int) -> dict[str, Any]:
    """An answer that is a problem document."""
    content = {MEDIA_TYPE: {"schema": ref("schemas", "Problem")}}
    more = ("Retry-After",) if status in MAY_BE_TRIED_AGAIN else ()
    return {"description": description, "headers": headers(*more), "content": content}


# The answers of problems by status: their names, and what they say.
NAMES: Mapping[int, str] = {**{kind.status: kind.__name__ for kind in KINDS}, 500: "Failed"}
ANSWERS: Mapping[str, Mapping[str, Any]] = {
    **{
        kind.__name__: {
            **problem_answer(first_sentence(kind), kind.status),
            "x-problem-types": [kind.kind],
        }
        for kind in KINDS
    },
    "Failed": problem_answer(FAILED, 500),
}
# What receivers of webhooks answer.
OF_RECEIVERS: Mapping[str, Mapping[str, Any]] = {
    "Received": {"description": "The event was received."},
    "Refused": {"description": "The receiver refuses the event."},
}
