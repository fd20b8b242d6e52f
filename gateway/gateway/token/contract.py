"""The operations of the gateway that are not routes of the kit, as the contract writes them:
tokens, keys and pages.
"""

from typing import Any

from service_kit.web.contract_parts import NAMES, headers, problem_answer, ref

from gateway.rights.domain import SCOPES

VISIBLE = "^[!-~]*$"
PRINTABLE = "^[ -~]*$"
NO_STORE = {
    "description": "Answers of this endpoint are never stored.",
    "schema": {"type": "string", "const": "no-store"},
}
TOKEN = {"type": "string", "maxLength": 8_192, "pattern": VISIBLE}
URL = {"type": "string", "format": "uri", "maxLength": 500}

SCHEMAS: dict[str, Any] = {
    "TokenRequest": {
        "type": "object",
        "description": (
            "Client credentials (RFC 6749) or token exchange (RFC 8693). Unknown parameters are"
            " ignored."
        ),
        "additionalProperties": {"type": "string", "maxLength": 8_192, "pattern": r"^[^\x00]*$"},
        "required": ["grant_type"],
        "properties": {
            "grant_type": {
                "type": "string",
                "enum": ["client_credentials", "urn:ietf:params:oauth:grant-type:token-exchange"],
            },
            "client_id": {
                "type": "string",
                "maxLength": 100,
                "pattern": PRINTABLE,
                "description": "Unless the client authenticates with Basic.",
            },
            "client_secret": {
                "type": "string",
                "maxLength": 200,
                "pattern": PRINTABLE,
                "description": "Unless the client authenticates with Basic.",
            },
            "scope": {
                "type": "string",
                "maxLength": 2_000,
                "pattern": PRINTABLE,
                "description": "Separated by spaces; all that may be granted when left out.",
            },
            "subject_token": {
                **TOKEN,
                "description": "For an exchange: the frontend's own access token.",
            },
            "subject_token_type": {
                "type": "string",
                "enum": [
                    "urn:ietf:params:oauth:token-type:access_token",
                    "urn:ietf:params:oauth:token-type:jwt",
                ],
            },
            "sub": {
                "type": "string",
                "maxLength": 200,
                "pattern": r"^[^\x00-\x1f]*$",
                "description": "For an exchange: the person that the frontend acts for.",
            },
            "units": {
                "type": "string",
                "maxLength": 4_000,
                "pattern": "^[a-z0-9_. -]*$",
                "description": "Organization units, separated by spaces.",
            },
            "approval_limit": {
                "type": "string",
                "maxLength": 40,
                "pattern": r"^\d+(\.\d+)? [A-Z]{3}$",
                "examples": ["500.00 CNY"],
                "description": "Zero when left out.",
            },
            "agent_id": {"type": "string", "format": "uuid", "maxLength": 36},
        },
    },
    "TokenAnswer": {
        "type": "object",
        "additionalProperties": True,
        "required": ["access_token", "token_type", "expires_in", "scope"],
        "properties": {
            "access_token": {**TOKEN, "description": "A JWT as RFC 9068 profiles it."},
            "token_type": {"const": "Bearer"},
            "expires_in": {"type": "integer", "format": "int32", "minimum": 0, "maximum": 86_400},
            "scope": {"type": "string", "maxLength": 2_000, "pattern": PRINTABLE},
            "issued_token_type": {"type": "string", "maxLength": 100, "pattern": VISIBLE},
        },
    },
    "TokenError": {
        "type": "object",
        "description": "An error as RFC 6749, section 5.2 writes it.",
        "additionalProperties": False,
        "required": ["error"],
        "properties": {
            "error": {
                "type": "string",
                "enum": [
                    "invalid_request",
                    "invalid_client",
                    "invalid_grant",
                    "unauthorized_client",
                    "unsupported_grant_type",
                    "invalid_scope",
                    "invalid_target",
                ],
            },
            "error_description": {"type": "string", "maxLength": 500, "pattern": PRINTABLE},
        },
    },
    "JsonWebKeySet": {
        "type": "object",
        "additionalProperties": True,
        "required": ["keys"],
        "properties": {
            "keys": {
                "type": "array",
                "maxItems": 20,
                "items": {"$ref": "#/components/schemas/JsonWebKey"},
            }
        },
    },
    "JsonWebKey": {
        "type": "object",
        "description": "A public key (RFC 7517, RFC 8037).",
        "additionalProperties": True,
        "required": ["kty", "kid"],
        "properties": {
            "kty": {"type": "string", "enum": ["OKP"]},
            "kid": {"type": "string", "maxLength": 100, "pattern": VISIBLE},
            "crv": {"type": "string", "enum": ["Ed25519"]},
            "x": {"type": "string", "maxLength": 100, "pattern": VISIBLE},
            "use": {"type": "string", "enum": ["sig"]},
            "alg": {"type": "string", "enum": ["Ed25519"]},
        },
    },
    "ServerMetadata": {
        "type": "object",
        "description": "RFC 8414.",
        "additionalProperties": True,
        "required": ["issuer", "token_endpoint", "jwks_uri"],
        "properties": {
            "issuer": URL,
            "token_endpoint": URL,
            "jwks_uri": URL,
            "scopes_supported": {
                "type": "array",
                "maxItems": len(SCOPES),
                "items": {"type": "string", "enum": list(SCOPES)},
            },
        },
    },
}


