"""Null in a body that creates or moves means "not given":
every member that may be left out takes it, and the contract says so.
"""

from collections.abc import Iterator
from typing import Any, get_args

from pydantic import BaseModel, TypeAdapter, ValidationError
from service_kit.words.fields import Input, Patch

from tests.contract.rooms import Room, operations, referred


def models_in(annotation: Any, seen: set[type[BaseModel]]) -> Iterator[type[BaseModel]]:
    """The models of a body, and of all that lies in it."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        if annotation in seen:
            return
        seen.add(annotation)
        yield annotation
        for field in annotation.model_fields.values():
            yield from models_in(field.annotation, seen)
    annotation = getattr(annotation, "__value__", annotation)
    for inner in get_args(annotation):
        yield from models_in(inner, seen)


def created_by(room: Room) -> dict[str, type[BaseModel]]:
    """What bodies that create, move or replace are made of."""
    found: set[type[BaseModel]] = set()
    for operation in operations(room.package):
        if operation.method in ("POST", "PUT") and operation.reads_json:
            body = operation.route.body_field
            assert body is not None
            list(models_in(body.field_info.annotation, found))
    return {model.__name__: model for model in found if issubclass(model, Input)}


def refuses_null(model: type[BaseModel], name: str) -> bool:
    """Whether null for this member is what is wrong with a body that holds it alone."""
    try:
        TypeAdapter(model).validate_python({name: None})
    except ValidationError as error:
        return any(each["loc"][:1] == (name,) for each in error.errors())
    return False


def test_a_member_that_may_be_left_out_takes_null(room: Room):
    models = created_by(room)
    assert models

    wrong = [
        f"{name}.{member}"
        for name, model in models.items()
        if not issubclass(model, Patch)
        for member, field in model.model_fields.items()
        if not field.is_required() and refuses_null(model, field.alias or member)
    ]

    assert wrong == []


def test_the_contract_says_where_null_is_taken(room: Room):
    wrong = []
    for operation in operations(room.package):
        if operation.method not in ("POST", "PUT") or not operation.reads_json:
            continue
        content = next(iter(operation.described["requestBody"]["content"].values()))
        shape = referred(content["schema"], operation.document)
        for member, told in shape.get("properties", {}).items():
            takes = takes_null(told, operation.document)
            if member not in shape.get("required", ()) and not takes:
                wrong.append(f"{operation}: {member}")

    assert wrong == []


def takes_null(told: Any, document: Any) -> bool:
    told = referred(told, document)
    kinds = told.get("type", [])
    if kinds == "null" or "null" in kinds:
        return True
    if not {"type", "enum", "const", "anyOf", "oneOf", "allOf"} & told.keys():
        return True
    return any(takes_null(each, document) for each in told.get("anyOf", told.get("oneOf", ())))


def test_what_changes_by_a_merge_patch_is_a_patch(room: Room):
    """Else null would be "not given" where it says "remove"."""
    changing = [operation for operation in operations(room.package) if operation.method == "PATCH"]
    wrong = [
        str(operation)
        for operation in changing
        if operation.route.body_field is None
        or not issubclass(operation.route.body_field.field_info.annotation, Patch)
    ]

    assert wrong == []
