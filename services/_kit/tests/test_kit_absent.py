"""Null for a member that may be left out means that it was."""

from typing import Annotated

import pytest
from pydantic import Field, ValidationError
from service_kit.words.fields import Input, Patch


class Part(Input):
    name: str
    size: Annotated[int, Field(ge=1)] = 7


class Order(Input):
    ref: str
    parts: list[Part] = Field(default_factory=list)
    note: str | None = None
    kind: str = "usual"


class OrderPatch(Patch):
    kind: str = "usual"


def test_null_is_the_default_at_every_depth():
    order = Order.model_validate_json(
        '{"ref": "A", "parts": [{"name": "nut", "size": null}], "note": null, "kind": null}'
    )

    assert order == Order(ref="A", parts=[Part(name="nut")])
    assert (order.parts[0].size, order.note, order.kind) == (7, None, "usual")
    assert Order.model_validate_json('{"ref": "A", "parts": null}').parts == []


def test_each_body_gets_a_default_of_its_own():
    one, other = (Order.model_validate({"ref": "A", "parts": None}) for _ in range(2))

    assert one.parts is not other.parts


@pytest.mark.parametrize("body", ['{"ref": null}', '{"ref": "A", "parts": [{"name": null}]}'])
def test_null_for_what_is_needed_is_refused(body: str):
    with pytest.raises(ValidationError):
        Order.model_validate_json(body)


def test_null_in_a_patch_is_no_default():
    with pytest.raises(ValidationError):
        OrderPatch.model_validate_json('{"kind": null}')


def test_the_schema_says_so():
    shape = Order.model_json_schema()

    assert {"type": "null"} in shape["properties"]["kind"]["anyOf"]
    assert shape["properties"]["ref"] == {"title": "Ref", "type": "string"}
    assert shape["required"] == ["ref"]