def _answer(description: str, schema: str, **more: Any) -> dict[str, Any]:
    content = {"application/json": {"schema": ref("schemas", schema)}}
    return {"description": description, "content": content, "headers": {**headers(), **more}}


BUSY = {status: ref("responses", NAMES[int(status)]) for status in ("429", "500", "503")}
REFUSED = {
    "401": problem_answer("Never sent: this operation needs no token.", 401),
    "4XX": problem_answer("The request is refused.", 400),
}
TAGS = [{"name": "tokens", "description": "Access tokens and the keys that they are checked with."}]
PATHS: dict[str, Any] = {
    "/oauth/token": {
        "post": {
            "operationId": "create_token",
            "tags": ["tokens"],
            "summary": "Get an access token",
            "description": (
                "Client credentials, or the exchange of the client's token for one of a person"
                " behind it, never wider than its own. The client authenticates with Basic (id and"
                " secret form-encoded) or in the form."
            ),
            "security": [{}],
            "requestBody": {
                "required": True,
                "content": {
                    "application/x-www-form-urlencoded": {
                        "schema": {"$ref": "#/components/schemas/TokenRequest"}
                    }
                },
            },
            "responses": {
                "200": _answer("The token.", "TokenAnswer", **{"Cache-Control": NO_STORE}),
                "400": _answer(
                    "The request is refused.", "TokenError", **{"Cache-Control": NO_STORE}
                ),
                "401": _answer(
                    "The client is not authenticated.", "TokenError", **{"Cache-Control": NO_STORE}
                ),
                "413": ref("responses", NAMES[413]),
                **BUSY,
            },
        }
    },
    "/.well-known/jwks.json": {
        "get": {
            "operationId": "read_key_set",
            "tags": ["tokens"],
            "summary": "Read the keys that access tokens are checked with",
            "description": (
                "A new key is published an hour before it signs, and an old one until its last"
                " token is over."
            ),
            "security": [{}],
            "responses": {
                "200": _answer("The key set (RFC 7517).", "JsonWebKeySet"),
                **REFUSED,
                **BUSY,
            },
        }
    },
    "/.well-known/oauth-authorization-server": {
        "get": {
            "operationId": "read_server_metadata",
            "tags": ["tokens"],
            "summary": "Read what the token endpoint supports",
            "description": "The authorization server's metadata (RFC 8414).",
            "security": [{}],
            "responses": {"200": _answer("The metadata.", "ServerMetadata"), **REFUSED, **BUSY},
        }
    },
}
