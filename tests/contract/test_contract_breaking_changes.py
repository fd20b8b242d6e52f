"""The check for breaking changes finds what breaks clients, and lets additions pass."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from tools.breaking import breaking_changes

NOTE = {
    "type": "object",
    "required": ["id", "text"],
    "additionalProperties": False,
    "properties": {
        "id": {"type": "string", "format": "uuid"},
        "text": {"type": "string", "maxLength": 200},
        "state": {"type": "string", "enum": ["open", "closed"]},
        "other": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        "parent": {"$ref": "#/components/schemas/Note"},
    },
}


def a_contract() -> dict[str, Any]:
    body = {"application/json": {"schema": {"$ref": "#/components/schemas/NewNote"}}}
    answer = {"application/json": {"schema": {"$ref": "#/components/schemas/Note"}}}
    operation = {
        "security": [{"oauth2": ["notes:write"]}],
        "parameters": [
            {"name": "unit", "in": "query", "schema": {"type": "string", "maxLength": 50}}
        ],
        "requestBody": {"required": True, "content": body},
        "responses": {"201": {"content": answer}, "422": {}},
    }
    return {
        "paths": {"/v1/notes": {"post": operation}},
        "webhooks": {
            "note.written": {"post": {"requestBody": {"content": answer}, "responses": {"204": {}}}}
        },
        "components": {"schemas": {"Note": copy.deepcopy(NOTE), "NewNote": copy.deepcopy(NOTE)}},
    }


def change(edit: Callable[[dict[str, Any], dict[str, Any], dict[str, Any]], Any]) -> list[str]:
    """What is found when the operation, its input and its output are edited."""
    old, new = a_contract(), a_contract()
    schemas = new["components"]["schemas"]
    edit(new["paths"]["/v1/notes"]["post"], schemas["NewNote"], schemas["Note"])
    return breaking_changes(old, new)


ADDITIONS: dict[str, Callable[..., Any]] = {
    "nothing": lambda operation, given, told: None,
    "a field in an answer": lambda operation, given, told: told["properties"].update(
        more={"type": "string"}
    ),
    "an optional field in a body": lambda operation, given, told: given["properties"].update(
        more={"type": "string"}
    ),
    "a value in a body": lambda operation, given, told: given["properties"]["state"]["enum"].append(
        "paused"
    ),
    "room in a body": lambda operation, given, told: given["properties"]["text"].update(
        maxLength=300
    ),
    "an optional parameter": lambda operation, given, told: operation["parameters"].append(
        {"name": "x", "in": "query", "schema": {}}
    ),
    "a field less required": lambda operation, given, told: given["required"].remove("text"),
    "a status": lambda operation, given, told: operation["responses"].update({"409": {}}),
    "less scopes": lambda operation, given, told: operation.update(security=[{"oauth2": []}]),
    "null in a body": lambda operation, given, told: given["properties"].update(
        text={"anyOf": [{"type": "string"}, {"type": "null"}]}
    ),
}
BREAKS: dict[str, Callable[..., Any]] = {
    "a field out of an answer": lambda operation, given, told: told["properties"].pop("text"),
    "a field that an answer may lack": lambda operation, given, told: told["required"].remove(
        "text"
    ),
    "another type in an answer": lambda operation, given, told: told["properties"].update(
        text={"type": "integer"}
    ),
    "null in an answer": lambda operation, given, told: told["properties"].update(
        text={"anyOf": [{"type": "string"}, {"type": "null"}]}
    ),
    "a value in an answer": lambda operation, given, told: told["properties"]["state"][
        "enum"
    ].append("paused"),
    "a field out of a body": lambda operation, given, told: given["properties"].pop("state"),
    "a field more required": lambda operation, given, told: given["required"].append("state"),
    "a value less in a body": lambda operation, given, told: given["properties"]["state"][
        "enum"
    ].remove("open"),
    "a lower limit": lambda operation, given, told: given["properties"]["text"].update(
        maxLength=100
    ),
    "a limit that was not there": lambda operation, given, told: given["properties"]["text"].update(
        minLength=1
    ),
    "a pattern": lambda operation, given, told: given["properties"]["text"].update(pattern="^a"),
    "null out of a body": lambda operation, given, told: given["properties"].update(
        other={"type": "string"}
    ),
    "a required parameter": lambda operation, given, told: operation["parameters"].append(
        {"name": "x", "in": "query", "required": True, "schema": {}}
    ),
    "a parameter less": lambda operation, given, told: operation["parameters"].clear(),
    "more scopes": lambda operation, given, told: operation.update(
        security=[{"oauth2": ["notes:write", "x"]}]
    ),
    "another status": lambda operation, given, told: operation["responses"].update(
        {"200": operation["responses"].pop("201")}
    ),
    "another type of body": lambda operation, given, told: operation["requestBody"].update(
        content={"text/plain": {}}
    ),
}


@pytest.mark.parametrize("name", ADDITIONS)
def test_an_addition_breaks_nobody(name: str):
    assert change(ADDITIONS[name]) == []


@pytest.mark.parametrize("name", BREAKS)
def test_a_breaking_change_is_found(name: str):
    assert change(BREAKS[name]) != []


def test_an_operation_or_event_that_is_gone_is_found():
    without_path = {**a_contract(), "paths": {}}
    without_event = {**a_contract(), "webhooks": {}}

    assert breaking_changes(a_contract(), without_path) == ["POST /v1/notes is gone"]
    assert breaking_changes(a_contract(), without_event) == ["POST note.written is gone"]
